"""The gate opens only at certain times of the week."""

from __future__ import annotations

from typing import Any

from fleet.model.fleet import Fleet, Requirement
from fleet.model.state import Change, State
from fleet.policy.requirements.found import met, missing
from fleet.policy.times import is_open, moment, next_opening, words


def window(fleet: Fleet, state: State, change: Change, requirement: Requirement) -> dict[str, Any]:
    """Whether now (the time of the newest event) is such a time, else when the next one begins."""
    del fleet, change
    when = words(requirement.window)
    if is_open(requirement.window, state.now):
        return met("window", f"it is open {when}")
    opens = moment(next_opening(requirement.window, state.now), requirement.window.zone)
    return missing("window", f"it is open {when}; next on {opens}", "time")
