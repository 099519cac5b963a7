"""Which files of a change need the word of a certain person: guarded ones, and those that somebody owns."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.gates import CODEOWNERS
from fleet.model.state import Change, State
from fleet.policy.codeowners import ownership, read
from fleet.policy.examine import examined
from fleet.policy.fact import wish
from fleet.policy.guarded import RULES_THE_FLEET, guarded
from fleet.policy.land import landing

_MOST_NAMED = 20


def changes_to_inspect(fleet: Fleet, state: State) -> list[Event]:
    """Wishes to look which files a new head touches; and again, with the owners of the base as it is now, for
    a change that is about to be merged.
    """
    wants_owners = owners_are_asked(fleet)
    about_to_land = {change.id for _, _, change in landing(state)} if wants_owners else set()
    decided = []
    for change in examined(state):
        base = state.base_of(change.repo)
        stale = change.id in about_to_land and not knows_owners(state, change)
        if change.inspected and not stale:
            continue
        key = f"{change.id}/{change.head}/{base}"
        if f"inspect/{key}" not in state.wishes:
            args = {"change": change.id, "head": change.head, "base": base}
            decided.append(wish("inspect", key, args, cause=change.cause, story=change.instance))
    return decided


def owners_are_asked(fleet: Fleet) -> bool:
    """Whether a gate asks for the word of code owners."""
    return any(CODEOWNERS in each.by for each in fleet.merge_gate)


def knows_owners(state: State, change: Change) -> bool:
    """Whether the owners of its files are known, as the base branch names them now."""
    found = change.inspected
    return found.get("owners") is not None and found["base"] == state.base_of(change.repo)


def inspected(paths: Sequence[str], *, codeowners: str | None, also: Collection[str]) -> dict[str, Any]:
    """What is to be known of these files: the guarded ones (bounded), and, where `codeowners` is given (""
    where there is none), their owners.
    """
    found = [{"path": path, "what": what} for path in paths if (what := guarded(path, also=also))]
    found.sort(key=lambda each: each["what"] != RULES_THE_FLEET)  # many others must not crowd these out
    told: dict[str, Any] = {"guarded": found[:_MOST_NAMED]}
    if codeowners is not None:
        told["owners"] = ownership(read(codeowners), paths)
    return told
