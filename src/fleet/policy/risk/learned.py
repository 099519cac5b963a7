"""The part of the score that was learned from data: figures and weights, summed up by what they are about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from fleet.model.touched import NOTHING_KNOWN, Past, Touched
from fleet.policy.risk.features import GROUPS, features
from fleet.policy.risk.paths import is_code
from fleet.policy.risk.rules import Factor
from fleet.policy.risk.weights import WEIGHTS

_DAY_MS = 86_400_000
_OF_HISTORY = ("history", "author")


def learned(files: Sequence[Touched], past: Past | None, *, fix: bool) -> list[Factor]:
    """One factor for each group of figures, below zero where they speak for the change. Without a `past`
    nothing is said of history and author.
    """
    if not files:
        return []
    found = features(files, past or NOTHING_KNOWN, fix=fix)
    return [
        Factor(group, points, _REASONS[group](files, past or NOTHING_KNOWN, found))
        for group, points in grouped(found).items()
        if past is not None or group not in _OF_HISTORY
    ]


def grouped(found: Mapping[str, float]) -> dict[str, float]:
    """The points of each group of features; zero is what the least risky changes have."""
    points = dict.fromkeys(GROUPS.values(), 0.0)
    for name, weight, low in WEIGHTS:
        points[GROUPS[name]] += weight * (found[name] - low)
    return points


def _size(files: Sequence[Touched], past: Past, found: Mapping[str, float]) -> str:
    del past, found
    code = [file for file in files if is_code(file.path)]
    changed = sum(file.added + file.deleted for file in files)
    reason = f"{changed} lines changed, {sum(file.added + file.deleted for file in code)} of them code"
    long = sum(file.lines for file in code) // len(code) if code else 0
    return f"{reason} (in files of {_count(long, 'line')})" if code else reason


def _spread(files: Sequence[Touched], past: Past, found: Mapping[str, float]) -> str:
    del past
    folders = len({file.path.rpartition("/")[0] for file in files})
    return f"{_count(len(files), 'file')} in {_count(folders, 'folder')} (entropy {found['entropy']:.2f})"


def _history(files: Sequence[Touched], past: Past, found: Mapping[str, float]) -> str:
    del found
    busiest = max(files, key=lambda file: (file.fixes, file.commits))
    if not busiest.commits:
        return "its files are new"
    people = _count(past.developers, "person", "people")
    days = past.age_ms // _DAY_MS
    mended = f"{busiest.path} was mended {busiest.fixes} times in {busiest.commits} commits"
    return f"{mended}; {people} touched these files, {_count(days, 'day')} ago on average"


def _author(files: Sequence[Touched], past: Past, found: Mapping[str, float]) -> str:
    del files, found
    if not past.experience:
        return "its author has no commit here yet"
    return f"its author has {_count(past.experience, 'commit')} here, {past.nearby} in these folders"


def _purpose(files: Sequence[Touched], past: Past, found: Mapping[str, float]) -> str:
    del files, past
    return "it mends a defect" if found["fix"] else "it does not mend a defect"


def _untested(files: Sequence[Touched], past: Past, found: Mapping[str, float]) -> str:
    del past
    added = sum(file.added for file in files if is_code(file.path))
    return f"{added} lines of code added and no test" if found["no_tests"] else "tests go with the code"


_REASONS: Mapping[str, Callable[[Sequence[Touched], Past, Mapping[str, float]], str]] = {
    "size": _size,
    "spread": _spread,
    "history": _history,
    "author": _author,
    "purpose": _purpose,
    "untested": _untested,
}


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def weighed(files: Sequence[Touched], past: Past, *, fix: bool) -> list[dict[str, object]]:
    """Every figure with its value, what the least risky changes have, and its points: most points first."""
    found = features(files, past, fix=fix)
    rows: list[dict[str, object]] = [
        {
            "feature": name,
            "factor": GROUPS[name],
            "value": round(found[name], 2),
            "least": low,
            "points": round(weight * (found[name] - low), 1),
        }
        for name, weight, low in sorted(WEIGHTS, key=lambda row: -row[1] * (found[row[0]] - row[2]))
    ]
    return rows
