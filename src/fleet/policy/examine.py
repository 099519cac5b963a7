"""Looking at a change before anyone decides: the operator's checks on the merge result, and its risk."""

from __future__ import annotations

from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import Change, State
from fleet.policy.fact import wish
from fleet.policy.land import landing


def changes_to_check(fleet: Fleet, state: State) -> list[Event]:
    """Checks for every new head; and again, on the base as it is now, for a change that is about to be
    merged.
    """
    if not fleet.checks:
        return []
    about_to_land = {change.id for _, _, change in landing(state)}
    decided = []
    for change in examined(state):
        checked, base = change.checks, state.base_of(change.repo)
        stale = change.id in about_to_land and checked.get("base") != base
        if not checked or stale:
            args = {"change": change.id, "head": change.head, "base": base}
            key = f"{change.id}/{change.head}/{base}"
            if f"check/{key}" not in state.wishes:
                decided.append(wish("check", key, args, cause=change.cause, story=change.instance))
    return decided


def changes_to_assess(fleet: Fleet, state: State) -> list[Event]:
    """A risk score for every new head."""
    del fleet
    return [
        wish(
            "assess",
            key,
            {"change": change.id, "head": change.head},
            cause=change.cause,
            story=change.instance,
        )
        for change in examined(state)
        if not change.risk and f"assess/{(key := f'{change.id}/{change.head}')}" not in state.wishes
    ]


def examined(state: State) -> list[Change]:
    """The open changes of instances that are at work, or (of a task by hand) were just opened."""
    found = []
    for name in state.active:
        change = state.changes.get(state.instances[name].change)
        if change is not None and change.open:
            found.append(change)
    return found
