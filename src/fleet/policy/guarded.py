"""The files that rule the fleet, its reviews and its checks: whoever may change them unseen has no gate.

A change to one of them needs a person's word, whatever the gates in fleet.yaml say. Case does not matter,
since there are file systems on which it does not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

RULES_THE_FLEET, _OWNERS = "what rules the fleet", "who owns which files"
_CI, _AGENTS = "CI configuration", "what agents are told"

_GUARDED: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"(?i)(^|/)({pattern})$"), what)
    for pattern, what in (
        (r"fleet\.ya?ml|\.fleet(/.*)?", RULES_THE_FLEET),
        (r"CODEOWNERS", _OWNERS),
        (r"\.github|\.github/(workflows|actions)(/.*)?", _CI),
        (r"\.(gitlab|forgejo|gitea)(/.*)?|[^/]*\.gitlab-ci\.ya?ml", _CI),
        (r"\.(circleci|ci|buildkite|woodpecker|semaphore|teamcity|drone|concourse)(/.*)?", _CI),
        (r"(\.(travis|drone|cirrus|woodpecker|appveyor)|appveyor)\.ya?ml", _CI),
        (r"(azure|bitbucket)-pipelines[^/]*\.ya?ml|cloudbuild\.(ya?ml|json)|buildspec[^/]*\.ya?ml", _CI),
        (r"Jenkinsfile[^/]*|[^/]*\.jenkinsfile|\.azure-pipelines(/.*)?", _CI),
        (r"\.(claude|codex|gemini|opencode|copilot|agents|cursor|windsurf)(/.*)?", _AGENTS),
        (r"(CLAUDE|CLAUDE\.local|AGENTS|AGENTS\.override|GEMINI|WARP)\.md", _AGENTS),
        (r"\.mcp\.json|opencode\.jsonc?|\.(cursor|windsurf|cline)rules(/.*)?", _AGENTS),
        (r"\.github/(copilot-instructions\.md|instructions(/.*)?|agents(/.*)?|prompts(/.*)?)", _AGENTS),
    )
)


def guarded(path: str, *, also: Collection[str] = ()) -> str:
    """What the file is for, where it is guarded; "" where it is not. `also`: templates that fleet.yaml names
    by their path.
    """
    if path in also:
        return _AGENTS
    return next((what for pattern, what in _GUARDED if pattern.search(path)), "")


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
