"""The merge gate: what it asks for, what of it is met, and who can meet the rest.

A gate speaks of one commit. Reviews, checks and approvals of another head of the same change do not count.
"""

from __future__ import annotations

from typing import Any

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import Change, State
from fleet.policy.ask import asked_for, for_merge
from fleet.policy.fact import fact
from fleet.policy.guard import protection
from fleet.policy.land import landing
from fleet.policy.leak import pushed_secrets
from fleet.policy.lines import read_lines
from fleet.policy.requirements.guarded_files import guarded_files
from fleet.policy.suspect import quarantine


def requirements(fleet: Fleet, state: State, change: Change) -> list[dict[str, Any]]:
    """Each requirement of the merge gate for the change's head, what Fleet itself asks, and what its forge
    asks: `name`, `met`, `reason` and `who` can meet it.
    """
    asked = read_lines(fleet, state, change, fleet.merge_gate)
    own = [*guarded_files(change), *pushed_secrets(change), *quarantine(state, change)]
    return [*asked, *own, *protection(state, change)]


def gates_to_evaluate(fleet: Fleet, state: State) -> list[Event]:
    """The gate of every change that is to be merged, whenever it reads differently than before."""
    decided = []
    for _, _, change in landing(state):
        found = requirements(fleet, state, change)
        if found != change.gate:
            missing = [each["name"] for each in found if not each["met"]]
            data = {
                "change": change.id,
                "head": change.head,
                "requirements": found,
                "open": not missing,
                "reason": f"missing: {', '.join(missing)}" if missing else "every requirement is met",
            }
            decided.append(fact(events.GATE_EVALUATED, data, cause=change.cause, story=change.instance))
    return decided


def approvals_to_ask(fleet: Fleet, state: State) -> list[Event]:
    """A person is asked for a head when nothing but a person's word is missing; and once more when that did
    not do, since somebody else has to say it too or it has lapsed.
    """
    del fleet
    decided: list[Event] = []
    number = state.approval_number
    for _, _, change in landing(state):
        missing = [each for each in change.gate if not each["met"]]
        if not missing or not all(each.get("ask") for each in missing):
            continue
        last = asked_for(state, kind="merge", change=change.id, head=change.head)
        if last is None or (last.handled and last.answer != "refused"):
            number += 1
            why = "; ".join(dict.fromkeys(str(each["reason"]) for each in missing))
            decided.append(for_merge(change, why, number=number))
    return decided
