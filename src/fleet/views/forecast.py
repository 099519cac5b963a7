"""Where the day and the week end if it goes on like this, by what was spent lately. Days are UTC."""

from __future__ import annotations

from typing import Any

from fleet.model.fleet import Fleet
from fleet.model.state import Run, State
from fleet.policy.budget import next_day, used_today
from fleet.views.units import DAY_MS, dollars, moment

HOUR_MS = 3_600_000
PACE_MS = 3 * HOUR_MS
"""The pace of the day is that of so many hours before now."""

_WEEK_DAYS = 7
_MONDAY = 4  # day 4 since the epoch was one


def forecast(fleet: Fleet, state: State, now: int) -> dict[str, Any]:
    """Dollars of the day and of the week (from Monday) so far and by their ends, of all and of each agent.

    `per_hour` is the pace of the last three hours. `full_at` is when an agent's ceiling of the day is
    reached at that pace, None where it is not today.
    """
    names = [agent.name for agent in fleet.agents]
    names += [name for name in state.agents if fleet.agent(name) is None and state.agents[name].spent]
    recent: dict[str, list[Run]] = {}
    for run in state.runs.values():
        if run.started and (run.ended or now) > now - PACE_MS:
            recent.setdefault(run.agent, []).append(run)
    rows = [_agent(fleet, state, name, recent.get(name, []), now) for name in names]
    used = sum(row["used"] for row in rows)
    pace = sum(row["per_hour"] for row in rows)
    week = sum(_week(state, name, now) for name in names)
    last = sum(_days(state, name, now, _WEEK_DAYS) for name in names)
    left_days = _WEEK_DAYS - 1 - (now // DAY_MS - _MONDAY) % _WEEK_DAYS
    day_end = used + pace * (next_day(now) - now) / HOUR_MS
    return {
        "agents": rows,
        "day": {"used": round(used, 6), "forecast": round(day_end, 2), "per_hour": round(pace, 2)},
        "week": {
            "used": round(week, 6),
            "forecast": round(week + (day_end - used) + left_days * last / _WEEK_DAYS, 2),
        },
    }


def by_day(fleet: Fleet, state: State, now: int, days: int = 7) -> dict[str, Any]:
    """Dollars of each agent on each of the last `days`, today last; those who spent nothing are left out.

    `limit` is what all may spend in a day, None where one of them has no ceiling.
    """
    names = [agent.name for agent in fleet.agents]
    names += [name for name in state.agents if fleet.agent(name) is None]
    today = now // DAY_MS
    window = range(today - days + 1, today + 1)
    rows: list[dict[str, Any]] = []
    for name in names:
        spent = state.agents[name].spent if name in state.agents else {}
        cost = [dollars(spent.get(day, {}).get("cost_micros", 0)) for day in window[:-1]]
        cost.append(dollars(used_today(state, name, now).cost_micros))
        if any(cost):
            rows.append({"agent": name, "cost": cost, "sum": round(sum(cost), 6)})
    rows.sort(key=lambda row: (-row["sum"], row["agent"]))
    limits = [agent.budget.per_day.cost_micros for agent in fleet.agents]
    return {
        "days": [(moment(day * DAY_MS) or "")[:10] for day in window],
        "agents": rows,
        "limit": dollars(sum(limits)) if limits and all(limits) else None,
    }


def _agent(fleet: Fleet, state: State, name: str, recent: list[Run], now: int) -> dict[str, Any]:
    agent = fleet.agent(name)
    limit = dollars(agent.budget.per_day.cost_micros) if agent else 0.0
    used = dollars(used_today(state, name, now).cost_micros)
    pace = sum(_share(run, now) for run in recent) / (PACE_MS / HOUR_MS)
    full = now + round((limit - used) / pace * HOUR_MS) if limit and pace and limit > used else 0
    return {
        "agent": name,
        "used": used,
        "limit": limit or None,
        "per_hour": round(pace, 4),
        "forecast": round(used + pace * (next_day(now) - now) / HOUR_MS, 2),
        "full_at": moment(full) if full and full < next_day(now) else None,
    }


def _share(run: Run, now: int) -> float:
    """What of a run's cost fell into the last hours, if it was spent evenly."""
    end = run.ended or now
    within = end - max(run.started, now - PACE_MS)
    return dollars(run.cost_micros) * min(1.0, within / max(1, end - run.started))


def _week(state: State, name: str, now: int) -> float:
    return _days(state, name, now, 1 + (now // DAY_MS - _MONDAY) % _WEEK_DAYS)


def _days(state: State, name: str, now: int, days: int) -> float:
    """What was spent on so many days, today included."""
    spent = state.agents[name].spent if name in state.agents else {}
    today = now // DAY_MS
    before = sum(spent.get(day, {}).get("cost_micros", 0) for day in range(today - days + 1, today))
    return dollars(before + used_today(state, name, now).cost_micros)
