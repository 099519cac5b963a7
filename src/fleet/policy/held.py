"""Calls of tools that wait for a person: the question, and the answer."""

from __future__ import annotations

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import Approval, HeldCall, State
from fleet.policy.fact import fact


def calls_to_ask(fleet: Fleet, state: State) -> list[Event]:
    """The question for the first call that waits and that nobody was asked about."""
    del fleet
    for held in state.held.values():
        run = state.runs.get(held.run)
        if held.approval or run is None or not run.live:
            continue
        data = {
            "approval": f"a{state.approval_number + 1}",
            "kind": "permission",
            "why": f"{run.agent} wants {held.tool}: {held.about}",
            "change": run.change,
            "head": "",
            "instance": run.instance,
            "job": run.job,
            "run": run.id,
            "call": held.call,
        }
        waits = {
            "run": run.id,
            "kind": "permission",
            "reason": f"{held.tool}: {held.about}",
            "at": state.now,
            "until": held.until,
        }
        return [
            fact(events.APPROVAL_ASKED, data, cause=held.cause, story=run.instance),
            fact(events.RUN_WAITS, waits, cause=held.cause, story=run.instance),
        ]
    return []


def is_held(state: State, approval: Approval) -> bool:
    """Whether the call that this approval is about still waits."""
    run = state.runs.get(approval.run)
    held = any(each.approval == approval.id for each in state.held.values())
    return held and run is not None and run.live


def answer_to(state: State, held: HeldCall) -> tuple[str, str]:
    """What a person answered (`given`, `refused`, "" for nothing yet), and who and why."""
    approval = state.approvals.get(held.approval)
    if approval is None or not approval.answer:
        return "", ""
    return approval.answer, f"{approval.by}: {approval.note}" if approval.note else approval.by
