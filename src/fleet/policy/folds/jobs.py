"""Workflow instances and their jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.model.event import Event
from fleet.model.state import Instance, JobRecord, State
from fleet.policy.folds.acts import forget_acts
from fleet.policy.folds.reading import text, texts, whole


def trigger_routed(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """The rules have looked at an event that might start something."""
    state.pending.pop(text(data, "trigger"), None)
    scheduled = text(data, "scheduled")
    if scheduled:
        state.scheduled[scheduled] = event.time


def instance_started(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """A workflow is at work on an item; all its jobs wait."""
    state.instance_number += 1
    name = text(data, "instance")
    state.instances[name] = Instance(
        id=name,
        workflow=text(data, "workflow"),
        item=whole(data, "item"),
        trigger=text(data, "trigger"),
        started=event.time,
        jobs={job: JobRecord(cause=event.id) for job in texts(data, "jobs")},
        agent=text(data, "agent"),
        depth=whole(data, "depth"),
        cause=event.id,
    )
    state.active[name] = None


def instance_finished(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """It has ended, and so nobody has to answer what it asked."""
    instance = state.instances.get(text(data, "instance"))
    if instance is None:
        return
    instance.outcome = text(data, "outcome")
    instance.reason = text(data, "reason")
    instance.cause = event.id
    state.active.pop(instance.id, None)
    for record in instance.jobs.values():
        for name in record.runs:
            forget_acts(state.runs[name])
            state.runs[name].in_hand = ""
    item = state.items.get(instance.item)
    if item is not None and item.ref:
        state.to_show[item.id] = None
    for name in [name for name in state.asked if state.approvals[name].instance == instance.id]:
        state.approvals[name].handled = True
        if state.approvals[name].run in state.runs:
            state.runs[state.approvals[name].run].awaits = ""
        del state.asked[name]


def find_job(state: State, data: Mapping[str, Any]) -> tuple[Instance, JobRecord] | tuple[None, None]:
    """The instance and the job that the data names, or neither."""
    instance = state.instances.get(text(data, "instance"))
    record = instance.jobs.get(text(data, "job")) if instance else None
    return (instance, record) if instance and record else (None, None)


def job_sent_back(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """A new round: its maker works again, and all that follows starts anew."""
    instance, record = find_job(state, data)
    if instance is None or record is None:
        return
    instance.round = whole(data, "round")
    instance.cause = event.id
    _reset(record, event.id)
    record.feedback = text(data, "text")
    for name in texts(data, "resets"):
        if name in instance.jobs:
            _reset(instance.jobs[name], event.id)
    change = state.changes.get(instance.change)
    if change is not None:
        change.held = {}


def _reset(record: JobRecord, cause: str) -> None:
    record.state = "waiting"
    record.feedback = record.reason = record.kind = record.done_head = ""
    record.failures = record.free = 0
    record.cause = cause


def job_ready(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """Its change may be merged as soon as the gate opens."""
    _, record = find_job(state, data)
    if record is not None:
        record.state = "landing"
        record.done_head = text(data, "head")
        record.cause = event.id


def job_stuck(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """It goes on when a person says so."""
    _, record = find_job(state, data)
    if record is not None:
        record.state = "stuck"
        record.kind = text(data, "kind")
        record.reason = text(data, "reason")
        record.cause = event.id


def job_resumed(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """A person let it try again, also in an instance that was given up. Not what is done or at work: a job
    has one run at a time.
    """
    instance, record = find_job(state, data)
    if instance is None or record is None or record.state == "done":
        return
    if any(name in state.moving for name in record.runs[-1:]):
        return
    feedback = "\n\n".join(text for text in (record.feedback, text(data, "feedback")) if text)
    _reset(record, event.id)
    record.feedback = feedback
    change = state.changes.get(instance.change)
    if change is not None and not change.merged:
        change.held, change.open = {}, True
        change.checks = {} if change.checks.get("error") else change.checks
    if instance.outcome and instance.outcome != "done":  # it was given up, and a person thinks better of it
        instance.outcome = instance.reason = ""
        state.active[instance.id] = None


def order_ended(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """Its command has run, well or not; the next time is another one."""
    _, record = find_job(state, data)
    if record is not None:
        record.ordered += 1
        record.cause = event.id


def order_stop_asked(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """Its command is to end."""
    wish = state.wishes.get(f"order/{text(data, 'instance')}/{text(data, 'job')}")
    if wish is not None:
        wish.stop_reason = text(data, "reason")
        wish.cause = event.id


def job_finished(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """It is done, or its agent asked for changes."""
    _, record = find_job(state, data)
    if record is not None:
        record.state = "rejected" if data.get("outcome") == "rejected" else "done"
        record.done_head = text(data, "head")
        record.failures = 0
        record.cause = event.id


def job_renewed(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """Its change got a head that it did not make: what follows it starts anew, as its own work stands."""
    instance, record = find_job(state, data)
    if instance is None or record is None:
        return
    record.done_head = text(data, "head")
    record.cause = event.id
    for name in texts(data, "resets"):
        if name in instance.jobs:
            _reset(instance.jobs[name], event.id)
