"""What time does to a question and to a gate: people are reminded, others are told, approvals lapse, windows
open and close.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Fleet, Requirement
from fleet.model.gates import CODEOWNERS
from fleet.model.state import Approval, Change, State
from fleet.policy.fact import fact
from fleet.policy.land import landing
from fleet.policy.passage import lines_of
from fleet.policy.requirements.owners import people_of
from fleet.policy.requirements.people import approving
from fleet.policy.times import next_turn


def approvals_to_remind(fleet: Fleet, state: State) -> list[Event]:
    """Reminders of questions that nobody answers; and once, word of them to those who are told then."""
    decided: list[Event] = []
    for approval in _waiting(state):
        change = state.changes.get(approval.change)
        for asked in _unmet(fleet, state, approval):
            timing = asked.asking
            late, last = state.now - approval.asked, max(approval.reminded, approval.asked)
            escalates = bool(timing.escalate_ms) and late >= timing.escalate_ms and not approval.escalated
            if not escalates and not (timing.remind_ms and state.now - last >= timing.remind_ms):
                continue
            data = {
                "approval": approval.id,
                "change": approval.change,
                "head": approval.head,
                "why": approval.why,
                "to": list(timing.escalate_to) if escalates else _asked(fleet, change, asked),
                "waited_ms": late,
            }
            kind = events.APPROVAL_ESCALATED if escalates else events.APPROVAL_REMINDED
            decided.append(fact(kind, data, cause=approval.cause, story=approval.instance))
            break
    return decided


def gate_times(fleet: Fleet, state: State) -> list[int]:
    """When a gate may read differently, or somebody has to be told, though nothing happens (ms)."""
    held = [(fleet.merge_gate, approving(change)) for _, _, change in landing(state)]
    held += [(tuple(lines_of(fleet, each.kinds)), each.approved) for each in state.passages.values()]
    found = [time for lines, words in held for asked in lines for time in _turns(state, asked, words)]
    for approval in _waiting(state):
        for asked in _unmet(fleet, state, approval):
            timing = asked.asking
            if timing.escalate_ms and not approval.escalated:
                found.append(approval.asked + timing.escalate_ms)
            if timing.remind_ms:
                found.append(max(approval.reminded, approval.asked) + timing.remind_ms)
    return found


def _turns(state: State, asked: Requirement, words: Mapping[str, int]) -> Iterator[int]:
    if asked.kind == "window":
        yield next_turn(asked.window, state.now)
    if asked.asking.expires_ms:
        ends = (time + asked.asking.expires_ms for time in words.values())
        yield from (time for time in ends if time > state.now)


def _waiting(state: State) -> list[Approval]:
    """The questions of a gate that nobody has answered."""
    found = (state.approvals[name] for name in state.asked)
    return [each for each in found if each.kind in ("merge", "gate") and not each.answer]


def _unmet(fleet: Fleet, state: State, approval: Approval) -> list[Requirement]:
    """The lines that wait for a person. What was found of a gate begins with its own lines."""
    change, passage = state.changes.get(approval.change), state.passages.get(approval.passage)
    lines: Sequence[Requirement] = fleet.merge_gate
    found = change.gate if change is not None else []
    if approval.kind == "gate":
        lines = lines_of(fleet, passage.kinds) if passage is not None else ()
        found = passage.lines if passage is not None else []
    pairs = zip(lines, found, strict=False)
    return [line for line, each in pairs if line.kind == each.get("name") == "human" and not each["met"]]


def _asked(fleet: Fleet, change: Change | None, asked: Requirement) -> list[str]:
    """The logins whose word is asked for; none where anybody's counts."""
    found = [login for login in asked.by if login != CODEOWNERS]
    if CODEOWNERS in asked.by and change is not None:
        groups = change.inspected.get("owners") or ()
        found += [login for group in groups for login in people_of(fleet, group)]
    return list(dict.fromkeys(found))
