"""What happens in `fleet demo`, in words that go by agents and issues rather than by ids."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fleet.model import events
from fleet.model.event import Event
from fleet.model.state import Run, State
from fleet.model.text import clean
from fleet.views.events import headline


class Said(NamedTuple):
    """A line, and how it is coloured (a style of Rich)."""

    text: str
    style: str = ""


def said(event: Event, state: State) -> Said | None:
    """The line for an event, by the state after it; None where it is not worth one."""
    own = _OWN.get(event.type)
    if own is not None:
        return own(event, state)
    text = headline(event)
    return Said(text, _STYLES.get(event.type, "")) if text else None


def _admitted(event: Event, state: State) -> Said | None:
    run = _run(event, state)
    round_ = f", round {run.round}" if run.round > 1 else ""
    return Said(f"{run.agent} takes on #{run.item}: {run.job}{round_}")


def _reported(event: Event, state: State) -> Said | None:
    run, verdict = _run(event, state), event.data.get("verdict")
    text = clean(str(event.data.get("text", "")))
    if verdict == "request-changes":
        return Said(f"{run.agent} asks for changes in #{run.item}: {text}", "yellow")
    does = {"approve": "approves", "ask": "asks about"}.get(str(verdict), "is done with")
    return Said(f"{run.agent} {does} #{run.item}: {text}")


def _ended(event: Event, state: State) -> Said | None:
    run = _run(event, state)
    if run.outcome == "succeeded":
        return None
    how = "was stopped" if run.outcome in ("timed_out", "over_budget", "stopped") else "failed"
    return Said(f"{run.agent} {how} on #{run.item}: {clean(run.reason)}", "red")


def _opened(event: Event, state: State) -> Said | None:
    del state
    return Said(f"pull request {event.data.get('change')} is open, for #{event.data.get('item')}", "cyan")


def _sent_back(event: Event, state: State) -> Said | None:
    item = state.instances[str(event.data.get("instance"))].item
    return Said(f"#{item} goes back to its author, round {event.data.get('round')}", "yellow")


def _checked(event: Event, state: State) -> Said | None:
    change = state.changes[int(event.data.get("change", 0))]
    if event.data.get("ok"):
        return Said(f"the checks pass on the merge of pull request {change.id}")
    return Said(f"the checks fail on the merge of pull request {change.id}", "red")


def _asked(event: Event, state: State) -> Said | None:
    approval = state.approvals[str(event.data.get("approval"))]
    about = f"pull request {approval.change}" if approval.change else approval.run or approval.job
    return Said(f"{approval.id} waits for a person ({about}): {clean(approval.why)}", "yellow")


def _finished(event: Event, state: State) -> Said | None:
    instance = state.instances[str(event.data.get("instance"))]
    if instance.outcome == "done":
        return None
    return Said(f"#{instance.item} ends, {instance.outcome}: {clean(instance.reason)}", "yellow")


def _nothing(event: Event, state: State) -> Said | None:
    del event, state
    return None


def _run(event: Event, state: State) -> Run:
    return state.runs[str(event.data.get("run"))]


_STYLES = {events.CHANGE_MERGED: "green", events.APPROVAL_GIVEN: "green", events.APPROVAL_REFUSED: "yellow"}
_OWN: dict[str, Callable[[Event, State], Said | None]] = {
    events.RUN_ADMITTED: _admitted,
    events.RUN_REPORTED: _reported,
    events.RUN_ENDED: _ended,
    events.CHANGE_OPENED: _opened,
    events.JOB_SENT_BACK: _sent_back,
    events.CHANGE_CHECKED: _checked,
    events.APPROVAL_ASKED: _asked,
    events.INSTANCE_FINISHED: _finished,
    events.CHANGE_REVIEWED: _nothing,  # the report of its run has told it
    events.ITEM_CLOSED: _nothing,  # so has the merge
    events.WATCHER_STOPPED: _nothing,
    events.RUN_STOP_ASKED: _nothing,
}
