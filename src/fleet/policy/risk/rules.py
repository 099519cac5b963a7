"""What raises a change's risk whatever the figures say: files that much hangs on, tests that go, what nobody
can read. Their points are set by judgement: defects in such files are rare in any history, and dear.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from fleet.model.touched import Touched
from fleet.policy.guarded import guarded
from fleet.policy.risk.paths import (
    is_auth,
    is_dependencies,
    is_infrastructure,
    is_lock,
    is_migration,
    is_test,
)

_LINK, _SUBMODULE = "120000", "160000"


class Factor(NamedTuple):
    """One reason for the score, with its points; below zero, a reason for less."""

    name: str
    points: float
    reason: str


_SENSITIVE: tuple[tuple[str, float, Callable[[str], object], str], ...] = (
    ("authentication", 10, is_auth, "who may do what, or secrets"),
    ("migration", 10, is_migration, "what a database looks like"),
    ("infrastructure", 5, is_infrastructure, "how it is built, run or deployed"),
)


class Floor(NamedTuple):
    """What no change scores less with, and its name and reason; it adds `points` at the very least."""

    name: str
    score: float
    points: float
    reason: str


def floors(files: Sequence[Touched], *, secrets: int = 0) -> list[Floor]:
    """The floors under the score of a change. `secrets` is how many were found in what it adds."""
    found = []
    if secrets:
        found.append(Floor("secrets", 80, 20, f"{secrets} found in what it adds"))
    hit = next((file for file in files if guarded(file.path)), None)
    if hit is not None:
        found.append(Floor("rules", 60, 5, f"{hit.path} is {guarded(hit.path)}"))
    return found


def ruled(files: Sequence[Touched]) -> list[Factor]:
    """The factors of these rules that apply."""
    found = [_dependencies(files), _tests_removed(files), _unreadable(files)]
    for name, points, is_one, what in _SENSITIVE:
        hit = next((file.path for file in files if is_one(file.path) and not is_test(file.path)), "")
        found.append(Factor(name, points if hit else 0, f"{hit} says {what}"))
    return [factor for factor in found if factor.points]


def _dependencies(files: Sequence[Touched]) -> Factor:
    said = next((file.path for file in files if is_dependencies(file.path)), "")
    locked = next((file.path for file in files if is_lock(file.path)), "")
    if locked and not said:
        return Factor("dependencies", 8, f"{locked} changes and nothing that it follows from")
    return Factor("dependencies", 5 if said else 0, f"{said} says what the code depends on")


def _tests_removed(files: Sequence[Touched]) -> Factor:
    tests = [file for file in files if is_test(file.path)]
    gone = [file.path for file in tests if file.status == "D"]
    if gone:
        return Factor("tests removed", 15, f"{gone[0]} was deleted")
    fewer = max(0, sum(file.deleted - file.added for file in tests))
    return Factor("tests removed", min(10, fewer / 5), f"{fewer} lines of tests fewer")


def _unreadable(files: Sequence[Touched]) -> Factor:
    odd = next((file for file in files if file.mode in (_LINK, _SUBMODULE)), None)
    if odd is not None:
        what = "a link" if odd.mode == _LINK else "another repository"
        return Factor("unreadable", 15, f"{odd.path} is {what}")
    binary = next((file for file in files if file.binary), None)
    return Factor(
        "unreadable", 5 if binary else 0, f"{binary.path if binary else ''} can't be read in a diff"
    )
