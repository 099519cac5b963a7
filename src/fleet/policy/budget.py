"""What an agent may still spend today (UTC). What live runs may yet use is set aside when they are admitted,
so runs that start together cannot overshoot together.
"""

from __future__ import annotations

from dataclasses import dataclass

from fleet.model.fleet import Agent, Limit
from fleet.model.state import Run, State
from fleet.policy.folds.runs import DAY_MS


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a run that is admitted now may use, zero for no ceiling; or, in `refused`, why there is none."""

    time_ms: int = 0
    cost_micros: int = 0
    refused: str = ""


UNBOUNDED = Allowance()


def used_today(state: State, name: str, now: int) -> Limit:
    """What the agent has spent on the day of `now`: its ended runs, and its live ones so far."""
    day = state.agents[name].spent.get(now // DAY_MS, {}) if name in state.agents else {}
    live = live_runs(state, name)
    return Limit(
        time_ms=day.get("time_ms", 0) + sum(max(0, now - run.started) for run in live if run.started),
        cost_micros=day.get("cost_micros", 0) + sum(run.cost_micros for run in live),
        tokens=day.get("tokens", 0) + sum(run.tokens for run in live),
    )


def allowance(state: State, agent: Agent, live: list[Run]) -> Allowance:
    """What one more run of the agent may use, given the runs that hold its slots."""
    per_run, per_day = agent.budget.per_run, agent.budget.per_day
    day = state.agents[agent.name].spent.get(state.now // DAY_MS, {}) if agent.name in state.agents else {}
    free = max(1, agent.slots - len(live))
    time_left = per_day.time_ms - day.get("time_ms", 0) - sum(run.ceiling_ms for run in live)
    cost_left = per_day.cost_micros - day.get("cost_micros", 0) - sum(run.cost_limit for run in live)
    tokens_left = per_day.tokens - day.get("tokens", 0) - sum(run.tokens for run in live)
    if per_day.time_ms and time_left < 1000:
        return Allowance(refused=_over("time", per_day.time_ms / 60_000, "minutes"))
    if per_day.cost_micros and cost_left <= 0:
        return Allowance(refused=_over("cost", per_day.cost_micros / 1e6, "dollars"))
    if per_day.tokens and tokens_left <= 0:
        return Allowance(refused=_over("tokens", per_day.tokens, "tokens"))
    return Allowance(
        time_ms=_share(per_run.time_ms, per_day.time_ms, time_left, free),
        cost_micros=_share(per_run.cost_micros, per_day.cost_micros, cost_left, free),
    )


def live_runs(state: State, name: str) -> list[Run]:
    """The runs that hold slots of this agent."""
    return [run for each in state.moving if (run := state.runs[each]).live and run.agent == name]


def live_by_agent(state: State) -> dict[str, list[Run]]:
    """The same for every agent that has any."""
    found: dict[str, list[Run]] = {}
    for name in state.moving:
        run = state.runs[name]
        if run.live:
            found.setdefault(run.agent, []).append(run)
    return found


def next_day(now: int) -> int:
    """When the budgets of the day begin anew, in ms since the epoch."""
    return (now // DAY_MS + 1) * DAY_MS


def _share(per_run: int, per_day: int, left: int, free: int) -> int:
    """A run's ceiling: its own, or what is left of the day; without one of its own, an even share of what is
    left.
    """
    if not per_day:
        return per_run
    return min(per_run, left) if per_run else max(1, left // free)


def _over(what: str, most: float, unit: str) -> str:
    return f"its {what} of the day is used up or set aside ({most:g} {unit})"
