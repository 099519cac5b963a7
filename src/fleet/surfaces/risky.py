"""What makes one file of a change risky, as far as its path and its size tell."""

from __future__ import annotations

from fleet.policy.risk import Touched, assess
from fleet.ports.repository import FileChange

_OF_THE_WHOLE = ("size", "untested", "spread")
"""What is true of a change, and says nothing of one of its files."""


def risk_of(each: FileChange) -> tuple[int, tuple[str, ...]]:
    """Its score, to put files in order, and the reasons that are its own."""
    found = assess([Touched(each.path, each.added, each.deleted, each.binary, each.status, each.mode)])
    reasons = (str(one["reason"]) for one in found["factors"] if one["name"] not in _OF_THE_WHOLE)
    return int(found["score"]), tuple(reasons)
