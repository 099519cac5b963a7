"""What time does to a question and to a gate: people are reminded, others are told, approvals lapse, windows
open and close.
"""

from __future__ import annotations

from collections.abc import Iterator

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Fleet, Requirement
from fleet.model.gates import CODEOWNERS
from fleet.model.state import Approval, Change, State
from fleet.policy.fact import fact
from fleet.policy.land import landing
from fleet.policy.requirements.owners import people_of
from fleet.policy.requirements.people import approving
from fleet.policy.times import next_turn


def approvals_to_remind(fleet: Fleet, state: State) -> list[Event]:
    """Reminders of questions that nobody answers; and once, word of them to those who are told then."""
    decided: list[Event] = []
    for approval, change in _waiting(state):
        for asked in _unmet(fleet, change):
            timing = asked.asking
            late, last = state.now - approval.asked, max(approval.reminded, approval.asked)
            data = {"approval": approval.id, "change": change.id, "head": change.head, "why": approval.why}
            if timing.escalate_ms and late >= timing.escalate_ms and not approval.escalated:
                told = {**data, "to": list(timing.escalate_to), "waited_ms": late}
                decided.append(
                    fact(events.APPROVAL_ESCALATED, told, cause=approval.cause, story=change.instance)
                )
                break
            if timing.remind_ms and state.now - last >= timing.remind_ms:
                told = {**data, "to": _asked(fleet, change, asked), "waited_ms": late}
                decided.append(
                    fact(events.APPROVAL_REMINDED, told, cause=approval.cause, story=change.instance)
                )
                break
    return decided


def gate_times(fleet: Fleet, state: State) -> list[int]:
    """When a gate may read differently, or somebody has to be told, though nothing happens (ms)."""
    found = [
        time
        for _, _, change in landing(state)
        for asked in fleet.merge_gate
        for time in _turns(state, change, asked)
    ]
    for approval, change in _waiting(state):
        for asked in _unmet(fleet, change):
            timing = asked.asking
            if timing.escalate_ms and not approval.escalated:
                found.append(approval.asked + timing.escalate_ms)
            if timing.remind_ms:
                found.append(max(approval.reminded, approval.asked) + timing.remind_ms)
    return found


def _turns(state: State, change: Change, asked: Requirement) -> Iterator[int]:
    if asked.kind == "window":
        yield next_turn(asked.window, state.now)
    if asked.asking.expires_ms:
        ends = (time + asked.asking.expires_ms for time in approving(change).values())
        yield from (time for time in ends if time > state.now)


def _waiting(state: State) -> Iterator[tuple[Approval, Change]]:
    """The questions whether a change may be merged that nobody has answered."""
    for name in state.asked:
        approval = state.approvals[name]
        change = state.changes.get(approval.change)
        if approval.kind == "merge" and not approval.answer and change is not None:
            yield approval, change


def _unmet(fleet: Fleet, change: Change) -> list[Requirement]:
    """The lines of the gate that wait for a person. What was found of a gate begins with its own lines."""
    pairs = zip(fleet.merge_gate, change.gate, strict=False)
    return [line for line, found in pairs if line.kind == found.get("name") == "human" and not found["met"]]


def _asked(fleet: Fleet, change: Change, asked: Requirement) -> list[str]:
    """The logins whose word is asked for; none where anybody's counts."""
    found = [login for login in asked.by if login != CODEOWNERS]
    if CODEOWNERS in asked.by:
        found += [
            login for group in change.inspected.get("owners") or () for login in people_of(fleet, group)
        ]
    return list(dict.fromkeys(found))
