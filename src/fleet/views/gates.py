"""Actions that their gates hold back, and the gates beside the merge that a change passes, in words."""

from __future__ import annotations

from typing import Any

from fleet.model.fleet import Fleet
from fleet.model.state import Change, Passage, State
from fleet.policy.other_gates import other_gates
from fleet.policy.passage import as_it_is_now


def held_back(passage: Passage) -> str:
    """What an action waits for that its gate holds back: `release: window: it is open …`."""
    missing = (f"{each['name']}: {each['reason']}" for each in passage.lines if not each["met"])
    return f"{' and '.join(passage.kinds)} waits: {'; '.join(missing)}"


def who_can(passage: Passage) -> str:
    """Who can meet what is missing."""
    return "; ".join(str(each["who"]) for each in passage.lines if not each["met"] and each["who"])


def gates_beside(fleet: Fleet, state: State, change: Change) -> list[dict[str, Any]]:
    """Each gate beside the merge that the change passes: its `kind`, `standing` (passed, open, held or ahead)
    and `lines`, as they stand where it is not passed. What is ahead is read as it would be now.
    """
    return [
        each
        | ({"lines": as_it_is_now(fleet, state, change, each["kind"])} if each["standing"] == "ahead" else {})
        for each in other_gates(fleet, state, change)
    ]
