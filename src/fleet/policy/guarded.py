"""The files that rule the fleet, its reviews and its checks: whoever may change them unseen has no gate.

A change to one of them needs a person's word, whatever the gates in fleet.yaml say. Names count as the most
forgiving file system reads them: on some neither case nor the way a letter is written matters, nor signs that
nobody sees, nor dots and spaces at the end.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from posixpath import dirname, join, normpath
from typing import Any

RULES_THE_FLEET, _OWNERS = "what rules the fleet", "who owns which files"
_CI, _AGENTS = "CI configuration", "what agents are told"

_GUARDED: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"(?is)(^|/)({pattern})\Z"), what)
    for pattern, what in (
        (r"fleet\.ya?ml|\.fleet(/.*)?", RULES_THE_FLEET),
        (r"CODEOWNERS", _OWNERS),
        (r"\.github|\.github/(workflows|actions|scripts)(/.*)?", _CI),
        (r"\.github/(?!(issue|pull_request|discussion)_template|funding)[^/]+\.(ya?ml|json5?|toml)", _CI),
        (r"\.(gitlab|forgejo|gitea)(/.*)?|[^/]*\.gitlab-ci\.ya?ml", _CI),
        (r"\.(circleci|ci|buildkite|woodpecker|semaphore|teamcity|drone|concourse)(/.*)?", _CI),
        (r"\.(tekton|dagger|jenkins|harness|builds|buildbot|pipelines|husky)(/.*)?|zuul\.d(/.*)?", _CI),
        (r"\.?(mergify|bitrise|codemagic|wercker|lefthook|zuul|evergreen|screwdriver|vsts-ci)\.ya?ml", _CI),
        (r"Earthfile|dagger\.json|bors\.toml|\.pre-commit-config\.ya?ml|\.build\.ya?ml", _CI),
        (r"\.drone\.(star|jsonnet)|\.cirrus\.star", _CI),
        (r"(\.(travis|drone|cirrus|woodpecker|appveyor)|appveyor)\.ya?ml", _CI),
        (r"(azure|bitbucket)-pipelines[^/]*\.ya?ml|cloudbuild\.(ya?ml|json)|buildspec[^/]*\.ya?ml", _CI),
        (r"Jenkinsfile[^/]*|[^/]*\.jenkinsfile|\.azure-pipelines(/.*)?", _CI),
        (r"\.(claude|codex|gemini|opencode|copilot|agents|cursor|windsurf)(/.*)?", _AGENTS),
        (r"\.(continue|roo|kiro|junie|amazonq|qwen|augment|factory|claude-plugin)(/.*)?", _AGENTS),
        (r"(CLAUDE|CLAUDE\.local|AGENTS?|AGENTS\.override|GEMINI|QWEN|CRUSH|WARP)\.md", _AGENTS),
        (r"\.goosehints|\.aider\.conf\.ya?ml|\.vscode/mcp\.json|\.?crush\.json", _AGENTS),
        (r"\.mcp\.json|opencode\.jsonc?|\.(cursor|windsurf|cline)rules(/.*)?", _AGENTS),
        (r"\.github/copilot-instructions\.md", _AGENTS),
        (r"\.github/(instructions|agents|prompts|chatmodes|skills|hooks|copilot)(/.*)?", _AGENTS),
    )
)


def guarded(path: str, *, also: Collection[str] = ()) -> str:
    """What the file is for, where it is guarded; "" where it is not. `also`: templates that fleet.yaml names
    by their path, and what guarded links lead to: files, or folders with all that is in them.
    """
    read = _as_read(path)
    for each in also:
        named = _as_read(normpath(each))
        if read == named or read.startswith(f"{named}/"):
            return _AGENTS
    return next((what for pattern, what in _GUARDED if pattern.search(read)), "")


# Code points that HFS+ leaves out when it compares names.
_UNSEEN = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")


def _as_read(path: str) -> str:
    """The name as the most forgiving of the file systems takes it, Windows' with its streams among them."""
    if not path.isascii():
        path = unicodedata.normalize("NFKC", _UNSEEN.sub("", path)).casefold()
    parts = path.casefold().replace("\\", "/").split("/")
    return "/".join(part.partition(":")[0].rstrip(". ") for part in parts)


LINKS = ("fleet.yaml", ".claude", "CLAUDE.md", "AGENTS.md", "GEMINI.md", ".github/copilot-instructions.md")
"""Names that are often links to where the text lies."""


def leads_to(path: str, text: str) -> str:
    """Where the link of this name leads to in the repository, by what it says; "" where it leads elsewhere. A
    file that says no more than a path counts as a link: Windows' git writes links so.
    """
    target = text.strip()
    if not target or "\n" in target or target.startswith("/"):
        return ""
    place = normpath(join(dirname(path), target))
    return "" if place in (".", "..") or place.startswith("../") else place


HIGH = 80
"""The least risk of a change that touches such a file, of 100."""


def raised(risk: Mapping[str, Any], touched: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The risk of a change, which is high where it touches guarded files, and says so."""
    score = int(risk.get("score", 0))
    if not touched or score >= HIGH:
        return dict(risk)
    reason = f"{touched[0].get('path')}: {touched[0].get('what')}"
    factor = {"name": "guarded files", "points": HIGH - score, "reason": reason}
    factors = sorted([factor, *risk.get("factors", ())], key=lambda each: -int(each.get("points", 0)))
    return {**risk, "score": HIGH, "factors": factors}
