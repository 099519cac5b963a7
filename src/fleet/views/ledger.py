"""The ledger: what was spent, by whom, on what, and what the ceilings of the day leave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fleet.model.fleet import Agent, Fleet, Limit
from fleet.model.state import Run, State
from fleet.policy.budget import allowance, live_by_agent, live_runs, next_day, used_today
from fleet.policy.ceilings import Scope, shared_scopes
from fleet.policy.outcome import charge
from fleet.views.units import dollars, moment, seconds
from fleet.views.waiting import at


def ledger(fleet: Fleet, state: State, now: int) -> dict[str, Any]:
    """The document of `fleet budget --json`: agents today (UTC), every run, and the total of all time."""
    state = at(state, now)
    names = [agent.name for agent in fleet.agents]
    names += [name for name in state.agents if fleet.agent(name) is None and state.agents[name].spent]
    begun = [run for run in state.runs.values() if run.started]
    return {
        "day": (moment(now) or "")[:10],
        "until": moment(next_day(now)),
        "agents": [_agent_row(fleet, state, name, now) for name in names],
        "shared": [_shared_row(scope, now) for scope in shared_scopes(fleet, state, live_by_agent(state))],
        "runs": [_run_row(run, now) for run in reversed(begun)],
        "total": _total(begun, now),
    }


def agent_budget(
    state: State, agent: Agent | None, name: str, now: int, live: Sequence[Run] | None = None
) -> dict[str, dict[str, Any]]:
    """What an agent has used today of each ceiling; a limit of None is no ceiling. `live` are its live runs,
    where they are at hand.
    """
    used = used_today(state, name, now, live)
    limit = agent.budget.per_day if agent else Limit()
    return {
        "time": _gauge(seconds(used.time_ms), seconds(limit.time_ms)),
        "cost": _gauge(dollars(used.cost_micros), dollars(limit.cost_micros)),
        "tokens": _gauge(used.tokens, limit.tokens),
    }


def spent_seconds(run: Run, now: int) -> float:
    """How long a run has lasted, or lasted."""
    if not run.started:
        return 0.0
    return seconds(max(0, (run.ended or now) - run.started))


def _agent_row(fleet: Fleet, state: State, name: str, now: int) -> dict[str, Any]:
    agent = fleet.agent(name)
    per_run = agent.budget.per_run if agent else Limit()
    today = [run for run in state.runs.values() if run.agent == name and _is_of_day(run, now)]
    live = live_runs(state, name)
    return {
        "agent": name,
        **agent_budget(state, agent, name, now),
        "runs": len(today),
        "assumed": dollars(sum(charge(run) - run.cost_micros for run in today if not run.live)),
        "set_aside": {
            "time": seconds(sum(max(0, run.ceiling_ms - (now - run.started)) for run in live if run.started)),
            "cost": dollars(sum(max(0, run.cost_limit - run.cost_micros) for run in live)),
        },
        "per_run": {
            "time": seconds(per_run.time_ms) or None,
            "cost": dollars(per_run.cost_micros) or None,
            "tokens": per_run.tokens or None,
        },
        "refused": allowance(state, agent, live).refused if agent else "",
    }


def _shared_row(scope: Scope, now: int) -> dict[str, Any]:
    """What the fleet or a workflow has used of a ceiling that many runs share."""
    used, limit = scope.used(now), scope.limit
    return {
        "scope": scope.key.split(" ")[0],
        "window": scope.window,
        "time": _gauge(seconds(used.time_ms), seconds(limit.time_ms)),
        "cost": _gauge(dollars(used.cost_micros), dollars(limit.cost_micros)),
        "tokens": _gauge(used.tokens, limit.tokens),
    }


def _run_row(run: Run, now: int) -> dict[str, Any]:
    return {
        "id": run.id,
        "agent": run.agent,
        "job": run.job,
        "item": run.item or None,
        "started": moment(run.started),
        "seconds": spent_seconds(run, now),
        "cost": dollars(run.cost_micros),
        "tokens": run.tokens,
        "limit": {"time": seconds(run.ceiling_ms) or None, "cost": dollars(run.cost_limit) or None},
        "outcome": run.outcome or run.state,
    }


def _total(runs: list[Run], now: int) -> dict[str, Any]:
    return {
        "runs": len(runs),
        "seconds": round(sum(spent_seconds(run, now) for run in runs), 3),
        "cost": dollars(sum(run.cost_micros for run in runs)),
        "tokens": sum(run.tokens for run in runs),
    }


def _is_of_day(run: Run, now: int) -> bool:
    day = next_day(now)
    last = run.ended or now
    return bool(run.started) and next_day(last) == day


def _gauge(used: float, limit: float) -> dict[str, Any]:
    left = max(0, round(limit - used, 6)) if limit else None
    return {"used": used, "limit": limit or None, "left": left}
