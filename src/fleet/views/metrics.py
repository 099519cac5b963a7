"""Figures of a fleet for Prometheus: counters of all time, gauges of now. None is for one run alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from fleet.model.fleet import Fleet, Limit
from fleet.model.state import State
from fleet.policy.budget import used_today
from fleet.views.waiting import asked

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure with its samples by label. A counter is shown with `_total` behind its name."""

    name: str
    kind: Literal["counter", "gauge"]
    help: str
    samples: Mapping[Labels, float]


def metrics(fleet: Fleet, state: State, now: int, *, watched: bool) -> Iterator[Metric]:
    """All figures at `now` (ms since the epoch)."""
    runs = list(state.runs.values())
    ended = [run for run in runs if run.state == "ended"]
    outcomes = Counter(_run_labels(each.agent, each.outcome) for each in ended)
    yield _counted("fleet_runs", "Runs that have ended", outcomes)
    costs = ((run.agent, run.model, run.cost_micros / 1e6) for run in runs)
    yield _summed("fleet_cost_usd", "Money spent, in dollars", costs)
    yield _summed("fleet_tokens", "Tokens used", ((run.agent, run.model, float(run.tokens)) for run in runs))
    merged = Counter(_one("repo", each.repo) for each in state.changes.values() if each.merged)
    yield _counted("fleet_changes_merged", "Pull requests that were merged", merged)
    live = Counter(state.runs[name].agent for name in state.moving if state.runs[name].live)
    agents = sorted({agent.name for agent in fleet.agents} | set(live))
    yield _gauge("fleet_live_runs", "Runs at work", {_one("agent", name): live[name] for name in agents})
    slots = {_one("agent", agent.name): agent.slots for agent in fleet.agents}
    yield _gauge("fleet_slots", "Runs that an agent may have at once", slots)
    queued = sum(1 for name in state.moving if state.runs[name].state == "queued")
    yield _gauge("fleet_queued_runs", "Runs that wait for an agent", {(): queued})
    waiting = asked(state)
    kinds = Counter(_one("kind", each.kind) for each in waiting)
    yield _gauge("fleet_approvals_waiting", "What waits for a person", kinds or {_one("kind", "merge"): 0})
    oldest = max((now - each.asked for each in waiting), default=0) / 1000
    yield _gauge("fleet_longest_wait_seconds", "How long the oldest of it waits", {(): oldest})
    held = {_one("agent", name): float(bool(state.agent(name).quarantined)) for name in agents}
    yield _gauge("fleet_agent_quarantined", "1 for an agent in quarantine", held)
    used = dict(_budgets(fleet, state, now))
    yield _gauge("fleet_budget_used_ratio", "Of a day's ceiling, the part that is used", used)
    yield _gauge("fleet_log_events", "Events in the log", {(): state.seq})
    yield _gauge("fleet_watcher_up", "1 while the watcher runs", {(): float(watched)})


def _one(name: str, value: str) -> Labels:
    return ((name, value),)


def _run_labels(agent: str, outcome: str) -> Labels:
    return (("agent", agent), ("outcome", outcome))


def _counted(name: str, help: str, counter: Counter[Labels]) -> Metric:
    return Metric(name, "counter", help, {labels: float(number) for labels, number in counter.items()})


def _summed(name: str, help: str, rows: Iterator[tuple[str, str, float]]) -> Metric:
    sums: dict[Labels, float] = defaultdict(float)
    for agent, model, amount in rows:
        sums[("agent", agent), ("model", model)] += amount
    return Metric(name, "counter", help, sums)


def _gauge(name: str, help: str, samples: Mapping[Labels, float]) -> Metric:
    return Metric(name, "gauge", help, samples)


def _budgets(fleet: Fleet, state: State, now: int) -> Iterator[tuple[Labels, float]]:
    for agent in fleet.agents:
        limit = agent.budget.per_day
        if limit == Limit():
            continue
        used = used_today(state, agent.name, now)
        for name in ("time_ms", "cost_micros", "tokens"):
            if getattr(limit, name):
                kind = name.partition("_")[0]
                yield (("agent", agent.name), ("kind", kind)), getattr(used, name) / getattr(limit, name)
