"""The fold: what is true after an event. One small function a type; whatever a record lacks has a default.

Nothing here raises: an event that speaks of something unknown changes nothing, so every log that was ever
written can be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fleet.model import events
from fleet.model.event import Event
from fleet.model.state import (
    AgentRecord,
    Approval,
    Change,
    Instance,
    Item,
    JobRecord,
    Pending,
    Run,
    State,
    Wish,
)

DAY_MS = 86_400_000

_MAY_START = (
    events.ITEM_OPENED,
    events.ITEM_LABELED,
    events.CHANGE_MERGED,
    events.WORKFLOW_REQUESTED,
)
_NEVER_STARTS = (events.TRIGGER_ROUTED, events.CLOCK_TICKED)


def fold(state: State, event: Event) -> None:
    """Take one event, the next one in the log, into the state."""
    state.seq = event.seq
    state.now = max(state.now, event.time)
    state.started = state.started or event.time
    change = _FOLDS.get(event.type)
    if change is not None:
        change(state, event, event.data)
    if _may_start(state, event.type):
        state.pending[event.id] = Pending(
            event.id,
            event.type,
            event.source,
            event.subject,
            dict(event.data),
            event.time,
            event.correlation_id,
        )


def fold_all(events_: Iterable[Event], state: State | None = None) -> State:
    """The state after these events, from the beginning or from a given one."""
    state = State() if state is None else state
    for event in events_:
        fold(state, event)
    return state


def _may_start(state: State, kind: str) -> bool:
    """Whether an event of this type has to be looked at by the rules that start workflows."""
    if kind in _NEVER_STARTS:
        return False
    return not kind.startswith("fleet.") or kind in _MAY_START or kind in state.triggers


# ---------------------------------------------------------------- reading data


def _int(data: Mapping[str, Any], name: str) -> int:
    value = data.get(name)
    return value if type(value) is int else 0


def _str(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""


def _strs(data: Mapping[str, Any], name: str) -> list[str]:
    value = data.get(name)
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


# ---------------------------------------------------------------- watcher


def _config_loaded(state: State, event: Event, data: Mapping[str, Any]) -> None:
    state.config = _str(data, "digest")
    state.triggers = _strs(data, "triggers")
    names = _strs(data, "schedules")
    state.scheduled = {name: state.scheduled.get(name, event.time) for name in names}


def _watcher_started(state: State, _event: Event, data: Mapping[str, Any]) -> None:
    state.step = data.get("step") is True


def _base_seen(state: State, _event: Event, data: Mapping[str, Any]) -> None:
    state.base = _str(data, "sha")


# ---------------------------------------------------------------- items


def _item_opened(state: State, event: Event, data: Mapping[str, Any]) -> None:
    number = _int(data, "item") or state.number + 1
    state.number = max(state.number, number)
    state.items[number] = Item(
        id=number,
        title=_str(data, "title"),
        body=_str(data, "body"),
        author=_str(data, "author"),
        trusted=data.get("trusted") is True,
        kind=_str(data, "kind") or "issue",
        labels=_strs(data, "labels"),
        opened=event.time,
        cause=event.id,
    )


def _item_labeled(state: State, event: Event, data: Mapping[str, Any]) -> None:
    item, label = state.items.get(_int(data, "item")), _str(data, "label")
    if item is not None:
        item.cause = event.id
        if label and label not in item.labels:
            item.labels.append(label)


def _item_unlabeled(state: State, event: Event, data: Mapping[str, Any]) -> None:
    item = state.items.get(_int(data, "item"))
    if item is not None:
        item.labels = [label for label in item.labels if label != _str(data, "label")]
        item.cause = event.id


def _item_commented(state: State, event: Event, data: Mapping[str, Any]) -> None:
    item = state.items.get(_int(data, "item"))
    if item is not None:
        trusted = data.get("trusted") is True
        comment = {"author": _str(data, "author"), "text": _str(data, "text"), "trusted": trusted}
        item.comments.append(comment | {"time": event.time})


def _item_closed(state: State, event: Event, data: Mapping[str, Any]) -> None:
    item = state.items.get(_int(data, "item"))
    if item is not None:
        item.open = False
        item.cause = event.id


# ---------------------------------------------------------------- instances and jobs


def _trigger_routed(state: State, event: Event, data: Mapping[str, Any]) -> None:
    state.pending.pop(_str(data, "trigger"), None)
    scheduled = _str(data, "scheduled")
    if scheduled:
        state.scheduled[scheduled] = event.time


def _instance_started(state: State, event: Event, data: Mapping[str, Any]) -> None:
    state.instance_number += 1
    name = _str(data, "instance")
    state.instances[name] = Instance(
        id=name,
        workflow=_str(data, "workflow"),
        item=_int(data, "item"),
        trigger=_str(data, "trigger"),
        started=event.time,
        jobs={job: JobRecord(cause=event.id) for job in _strs(data, "jobs")},
        agent=_str(data, "agent"),
        depth=_int(data, "depth"),
        cause=event.id,
    )
    state.active[name] = None


def _instance_finished(state: State, event: Event, data: Mapping[str, Any]) -> None:
    instance = state.instances.get(_str(data, "instance"))
    if instance is None:
        return
    instance.outcome = _str(data, "outcome")
    instance.reason = _str(data, "reason")
    instance.cause = event.id
    state.active.pop(instance.id, None)
    for name in [name for name in state.asked if state.approvals[name].instance == instance.id]:
        state.approvals[name].handled = True
        del state.asked[name]


def _job(state: State, data: Mapping[str, Any]) -> tuple[Instance, JobRecord] | tuple[None, None]:
    instance = state.instances.get(_str(data, "instance"))
    record = instance.jobs.get(_str(data, "job")) if instance else None
    return (instance, record) if instance and record else (None, None)


def _job_sent_back(state: State, event: Event, data: Mapping[str, Any]) -> None:
    instance, record = _job(state, data)
    if instance is None or record is None:
        return
    instance.round = _int(data, "round")
    instance.cause = event.id
    _reset(record, event.id)
    record.feedback = _str(data, "text")
    for name in _strs(data, "resets"):
        if name in instance.jobs:
            _reset(instance.jobs[name], event.id)
    change = state.changes.get(instance.change)
    if change is not None:
        change.held = {}


def _reset(record: JobRecord, cause: str) -> None:
    record.state = "waiting"
    record.feedback = record.reason = record.kind = record.done_head = ""
    record.failures = 0
    record.cause = cause


def _job_ready(state: State, event: Event, data: Mapping[str, Any]) -> None:
    _, record = _job(state, data)
    if record is not None:
        record.state = "landing"
        record.done_head = _str(data, "head")
        record.cause = event.id


def _job_stuck(state: State, event: Event, data: Mapping[str, Any]) -> None:
    _, record = _job(state, data)
    if record is not None:
        record.state = "stuck"
        record.kind = _str(data, "kind")
        record.reason = _str(data, "reason")
        record.cause = event.id


def _job_resumed(state: State, event: Event, data: Mapping[str, Any]) -> None:
    instance, record = _job(state, data)
    if instance is None or record is None:
        return
    feedback = "\n\n".join(text for text in (record.feedback, _str(data, "feedback")) if text)
    _reset(record, event.id)
    record.feedback = feedback
    if instance.outcome and instance.outcome != "done":  # it was given up, and a person thinks better of it
        instance.outcome = instance.reason = ""
        state.active[instance.id] = None


def _job_finished(state: State, event: Event, data: Mapping[str, Any]) -> None:
    _, record = _job(state, data)
    if record is not None:
        record.state = "rejected" if data.get("outcome") == "rejected" else "done"
        record.done_head = _str(data, "head")
        record.failures = 0
        record.cause = event.id


# ---------------------------------------------------------------- runs


def _run_queued(state: State, event: Event, data: Mapping[str, Any]) -> None:
    instance, record = _job(state, data)
    state.run_number += 1
    if instance is None or record is None:
        return
    run = Run(
        id=_str(data, "run"),
        instance=instance.id,
        job=_str(data, "job"),
        duty=_str(data, "duty"),
        item=instance.item,
        attempt=_int(data, "attempt"),
        round=_int(data, "round"),
        queued=event.time,
        resumes=_str(data, "resumes"),
        feedback=_str(data, "feedback"),
        not_before=_int(data, "not_before"),
        change=instance.change,
        cause=event.id,
    )
    state.runs[run.id] = run
    state.moving[run.id] = None
    record.runs.append(run.id)
    record.state = "active"
    record.cause = event.id


def _run_admitted(state: State, event: Event, data: Mapping[str, Any]) -> None:
    run = state.runs.get(_str(data, "run"))
    if run is None:
        return
    run.state = "starting"
    for name in ("agent", "harness", "model", "head", "branch", "workspace", "conversation"):
        setattr(run, name, _str(data, name))
    for name in ("change", "ceiling_ms", "cost_limit"):
        setattr(run, name, _int(data, name))
    run.cause = event.id


def _run_started(state: State, event: Event, data: Mapping[str, Any]) -> None:
    run = state.runs.get(_str(data, "run"))
    if run is not None:
        run.started = _int(data, "at") or event.time
        run.pid = _int(data, "pid")
        run.head = run.head or _str(data, "head")
        run.cause = event.id
        if run.state == "starting":
            run.state = "running"


def _run_acted(state: State, event: Event, data: Mapping[str, Any]) -> None:
    run = state.runs.get(_str(data, "run"))
    if run is not None:
        run.action = _str(data, "action")
        run.acted = event.time


def _run_spent(state: State, _event: Event, data: Mapping[str, Any]) -> None:
    run = state.runs.get(_str(data, "run"))
    if run is not None:
        run.cost_micros = max(run.cost_micros, _int(data, "cost_micros"))
        run.tokens = max(run.tokens, _int(data, "tokens"))


def _run_conversed(state: State, _event: Event, data: Mapping[str, Any]) -> None:
    run = state.runs.get(_str(data, "run"))
    if run is not None:
        run.conversation = _str(data, "conversation")
        run.model = _str(data, "model") or run.model


def _run_reported(state: State, event: Event, data: Mapping[str, Any]) -> None:
    run = state.runs.get(_str(data, "run"))
    if run is None or not run.live:
        return
    if data.get("verdict") == "ask":
        run.question = _str(data, "text")
    else:
        run.verdict, run.text, run.question = _str(data, "verdict"), _str(data, "text"), ""
    run.cause = event.id


def _run_said(state: State, event: Event, data: Mapping[str, Any]) -> None:
    run = state.runs.get(_str(data, "run"))
    if run is not None and run.live:
        run.unsaid[event.id] = _str(data, "text")


def _run_stop_asked(state: State, event: Event, data: Mapping[str, Any]) -> None:
    run = state.runs.get(_str(data, "run"))
    if run is not None and not run.stop_reason:
        run.stop_reason = _str(data, "reason") or "asked to stop"
        run.stop_kind = _str(data, "kind") or "person"
        run.stopped_by = _str(data, "actor")
        run.cause = event.id


def _run_exited(state: State, event: Event, data: Mapping[str, Any]) -> None:
    run = state.runs.get(_str(data, "run"))
    if run is not None and run.live:
        run.exit = dict(data)
        run.state = "collecting"
        run.cause = event.id


def _run_collected(state: State, event: Event, data: Mapping[str, Any]) -> None:
    run = state.runs.get(_str(data, "run"))
    if run is not None:
        run.collected = dict(data)
        run.cause = event.id


def _run_ended(state: State, event: Event, data: Mapping[str, Any]) -> None:
    run = state.runs.get(_str(data, "run"))
    if run is None or run.state == "ended":
        return
    run.state = "ended"
    run.outcome = data.get("outcome", "failed")
    run.reason = _str(data, "reason")
    run.ended = _int(run.exit, "ended") or event.time
    run.cause = event.id
    state.moving.pop(run.id, None)
    failed = run.outcome in ("failed", "timed_out", "over_budget") and data.get("counts") is not False
    _count_run(state.agent(run.agent), run, failed, event)
    instance = state.instances.get(run.instance)
    record = instance.jobs.get(run.job) if instance else None
    if record is not None:
        if run.outcome in ("failed", "timed_out", "over_budget"):
            record.failures += 1
        record.cause = event.id
        if record.state == "active":
            record.state = "waiting"


def _count_run(agent: AgentRecord, run: Run, failed: bool, event: Event) -> None:
    """What the run cost its agent, on the day that it ended (UTC)."""
    day = agent.spent.setdefault(event.time // DAY_MS, {"time_ms": 0, "cost_micros": 0, "tokens": 0})
    day["time_ms"] += max(0, run.ended - run.started) if run.started else 0
    day["cost_micros"] += run.cost_micros
    day["tokens"] += run.tokens
    if failed:
        agent.failures += 1
        agent.last_failed = run.id
    elif run.outcome == "succeeded":
        agent.failures = 0
    agent.cause = event.id


def _run_cancelled(state: State, event: Event, data: Mapping[str, Any]) -> None:
    run = state.runs.get(_str(data, "run"))
    if run is None or run.state != "queued":
        return
    run.state = "cancelled"
    run.reason = _str(data, "reason")
    run.cause = event.id
    state.moving.pop(run.id, None)
    instance = state.instances.get(run.instance)
    record = instance.jobs.get(run.job) if instance else None
    if record is not None and record.state == "active":
        record.state = "waiting"


# ---------------------------------------------------------------- changes


def _change_opened(state: State, event: Event, data: Mapping[str, Any]) -> None:
    number = _int(data, "change")
    state.number = max(state.number, number)
    state.changes[number] = Change(
        id=number,
        item=_int(data, "item"),
        instance=_str(data, "instance"),
        branch=_str(data, "branch"),
        base=_str(data, "base"),
        head=_str(data, "head"),
        author=_str(data, "author"),
        title=_str(data, "title"),
        body=_str(data, "body"),
        maker=_str(data, "maker"),
        opened=event.time,
        cause=event.id,
    )
    instance = state.instances.get(_str(data, "instance"))
    if instance is not None:
        instance.change = number


def _change_updated(state: State, event: Event, data: Mapping[str, Any]) -> None:
    change = state.changes.get(_int(data, "change"))
    if change is None:
        return
    change.head = _str(data, "head")
    change.maker = _str(data, "maker") or change.maker
    change.body = _str(data, "body") or change.body
    # A new commit voids what was said of the old one. Reviews stay for reading; each names its head.
    change.checks, change.risk, change.held = {}, {}, {}
    change.approved_by, change.gate = [], []
    change.cause = event.id


def _change_reviewed(state: State, event: Event, data: Mapping[str, Any]) -> None:
    change = state.changes.get(_int(data, "change"))
    if change is not None:
        names = ("by", "verdict", "text", "head", "run")
        review: dict[str, Any] = {name: _str(data, name) for name in names}
        change.reviews.append(review | {"time": event.time, "cause": event.id})
        change.cause = event.id


def _change_checked(state: State, event: Event, data: Mapping[str, Any]) -> None:
    change = state.changes.get(_int(data, "change"))
    if change is not None and _str(data, "head") == change.head:
        change.checks = dict(data) | {"cause": event.id}
        change.cause = event.id


def _change_assessed(state: State, event: Event, data: Mapping[str, Any]) -> None:
    change = state.changes.get(_int(data, "change"))
    if change is not None and _str(data, "head") == change.head:
        change.risk = dict(data) | {"cause": event.id}
        change.cause = event.id


def _change_merged(state: State, event: Event, data: Mapping[str, Any]) -> None:
    change = state.changes.get(_int(data, "change"))
    state.base = _str(data, "base") or _str(data, "sha") or state.base
    if change is not None:
        change.merged = _str(data, "sha")
        change.merged_at = event.time
        change.open = False
        change.held = {}
        change.cause = event.id


def _change_held(state: State, event: Event, data: Mapping[str, Any]) -> None:
    change = state.changes.get(_int(data, "change"))
    if change is not None and _str(data, "head") == change.head:
        change.held = dict(data) | {"time": event.time, "cause": event.id}
        change.cause = event.id


def _change_closed(state: State, event: Event, data: Mapping[str, Any]) -> None:
    change = state.changes.get(_int(data, "change"))
    if change is not None:
        change.open = False
        change.cause = event.id


def _gate_evaluated(state: State, event: Event, data: Mapping[str, Any]) -> None:
    change = state.changes.get(_int(data, "change"))
    if change is not None and _str(data, "head") == change.head:
        change.gate = [dict(each) for each in data.get("requirements", ())]
        change.cause = event.id


# ---------------------------------------------------------------- people and agents


def _approval_asked(state: State, event: Event, data: Mapping[str, Any]) -> None:
    state.approval_number += 1
    approval = Approval(
        id=_str(data, "approval"),
        kind=_str(data, "kind"),
        why=_str(data, "why"),
        asked=event.time,
        change=_int(data, "change"),
        head=_str(data, "head"),
        instance=_str(data, "instance"),
        job=_str(data, "job"),
        run=_str(data, "run"),
        cause=event.id,
    )
    state.approvals[approval.id] = approval
    state.asked[approval.id] = None


def _answered(state: State, event: Event, data: Mapping[str, Any]) -> None:
    approval = state.approvals.get(_str(data, "approval"))
    if approval is None or approval.answer or approval.handled:
        return
    approval.answer = "given" if event.type == events.APPROVAL_GIVEN else "refused"
    approval.by = _str(data, "actor")
    approval.note = _str(data, "note")
    approval.send_back = data.get("send_back") is True
    approval.cause = event.id
    change = state.changes.get(approval.change)
    if approval.kind == "merge" and approval.answer == "given" and change and change.head == approval.head:
        change.approved_by.append(approval.by)
        change.cause = event.id


def _approval_settled(state: State, event: Event, data: Mapping[str, Any]) -> None:
    approval = state.approvals.get(_str(data, "approval"))
    if approval is not None:
        approval.handled = True
        approval.cause = event.id
        state.asked.pop(approval.id, None)


def _quarantined(state: State, event: Event, data: Mapping[str, Any]) -> None:
    agent = state.agent(_str(data, "agent"))
    agent.quarantined = _str(data, "reason") or "no reason was given"
    agent.cause = event.id


def _released(state: State, event: Event, data: Mapping[str, Any]) -> None:
    agent = state.agent(_str(data, "agent"))
    agent.quarantined = ""
    agent.failures = agent.denied = 0
    agent.cause = event.id


def _denied(state: State, event: Event, data: Mapping[str, Any]) -> None:
    run = state.runs.get(_str(data, "run"))
    if run is not None:
        run.denied += 1
    name = _str(data, "agent") or (run.agent if run else "")
    if name:
        state.agent(name).denied += 1
        state.agent(name).cause = event.id


# ---------------------------------------------------------------- effects


def _effect_wanted(state: State, event: Event, data: Mapping[str, Any]) -> None:
    args = dict(data.get("args") or {})
    key = _str(data, "key")
    state.wishes[key] = Wish(key, _str(data, "kind"), args, event.time, cause=event.id)
    run = state.runs.get(_str(args, "run"))
    if run is not None and data.get("kind") == "say":
        run.unsaid.pop(key.removeprefix("say/"), None)
    elif run is not None and data.get("kind") == "stop":
        run.stopping = True


def _effect_done(state: State, _event: Event, data: Mapping[str, Any]) -> None:
    state.wishes.pop(_str(data, "key"), None)


def _effect_failed(state: State, event: Event, data: Mapping[str, Any]) -> None:
    wish = state.wishes.get(_str(data, "key"))
    if wish is None:
        return
    if data.get("permanent") is True:
        del state.wishes[wish.key]
        return
    wish.attempt = _int(data, "attempt")
    wish.retry_at = _int(data, "retry_at")
    wish.error = _str(data, "error")
    wish.cause = event.id


_FOLDS: Mapping[str, Callable[[State, Event, Mapping[str, Any]], None]] = {
    events.CONFIG_LOADED: _config_loaded,
    events.WATCHER_STARTED: _watcher_started,
    events.BASE_SEEN: _base_seen,
    events.ITEM_OPENED: _item_opened,
    events.ITEM_LABELED: _item_labeled,
    events.ITEM_UNLABELED: _item_unlabeled,
    events.ITEM_COMMENTED: _item_commented,
    events.ITEM_CLOSED: _item_closed,
    events.TRIGGER_ROUTED: _trigger_routed,
    events.INSTANCE_STARTED: _instance_started,
    events.INSTANCE_FINISHED: _instance_finished,
    events.JOB_SENT_BACK: _job_sent_back,
    events.JOB_READY: _job_ready,
    events.JOB_STUCK: _job_stuck,
    events.JOB_RESUMED: _job_resumed,
    events.JOB_FINISHED: _job_finished,
    events.RUN_QUEUED: _run_queued,
    events.RUN_ADMITTED: _run_admitted,
    events.RUN_STARTED: _run_started,
    events.RUN_ACTED: _run_acted,
    events.RUN_SPENT: _run_spent,
    events.RUN_CONVERSED: _run_conversed,
    events.RUN_REPORTED: _run_reported,
    events.RUN_SAID: _run_said,
    events.RUN_STOP_ASKED: _run_stop_asked,
    events.RUN_EXITED: _run_exited,
    events.RUN_COLLECTED: _run_collected,
    events.RUN_ENDED: _run_ended,
    events.RUN_CANCELLED: _run_cancelled,
    events.CHANGE_OPENED: _change_opened,
    events.CHANGE_UPDATED: _change_updated,
    events.CHANGE_REVIEWED: _change_reviewed,
    events.CHANGE_CHECKED: _change_checked,
    events.CHANGE_ASSESSED: _change_assessed,
    events.CHANGE_MERGED: _change_merged,
    events.CHANGE_HELD: _change_held,
    events.CHANGE_CLOSED: _change_closed,
    events.GATE_EVALUATED: _gate_evaluated,
    events.APPROVAL_ASKED: _approval_asked,
    events.APPROVAL_GIVEN: _answered,
    events.APPROVAL_REFUSED: _answered,
    events.APPROVAL_SETTLED: _approval_settled,
    events.AGENT_QUARANTINED: _quarantined,
    events.AGENT_RELEASED: _released,
    events.AGENT_DENIED: _denied,
    events.EFFECT_WANTED: _effect_wanted,
    events.EFFECT_DONE: _effect_done,
    events.EFFECT_FAILED: _effect_failed,
}
