"""What a person does on a screen, as the events that it becomes: those that the verbs append.

Each takes the state and says what to append for exactly that state, or raises `FleetError`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fleet.model import events
from fleet.model.errors import FleetError, UsageError
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.proposal import OWN
from fleet.model.state import Approval, HeldCall, Item, Run, State
from fleet.policy.folds.byhand import took_over
from fleet.policy.suspect import is_at_work
from fleet.policy.taken import may_not_take
from fleet.views.waiting import answered, asked

_LABEL = 64  # characters


def approved(state: State, actor: str, approval: str, note: str = "") -> list[Event]:
    """It goes on; a question is answered by the note."""
    found = _waiting(state, approval)
    if found.kind == "suspect" and not note.strip():
        do = f'Say why it is released: fleet approve {found.id} --note "…"'
        raise UsageError(f"{found.id} needs a reason", why=found.why, do=do)
    return [_go_ahead(found, actor, note)]


def _go_ahead(found: Approval, actor: str, note: str) -> Event:
    if found.kind == "question" and not note.strip():
        do = f'Answer it: fleet approve {found.id} --note "…"'
        raise UsageError(f"{found.id} is a question, and your answer is missing", why=found.why, do=do)
    return answer(found, actor, note, given=True)


def taken_as_done(fleet: Fleet, state: State, actor: str, approval: str, note: str) -> list[Event]:
    """A command that did not end well is done all the same, says a person whose word its gate asks for."""
    found = _waiting(state, approval)
    why_not = may_not_take(fleet, state, found, actor, note)
    if not note.strip() and found.kind == "command":
        do = f'Say why: fleet approve {found.id} --as-done -m "…"'
        raise UsageError(f"{found.id} needs a reason", why="it stands in the log beside your name", do=do)
    if why_not:
        do = f"It can be run once more: fleet approve {found.id}" if found.kind == "command" else ""
        raise FleetError(f"{found.id} can't be taken as done", why=why_not, do=do)
    given = answer(found, actor, note, given=True)
    return [replace(given, data={**given.data, "as_done": True})]


def always(state: State, actor: str, approval: str, note: str = "") -> list[Event]:
    """The call goes on, and a pull request is to let its agent do so without asking from then on. See
    `fleet.surfaces.always` for what a person is shown before.
    """
    found = _waiting(state, approval)
    held = call_of(state, found)
    run = _run(state, held.run)
    same = (
        each
        for each in state.proposals.values()
        if (each.agent, each.where, each.rules) == (run.agent, held.where, held.offer)
        and not each.refused
        and (not each.change or state.changes[each.change].open)
    )
    before = next(same, None)
    if before is not None:
        where = f"in pull request {before.change}" if before.change else f"by your answer to {before.id}"
        do = f"Allow it this once: fleet approve {found.id}"
        raise FleetError("This rule is on its way already", why=f"it was asked for {where}", do=do)
    data = {
        "proposal": found.id,
        "approval": found.id,
        "agent": run.agent,
        "where": held.where,
        "rules": list(held.offer),
        "run": run.id,
        "actor": actor,
    }
    proposed = _deed(events.RULES_PROPOSED, data, actor, f"approval/{found.id}", found.cause)
    return [answer(found, actor, note, given=True), proposed]


def call_of(state: State, approval: Approval) -> HeldCall:
    """The call that this approval is about, with rules that would allow it for good. Raises `FleetError`
    where there are none.
    """
    held = next((each for each in state.held.values() if each.approval == approval.id), None)
    once = f"Allow it this once: fleet approve {approval.id}"
    if approval.kind != "permission" or held is None:
        why = f"it asks about {approval.kind}, not about a call of a tool"
        raise UsageError(f"{approval.id} can't be answered with always", why=why, do=once)
    if not held.offer or any("[secret:" in each for each in held.offer):
        why = "no rule would allow just this call"
        raise FleetError(f"{approval.id} can't be answered with always", why=why, do=once)
    return held


def offered(state: State, approval: Approval) -> HeldCall | None:
    """The call that this approval is about, where "always" is an answer to it."""
    try:
        return call_of(state, approval) if not approval.answer else None
    except FleetError:
        return None


def refused(state: State, actor: str, approval: str, note: str, *, send_back: bool = False) -> list[Event]:
    """It does not go on; with `send_back` the author of its change takes it up again."""
    found = _waiting(state, approval)
    change = state.changes.get(found.change)
    if send_back and change is not None and change.author == OWN:
        do = f'Refuse it: fleet reject {found.id} -m "…"'
        raise UsageError(f"{found.id} can't be sent back", why="Fleet itself made that change", do=do)
    if send_back and found.kind != "merge":
        raise UsageError(
            f"{found.id} can't be sent back",
            why=f"it asks about {found.kind}, and only a merge has an author to go back to",
            do=f'Refuse it, or let it go on with your words: fleet approve {found.id} --note "…"',
        )
    return [answer(found, actor, _given(note, "reason"), given=False, send_back=send_back)]


def said(state: State, actor: str, run: str, text: str) -> list[Event]:
    """Words for a live run; the answer, where it waits with a question."""
    found = _run(state, run)
    words = _given(text, "text")
    question = question_of(state, run)
    if question is not None:
        return [answer(question, actor, words, given=True)]
    if not found.live:
        raise FleetError(f"{found.id} can't hear you", why=_standing(state, found), do=_go_on(state, found))
    data = {"run": found.id, "text": words, "actor": actor}
    return [_deed(events.RUN_SAID, data, actor, f"run/{found.id}", found.cause, found.instance)]


def stopped(state: State, actor: str, run: str, reason: str = "") -> list[Event]:
    """The run is asked to end."""
    found = _run(state, run)
    if not found.live and found.state != "queued":
        raise FleetError(f"{found.id} does not run", why=_standing(state, found), do=_go_on(state, found))
    if found.stop_reason:
        do = f"See: fleet why {found.id}"
        raise FleetError(f"{found.id} is being stopped already", why=found.stop_reason, do=do)
    why = reason.strip() or "no reason was given"
    data = {"run": found.id, "reason": why, "actor": actor, "kind": "person"}
    return [_deed(events.RUN_STOP_ASKED, data, actor, f"run/{found.id}", "", found.instance)]


def taken_over(state: State, actor: str, run: str, program: str) -> list[Event]:
    """A person goes on by hand: a live run is asked to end first, one that waits is taken as it is."""
    found = _run(state, run)
    if not found.live and waiting_with(state, found) is None:
        do = _go_on(state, found)
        raise FleetError(f"There is nothing to take over in {found.id}", why=_standing(state, found), do=do)
    if found.in_hand not in ("", actor):
        do = _go_on(state, found)
        raise FleetError(f"{found.id} is in other hands", why=took_over(found), do=do)
    data = {"run": found.id, "actor": actor, "program": program}
    taken = _deed(events.RUN_TAKEN_OVER, data, actor, f"run/{found.id}", found.cause, found.instance)
    if not found.live or found.stop_reason:
        return [taken]
    asks = {"run": found.id, "reason": f"{actor} takes it over", "actor": actor, "kind": "takeover"}
    return [taken, _deed(events.RUN_STOP_ASKED, asks, actor, f"run/{found.id}", "", found.instance)]


def handed_back(state: State, actor: str, run: str, note: str, left: Mapping[str, Any]) -> list[Event]:
    """The agent goes on in its conversation, knowing what was done. `left`: commits and files, as text."""
    found = _run(state, run)
    waiting = waiting_with(state, found)
    if waiting is None and found.in_hand and found.live:
        what = f"{found.id} can't be handed back yet"
        do = "Try again in a moment; the watcher has to run: fleet watcher start"
        raise FleetError(what, why="the watcher has not told of the end of its session", do=do)
    if waiting is None:
        nobody = f"Nobody took it over; you can: fleet takeover {found.id}"
        do = f"See: fleet why {found.id}" if found.in_hand else nobody if found.live else _go_on(state, found)
        raise FleetError(f"{found.id} can't be handed back", why=_standing(state, found), do=do)
    data = {"run": found.id, "actor": actor, "note": note.strip(), **left}
    back = _deed(events.RUN_HANDED_BACK, data, actor, f"run/{found.id}", waiting.cause, found.instance)
    told = [f"{actor} went on by hand in your workspace and hands it back to you.", note.strip()]
    told += [f"{name}:\n{text}" for name, text in left.items() if text]
    return [back, answer(waiting, actor, "\n\n".join(each for each in told if each), given=True)]


def retried(state: State, actor: str, run: str, note: str = "") -> list[Event]:
    """The job of a run that ended badly tries again."""
    found = _run(state, run)
    why = retry_refused(state, found)
    if why:
        raise FleetError(f"{found.id} is not tried again", why=why, do=_go_on(state, found))
    for each in asked(state):
        if each.instance == found.instance and each.job == found.job and each.kind != "handoff":
            return [_go_ahead(each, actor, note)]
    data = {"instance": found.instance, "job": found.job, "actor": actor, "feedback": note.strip()}
    return [_deed(events.JOB_RESUMED, data, actor, f"run/{found.id}", found.cause, found.instance)]


def quarantined(state: State, actor: str, agent: str, reason: str) -> list[Event]:
    """The agent may do nothing more; its runs are stopped."""
    record = state.agents.get(agent)
    if record is not None and record.quarantined:
        raise FleetError(f"{agent} is in quarantine already", why=record.quarantined)
    data = {"agent": agent, "reason": _given(reason, "reason"), "actor": actor}
    return [_deed(events.AGENT_QUARANTINED, data, actor, f"agent/{agent}")]


def change_quarantined(state: State, actor: str, number: int, reason: str) -> list[Event]:
    """Nothing is done about the change, and it is not merged."""
    change = state.changes.get(number)
    if change is None or not is_at_work(state, change):
        why = "nothing is done about it any more" if change else "there is none of that number"
        raise FleetError(f"Pull request {number} can't be quarantined", why=why, do="See: fleet pr list")
    if change.quarantined:
        raise FleetError(f"Pull request {number} is in quarantine already", why=change.quarantined)
    data = {"change": number, "head": change.head, "reason": _given(reason, "reason"), "actor": actor}
    return [_deed(events.CHANGE_QUARANTINED, data, actor, f"change/{number}", change.cause, change.instance)]


def change_released(state: State, actor: str, number: int, reason: str) -> list[Event]:
    """The change may go on, at the head that it has."""
    change = state.changes.get(number)
    if change is None or not change.quarantined:
        held = [str(each.id) for each in state.changes.values() if each.quarantined]
        do = f"In quarantine: {', '.join(held)}." if held else "No pull request is."
        raise FleetError(f"Pull request {number} is not in quarantine", do=do)
    data = {"change": number, "head": change.head, "reason": _given(reason, "reason"), "actor": actor}
    return [_deed(events.CHANGE_RELEASED, data, actor, f"change/{number}", change.cause, change.instance)]


def released(state: State, actor: str, agent: str, reason: str) -> list[Event]:
    """The agent may work again."""
    record = state.agents.get(agent)
    if record is None or not record.quarantined:
        raise FleetError(f"{agent} is not in quarantine")
    data = {"agent": agent, "reason": _given(reason, "reason"), "actor": actor}
    return [_deed(events.AGENT_RELEASED, data, actor, f"agent/{agent}", record.cause)]


def commented(state: State, actor: str, item: int, text: str) -> list[Event]:
    """A comment on an item, which agents read with it."""
    found = _item(state, item)
    data = {"item": found.id, "author": actor, "text": _given(text, "text"), "trusted": True}
    return [_deed(events.ITEM_COMMENTED, data, actor, f"item/{found.id}")]


def labeled(state: State, actor: str, item: int, label: str) -> list[Event]:
    """A label for an item, such as the one that starts work on it."""
    found = _item(state, item)
    name = " ".join(label.split())
    if not name or len(name) > _LABEL:
        raise UsageError("This can't be a label", why=f"it has 1 to {_LABEL} characters")
    data = {"item": found.id, "actor": actor, "label": name, "trusted": True}
    return [_deed(events.ITEM_LABELED, data, actor, f"item/{found.id}")]


def retry_refused(state: State, run: Run) -> str:
    """Why a run can't be tried again; empty where it can."""
    instance = state.instances.get(run.instance)
    record = instance.jobs.get(run.job) if instance is not None else None
    if instance is None or record is None or not record.runs:
        return "its work is not known any more"
    if run.state not in ("ended", "cancelled"):
        return f"it has not ended: it is {run.state}"
    if instance.outcome == "done":
        return f"{instance.id} is done: {instance.reason}"
    change = state.changes.get(instance.change)
    if change is not None and change.ref and not change.open and not change.merged:
        return f"its pull request {change.ref} is closed: open it again there first"
    if run.in_hand:
        return took_over(run)
    if record.runs[-1] != run.id:
        return f"it was tried again already, by {record.runs[-1]}"
    going = _going_on(state, run)
    if going:
        return going
    if run.outcome == "succeeded" or record.state in ("done", "landing"):
        return "it has succeeded"
    return ""


def standing_of(run: Run) -> str:
    """How it stands, as a reason."""
    if run.in_hand:
        return took_over(run)
    return f"it is {(run.outcome or run.state).replace('_', ' ')}" + (" still" if run.live else "")


def _standing(state: State, run: Run) -> str:
    """The same, with what a person has said about it that no watcher has read yet."""
    return _going_on(state, run) or standing_of(run)


def _going_on(state: State, run: Run) -> str:
    """Who has had the job of an ended run go on, where no run of it has begun since; else empty."""
    instance = state.instances.get(run.instance)
    record = instance.jobs.get(run.job) if instance is not None else None
    if instance is None or record is None or run.live or record.runs[-1:] != [run.id]:
        return ""
    given = answered(state, run.instance, run.job)
    if given is not None:
        return f"{given.by} has {'answered' if given.answer == 'given' else 'refused'} {given.id} already"
    resumed = record.state == "waiting" and not instance.outcome and run.state == "ended"
    return "its job goes on already" if resumed else ""


def _go_on(state: State, run: Run) -> str:
    """What to do about a run that has ended: to speak to the one that came after it, or to have one."""
    if run.in_hand:
        return f"Let them hand it back, or do it for them: fleet handback {run.id}"
    if _going_on(state, run):
        return "Nothing: the watcher sees to it (fleet watcher status)"
    record = state.instances[run.instance].jobs.get(run.job) if run.instance in state.instances else None
    later = record.runs[-1] if record is not None and record.runs else run.id
    if later != run.id:
        return f"{later} went on with its work: fleet runs {later}"
    if run.state == "ended" and not retry_refused(state, run):
        return f"Try it again: fleet retry {run.id}"
    return f"See: fleet why {run.id}"


def question_of(state: State, run: str) -> Approval | None:
    """The question that a run waits with."""
    return next((each for each in asked(state) if each.kind == "question" and each.run == run), None)


def waiting_with(state: State, run: Run) -> Approval | None:
    """What the job of an ended run waits for a person with, if this run was its last."""
    instance = state.instances.get(run.instance)
    record = instance.jobs.get(run.job) if instance is not None else None
    if record is None or record.state != "stuck" or record.runs[-1] != run.id:
        return None
    mine = (each for each in asked(state) if each.instance == run.instance and each.job == run.job)
    return next(mine, None)


def answer(approval: Approval, actor: str, note: str, *, given: bool, send_back: bool = False) -> Event:
    """The approval given, or refused; with `send_back` its change goes back to its author."""
    data: dict[str, Any] = {"approval": approval.id, "actor": actor, "note": note.strip()}
    if not given:
        data["send_back"] = send_back
    kind = events.APPROVAL_GIVEN if given else events.APPROVAL_REFUSED
    return _deed(kind, data, actor, f"approval/{approval.id}", approval.cause, approval.instance)


def _waiting(state: State, name: str) -> Approval:
    found = state.approvals.get(name)
    if found is None:
        raise FleetError(f"There is no approval {name!r}")
    if found.answer:
        how = f": {found.note}" if found.note else ""
        why = f"{found.by} {'approved' if found.answer == 'given' else 'refused'} it{how}"
        raise FleetError(f"{found.id} was answered already", why=why, do=f"See: fleet why {found.id}")
    if found.handled:
        raise FleetError(f"{found.id} does not wait any more", why="what it asked about has changed")
    return found


def _run(state: State, name: str) -> Run:
    if name not in state.runs:
        raise FleetError(f"There is no run {name!r}")
    return state.runs[name]


def _item(state: State, number: int) -> Item:
    if number not in state.items:
        raise FleetError(f"There is no issue {number}")
    return state.items[number]


def _given(text: str, name: str) -> str:
    if not text.strip():
        raise UsageError(f"Your {name} is missing")
    return text.strip()


def _deed(
    kind: str, data: dict[str, Any], actor: str, subject: str, cause: str = "", story: str = ""
) -> Event:
    return Event(
        type=kind, data=data, subject=subject, source=actor, causation_id=cause, correlation_id=story
    )
