"""A change's risk: 0 to 100, each factor with its points and its reason.

A first score from the diff alone. Size and spread follow what just-in-time defect prediction found to matter
(Kamei et al., "A Large-Scale Empirical Study of Just-in-Time Quality Assurance", 2013): lines added, files
and folders touched, how evenly the change is spread. The points are set by judgement and not yet by data.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_MOST_PATHS = 200

_SENSITIVE: tuple[tuple[str, int, str], ...] = (
    (r"(^|/)(fleet\.yaml|CODEOWNERS|\.claude/)", 40, "rules of the fleet itself"),
    (r"(^|/)\.(github|gitlab|circleci|ci)(/|$)|(^|/)(Jenkinsfile|\.gitlab-ci\.yml)$", 30, "CI configuration"),
    (
        r"(?i)(^|/|_|-)(auth|login|session|passw|secret|crypt|token|permission)",
        20,
        "authentication or secrets",
    ),
    (r"(?i)(^|/)(migrations?|schema)(/|\.)|\.sql$", 20, "database schema"),
    (r"(?i)(^|/)(Dockerfile|docker-compose|terraform|helm|k8s|deploy|Makefile)", 12, "build or deployment"),
    (
        r"(^|/)(package(-lock)?\.json|pnpm-lock\.yaml|yarn\.lock|poetry\.lock|uv\.lock|requirements[^/]*\.txt"
        r"|pyproject\.toml|go\.(mod|sum)|Cargo\.(toml|lock)|Gemfile(\.lock)?)$",
        15,
        "dependencies",
    ),
)
_TEST = re.compile(r"(?i)(^|/)(tests?|spec|__tests__)/|(^|/)test_[^/]*$|[._-](test|spec)\.[a-z]+$")
_CODE = re.compile(r"\.(py|js|ts|tsx|jsx|go|rs|java|kt|rb|php|c|cc|cpp|h|hpp|cs|swift|scala|sh)$")


@dataclass(frozen=True, slots=True)
class Touched:
    """One file of the change. `commits` and `authors` count its latest history on the base branch."""

    path: str
    added: int
    deleted: int
    binary: bool = False
    status: str = "M"
    mode: str = "100644"
    commits: int = 0
    authors: int = 0


def assess(files: Sequence[Touched]) -> dict[str, Any]:
    """The score, its factors (`name`, `points`, `reason`, most points first), and their figures."""
    factors = [factor for rule in _RULES if (factor := rule(files)) is not None]
    factors.sort(key=lambda each: -each["points"])
    return {
        "score": min(100, sum(each["points"] for each in factors)),
        "factors": factors,
        "files": len(files),
        "lines": sum(file.added + file.deleted for file in files),
        "paths": [file.path for file in files[:_MOST_PATHS]],
    }


def _factor(name: str, points: float, reason: str) -> dict[str, Any] | None:
    whole = round(points)
    return {"name": name, "points": whole, "reason": reason} if whole else None


def _size(files: Sequence[Touched]) -> dict[str, Any] | None:
    lines = sum(file.added + file.deleted for file in files)
    return _factor("size", min(25, 4 * math.log2(1 + lines / 20)), f"{lines} lines changed")


def _spread(files: Sequence[Touched]) -> dict[str, Any] | None:
    folders = {file.path.rpartition("/")[0] for file in files}
    total = sum(file.added + file.deleted for file in files)
    shares = [(file.added + file.deleted) / total for file in files if total and file.added + file.deleted]
    entropy = -sum(share * math.log2(share) for share in shares)
    points = min(15, 2 * max(0, len(folders) - 1) + 2 * entropy)
    reason = f"{len(files)} files in {len(folders)} folders (entropy {entropy:.1f})"
    return _factor("spread", points, reason)


def _sensitive(files: Sequence[Touched]) -> dict[str, Any] | None:
    best: tuple[int, str, str] = (0, "", "")
    for pattern, points, what in _SENSITIVE:
        hit = next((file.path for file in files if re.search(pattern, file.path)), "")
        if hit and points > best[0]:
            best = (points, what, hit)
    return _factor("sensitive", best[0], f"{best[2]}: {best[1]}")


def _untested(files: Sequence[Touched]) -> dict[str, Any] | None:
    tests = [file for file in files if _TEST.search(file.path)]
    code = [file for file in files if _CODE.search(file.path) and not _TEST.search(file.path)]
    if not code or any(file.added for file in tests):
        return None
    added = sum(file.added for file in code)
    return _factor("untested", min(15, added / 5), f"{added} lines of code added and no test")


def _weakened_tests(files: Sequence[Touched]) -> dict[str, Any] | None:
    tests = [file for file in files if _TEST.search(file.path)]
    gone = [file for file in tests if file.status == "D"]
    if gone:
        return _factor("tests removed", 25, f"{gone[0].path} was deleted")
    fewer = sum(file.deleted - file.added for file in tests)
    return _factor("tests removed", min(15, max(0, fewer) / 4), f"{fewer} lines of tests fewer")


def _binary(files: Sequence[Touched]) -> dict[str, Any] | None:
    odd = [file for file in files if file.binary or file.mode in ("120000", "160000")]
    return _factor("unreadable", 15 if odd else 0, f"{odd[0].path} can't be read in a diff" if odd else "")


def _busy_files(files: Sequence[Touched]) -> dict[str, Any] | None:
    busiest = max(files, key=lambda file: file.commits, default=None)
    if busiest is None or busiest.commits < 10:
        return None
    reason = f"{busiest.path} was changed {busiest.commits} times by {busiest.authors} people lately"
    return _factor("busy files", min(10, busiest.commits / 10), reason)


_RULES = (_size, _spread, _sensitive, _untested, _weakened_tests, _binary, _busy_files)
