"""The record of agents and models, counted by day: what their own score is worked out from.

These are folded before the rest, so that each thing is counted once however often it is told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fleet.model.event import Event
from fleet.model.state import Change, State
from fleet.policy.folds.reading import text, whole

KEPT_DAYS = 30
_DAY_MS = 86_400_000
_BAD = ("failed", "timed_out", "over_budget")
_REVERTS = re.compile(r'(?i)^revert:? +"?(?P<title>[^"]+?)"?$|\breverts? (pr )?#(?P<number>\d+)')


def run_ended(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """A run's outcome, what it cost, and how smoothly it went."""
    run = state.runs.get(text(data, "run"))
    if run is None or run.state == "ended" or not run.agent:
        return
    failed = data.get("outcome") in _BAD and data.get("counts") is not False
    cost = whole(data, "charged_micros") or run.cost_micros
    time_ms = max(0, event.time - run.started) if run.started else 0
    count = {
        "runs": 1,
        "failed": int(failed),
        "restarted": int(run.attempt > 1),
        "stuck": int(bool(run.nudges) or run.stop_kind == "stuck"),
        "time_ms": time_ms,
        "blocked_ms": min(time_ms, run.waited_ms),
        "cost_micros": cost,
        "lost_micros": cost if failed else 0,
        "tokens": run.tokens,
    }
    _add(state, _names(run.agent, run.model), event.time, count)


def change_reviewed(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """What others said of its change."""
    change = state.changes.get(whole(data, "change"))
    verdict = text(data, "verdict")
    if change is not None and text(data, "by") != change.author and verdict in ("approve", "request-changes"):
        count = {"reviews": 1, "objections": int(verdict == "request-changes")}
        _add(state, _names_of(state, change), event.time, count)


def change_merged(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """Its change is in, after so many rounds; or takes another one back, which counts against its author."""
    change = state.changes.get(whole(data, "change"))
    if change is None or change.merged:
        return
    instance = state.instances.get(change.instance)
    count = {"merged": 1, "rounds": instance.round if instance else 1}
    _add(state, _names_of(state, change), event.time, count)
    undone = _undone_by(state, change)
    if undone is not None:
        _add(state, _names_of(state, undone), event.time, {"reverted": 1})


def denied(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """It tried what it may not do."""
    run = state.runs.get(text(data, "run"))
    agent = text(data, "agent") or (run.agent if run else "")
    if agent:
        count = {"denied": 1, "rewrites": int(text(data, "kind") == "rewrite")}
        _add(state, _names(agent, run.model if run else ""), event.time, count)


def collected(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """Its commits held secrets."""
    run = state.runs.get(text(data, "run"))
    if run is not None and run.agent and data.get("secrets") and not run.collected.get("secrets"):
        _add(state, _names(run.agent, run.model), event.time, {"secrets": 1})


def refused(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """Somebody asked the gateway as a live run, with a token that is not that run's."""
    run = state.runs.get(text(data, "claimed"))
    if run is not None and run.live:
        _add(state, _names(run.agent, run.model), event.time, {"wrong_tokens": 1})
        state.agent(run.agent).cause = event.id


def released(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """A person trusts the agent again: only what it does from now on may put it back."""
    del event
    state.record.pop(f"since/{text(data, 'agent')}", None)


def _names(agent: str, model: str) -> list[str]:
    return [f"agent/{agent}", f"since/{agent}", *([f"model/{model}"] if model else [])]


def _names_of(state: State, change: Change) -> list[str]:
    """The record of the change's author, where that is an agent."""
    if not change.author.startswith("agent/"):
        return []
    instance = state.instances.get(change.instance)
    record = instance.jobs.get(change.maker) if instance else None
    run = state.runs.get(record.runs[-1]) if record and record.runs else None
    return _names(change.author.removeprefix("agent/"), run.model if run else "")


def _undone_by(state: State, change: Change) -> Change | None:
    """The change that this one takes back, by its title: `Revert "Add a note"`, `reverts #12`."""
    found = _REVERTS.search(change.title)
    if found is None:
        return None
    if found["number"]:
        other = state.changes.get(int(found["number"]))
        return other if other is not None and other.merged else None
    title = found["title"].strip()
    same = (each for each in reversed(state.changes.values()) if each.merged and each.title == title)
    return next(same, None)


def _add(state: State, names: list[str], now: int, count: Mapping[str, int]) -> None:
    today = now // _DAY_MS
    for name in names:
        days = state.record.setdefault(name, {})
        day = days.setdefault(today, {})
        for key, value in count.items():
            if value:
                day[key] = day.get(key, 0) + value
        for old in [each for each in days if each <= today - KEPT_DAYS]:
            del days[old]
