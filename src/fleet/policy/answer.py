"""What follows from a person's answer. An answer for the head of a change counts for that head alone."""

from __future__ import annotations

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import Approval, State
from fleet.policy.fact import fact
from fleet.policy.finish import given_up
from fleet.policy.held import is_held
from fleet.policy.rounds import sent_back
from fleet.policy.suspect import KIND as SUSPECT
from fleet.policy.suspect import is_at_work
from fleet.policy.taken import KIND as COMMAND
from fleet.policy.taken import taken_as_done


def answers_to_apply(fleet: Fleet, state: State) -> list[Event]:
    """The consequences of the first answer that was not yet dealt with: one may make the next one moot."""
    answered = (state.approvals[name] for name in state.asked if state.approvals[name].answer)
    approval = next(answered, None)
    if approval is None:
        return []
    given = approval.answer == "given"
    consequences = _given(fleet, state, approval) if given else _refused(state, approval)
    return [*consequences, _settled(approval, f"{approval.answer} by {approval.by}")]


def approvals_to_lapse(fleet: Fleet, state: State) -> list[Event]:
    """Questions that nobody has to answer any more: their change has a new head or is closed, or the run that
    was to be let go on is not held any more.
    """
    del fleet
    decided: list[Event] = []
    for name in state.asked:
        approval = state.approvals[name]
        change = state.changes.get(approval.change)
        run = state.runs.get(approval.run)
        if approval.kind == "handoff" and not (state.step and run is not None and run.state == "queued"):
            decided.append(_settled(approval, "lapsed: it is not held any more"))
        if approval.kind == "secrets" and (run is None or not run.live):
            decided.append(_settled(approval, "lapsed: the run has ended"))
        if approval.kind == "permission" and not is_held(state, approval):
            decided.append(_settled(approval, "lapsed: the call does not wait any more"))
        if approval.kind == SUSPECT and not (change and is_at_work(state, change) and change.quarantined):
            decided.append(_settled(approval, "lapsed: it is not in quarantine any more"))
        over = state.instances[approval.instance].outcome if approval.instance in state.instances else ""
        if approval.kind == "gate" and (over or approval.passage not in state.passages):
            decided.append(_settled(approval, "lapsed: nothing waits for it any more"))
        if approval.kind == "merge" and change and (change.head != approval.head or not change.open):
            why = "the change has a new commit" if change.open else "the change is closed"
            decided.append(_settled(approval, f"lapsed: {why}", cause=change.cause))
    return decided


def _given(fleet: Fleet, state: State, approval: Approval) -> list[Event]:
    if approval.kind in ("merge", "handoff", "permission", "gate"):
        return []  # the gate, the admission or the call that waits counts it
    if approval.kind == SUSPECT:
        data = {"change": approval.change, "head": approval.head, "reason": approval.note}
        released = {**data, "actor": approval.by}
        return [fact(events.CHANGE_RELEASED, released, cause=approval.cause, story=approval.instance)]
    instance = state.instances[approval.instance]
    if approval.kind == COMMAND and approval.as_done:
        return taken_as_done(fleet, state, instance, approval)
    if approval.kind == "rounds":
        return sent_back(fleet, state, instance, approval.note, cause=approval.cause)
    data = {
        "instance": instance.id,
        "job": approval.job,
        "actor": approval.by,
        "feedback": approval.note,
    }
    return [fact(events.JOB_RESUMED, data, cause=approval.cause, story=instance.id)]


def _refused(state: State, approval: Approval) -> list[Event]:
    change = state.changes.get(approval.change)
    if approval.kind in ("permission", "secrets", SUSPECT):
        return []
    said = f"{approval.by} refused: {approval.note}" if approval.note else f"{approval.by} refused"
    decided: list[Event] = []
    if approval.kind == "merge" and change is not None and approval.send_back:
        data = {
            "change": change.id,
            "head": approval.head,
            "verdict": "request-changes",
            "by": approval.by,
            "text": approval.note,
            "run": "",
        }
        return [fact(events.CHANGE_REVIEWED, data, cause=approval.cause, story=approval.instance)]
    if approval.kind == "handoff":
        data = {"run": approval.run, "reason": said}
        decided.append(fact(events.RUN_CANCELLED, data, cause=approval.cause, story=approval.instance))
    instance = state.instances[approval.instance]
    return [*decided, *given_up(state, instance, said, cause=approval.cause)]


def _settled(approval: Approval, reason: str, *, cause: str = "") -> Event:
    data = {"approval": approval.id, "reason": reason}
    return fact(events.APPROVAL_SETTLED, data, cause=cause or approval.cause, story=approval.instance)
