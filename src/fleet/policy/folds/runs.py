"""Runs, and what they cost their agents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.model.event import Event
from fleet.model.state import Hold, Run, RunOutcome, State
from fleet.model.words import Words
from fleet.policy.again import account_of, hold_ms
from fleet.policy.folds.acts import asks, asks_no_more, forget_acts, is_heard
from fleet.policy.folds.jobs import find_job
from fleet.policy.folds.reading import records, text, whole

DAY_MS = 86_400_000
_OUTCOMES: tuple[RunOutcome, ...] = ("succeeded", "failed", "stopped", "timed_out", "over_budget")


def run_queued(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """A run waits for an agent."""
    instance, record = find_job(state, data)
    state.run_number += 1
    if instance is None or record is None:
        return
    run = Run(
        id=text(data, "run"),
        instance=instance.id,
        job=text(data, "job"),
        duty=text(data, "duty"),
        item=instance.item,
        attempt=whole(data, "attempt"),
        round=whole(data, "round"),
        queued=event.time,
        resumes=text(data, "resumes"),
        feedback=text(data, "feedback"),
        not_before=whole(data, "not_before"),
        change=instance.change,
        words={
            text(each, "event"): Words(text(each, "text"), text(each, "by"), event.time, event.time)
            for each in records(data, "words")
        },
        cause=event.id,
    )
    state.runs[run.id] = run
    for before in record.runs:
        forget_acts(state.runs[before])
        state.runs[before].in_hand = ""
    state.moving[run.id] = None
    record.runs.append(run.id)
    record.state = "active"
    record.cause = event.id


def run_admitted(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """It has an agent, a slot and a ceiling."""
    run = state.runs.get(text(data, "run"))
    if run is None:
        return
    run.state = "starting"
    for name in ("agent", "harness", "model", "head", "branch", "workspace", "conversation"):
        setattr(run, name, text(data, name))
    for name in ("change", "ceiling_ms", "cost_limit", "token_limit"):
        setattr(run, name, whole(data, name))
    run.cause = event.id


def run_started(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """Its session runs."""
    run = state.runs.get(text(data, "run"))
    if run is not None:
        run.started = whole(data, "at") or event.time
        run.pid = whole(data, "pid")
        run.sandbox = text(data, "sandbox")
        run.head = run.head or text(data, "head")
        run.cause = event.id
        if run.state == "starting":
            run.state = "running"


def run_spent(state: State, _event: Event, data: Mapping[str, Any]) -> None:
    """What the run has cost so far; a total never goes down."""
    run = state.runs.get(text(data, "run"))
    if run is not None:
        run.cost_micros = max(run.cost_micros, whole(data, "cost_micros"))
        run.cost_known = run.cost_known or type(data.get("cost_micros")) is int
        run.tokens = max(run.tokens, whole(data, "tokens"))
        run.turns = max(run.turns, whole(data, "turns"))
        run.context = whole(data, "context") or run.context
        run.window = whole(data, "window") or run.window
        is_heard(run, whole(data, "at") or run.heard)


def run_conversed(state: State, _event: Event, data: Mapping[str, Any]) -> None:
    """The harness named its conversation."""
    run = state.runs.get(text(data, "run"))
    if run is not None:
        run.conversation = text(data, "conversation")
        run.conversed = True
        run.model = text(data, "model") or run.model


def run_reported(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """The agent said how its work came out; the last word counts."""
    run = state.runs.get(text(data, "run"))
    if run is None or not run.live:
        return
    if data.get("verdict") == "ask":
        run.question, run.asked_at = text(data, "text"), event.time
        run.answer, run.answer_heard = "", False
        asks(run, event.time)
    else:
        asks_no_more(run, event.time)
        run.verdict, run.text, run.question = text(data, "verdict"), text(data, "text"), ""
    run.cause = event.id


def run_said(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """A person has words for the agent."""
    run = state.runs.get(text(data, "run"))
    if run is not None and run.live:
        run.unsaid[event.id] = text(data, "text")
        if run.question:
            asks_no_more(run, event.time)
            run.answer, run.answered_by = text(data, "text"), text(data, "actor")
        else:
            run.words[event.id] = Words(text(data, "text"), text(data, "actor"))


def run_stop_asked(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """It has to end; the first reason stays, and quarantine leaves it less time."""
    run = state.runs.get(text(data, "run"))
    if run is not None and run.stop_reason and data.get("kind") == "quarantine":
        run.at_once, run.stopping = True, False
    if run is not None and not run.stop_reason:
        run.stop_reason = text(data, "reason") or "asked to stop"
        run.stop_kind = text(data, "kind") or "person"
        run.stopped_by = text(data, "actor")
        run.cause = event.id


def run_exited(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """Its session has ended."""
    run = state.runs.get(text(data, "run"))
    if run is not None and run.live:
        run.exit = dict(data)
        asks_no_more(run, whole(data, "ended") or event.time)
        run.state = "collecting"
        run.cause = event.id
        if data.get("finish") == "overloaded":
            hold_account(state, run, whole(data, "ended") or event.time, whole(data, "retry_at"))


def run_collected(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """What its workspace held at the end."""
    run = state.runs.get(text(data, "run"))
    if run is not None:
        run.collected = dict(data)
        run.cause = event.id


def run_ended(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """Its outcome, which counts for its agent and its job."""
    run = state.runs.get(text(data, "run"))
    if run is None or run.state == "ended":
        return
    run.state = "ended"
    outcome = data.get("outcome")
    run.outcome = outcome if outcome in _OUTCOMES else "failed"
    run.reason = text(data, "reason")
    run.ended = whole(run.exit, "ended") or event.time
    run.cause = event.id
    state.moving.pop(run.id, None)
    state.kept[run.id] = None
    for figure in ("time", "cost", "tokens"):
        state.warned.pop(f"run/{run.id} {figure}", None)
    if run.outcome == "succeeded":
        run.words = {event: words for event, words in run.words.items() if not words.told}
        state.holds.pop(account_of(run.harness, run.model), None)
    failed = run.outcome in ("failed", "timed_out", "over_budget") and data.get("counts") is not False
    _count_run(state, run, failed, event)
    instance = state.instances.get(run.instance)
    record = instance.jobs.get(run.job) if instance else None
    if record is not None:
        if data.get("free") is True:
            record.free += 1
        elif run.outcome in ("failed", "timed_out", "over_budget"):
            record.failures, record.free = record.failures + 1, 0
        record.cause = event.id
        if record.state == "active":
            record.state = "waiting"


def workflow_name(state: State, run: Run) -> str:
    """The workflow that a run belongs to, "" for a task by hand."""
    instance = state.instances.get(run.instance)
    return instance.workflow if instance else ""


def _spent_in(state: State, run: Run) -> list[str]:
    """The keys under which is added up what this run spends, beside its agent's."""
    names = ["fleet", f"item/{run.item}"]
    workflow = workflow_name(state, run)
    return [*names, f"workflow/{workflow}", f"workflow/{workflow} item/{run.item}"] if workflow else names


def _count_run(state: State, run: Run, failed: bool, event: Event) -> None:
    """What the run cost its agent and all that it shares a ceiling with, on the day that it ended (UTC)."""
    agent, today = state.agent(run.agent), event.time // DAY_MS
    spent = {
        "time_ms": max(0, run.ended - run.started - run.waited_ms) if run.started else 0,
        "cost_micros": whole(event.data, "charged_micros") or run.cost_micros,
        "tokens": run.tokens,
    }
    for days in (agent.spent, *(state.spent.setdefault(name, {}) for name in _spent_in(state, run))):
        day = days.setdefault(today, {"time_ms": 0, "cost_micros": 0, "tokens": 0})
        for name, value in spent.items():
            day[name] += value
    if failed:
        agent.failures += 1
        agent.last_failed = run.id
    elif run.outcome == "succeeded":
        agent.failures = 0
    agent.cause = event.id


def hold_account(state: State, run: Run, seen: int, until: int) -> None:
    """Its provider refused it: nobody asks that until the time which it told, or for a while."""
    account = account_of(run.harness, run.model)
    strikes = state.holds[account].strikes + 1 if account in state.holds else 1
    until = until or seen + hold_ms(strikes, run.id)
    reason = text(run.exit, "error") or "it is overloaded"
    state.holds[account] = Hold(until, reason, strikes, run.id)


def run_cancelled(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """It was queued, and nobody wants it any more."""
    run = state.runs.get(text(data, "run"))
    if run is None or run.state != "queued":
        return
    run.state = "cancelled"
    run.reason = text(data, "reason")
    run.cause = event.id
    state.moving.pop(run.id, None)
    instance = state.instances.get(run.instance)
    record = instance.jobs.get(run.job) if instance else None
    if record is not None and record.state == "active":
        record.state = "waiting"
