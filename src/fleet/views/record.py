"""Who can be trusted with what: agents, models or templates side by side, each by its record."""

from __future__ import annotations

from typing import Any, Literal

from fleet.model.fleet import Fleet
from fleet.model.state import State
from fleet.policy.record import WINDOW_DAYS, Standing, standing_of
from fleet.views.units import dollars

By = Literal["agent", "model", "template"]


def records(fleet: Fleet, state: State, by: By = "agent", *, days: int = WINDOW_DAYS) -> list[dict[str, Any]]:
    """One row each, those that need a look first."""
    rows = [
        row_of(name, standing_of(state, parts, days=days), state)
        for name, parts in _named(fleet, state, by).items()
    ]
    return sorted(rows, key=lambda row: (-row["score"], row["name"]))


def row_of(name: str, found: Standing, state: State) -> dict[str, Any]:
    """One of them as plain data."""
    count = found.counts
    agent = state.agents.get(name)
    return {
        "name": name,
        "score": found.score,
        "level": found.level,
        "quarantined": (agent.quarantined if agent else "") or None,
        "quality": found.quality,
        "reliability": found.reliability,
        "efficiency": found.efficiency,
        "runs": count.get("runs", 0),
        "failed": count.get("failed", 0),
        "merged": count.get("merged", 0),
        "cost": dollars(count.get("cost_micros", 0)),
        "cost_each": None if found.cost_each_micros is None else dollars(found.cost_each_micros),
        "signals": [dict(each) for each in found.signals],
        "counts": dict(count),
    }


def _named(fleet: Fleet, state: State, by: By) -> dict[str, list[str]]:
    """The rows, each with the records that it is made of."""
    if by == "model":
        names = (name for name in state.record if name.startswith("model/"))
        return {name.removeprefix("model/"): [name] for name in names}
    if by == "agent":
        seen = [name.removeprefix("agent/") for name in state.record if name.startswith("agent/")]
        return {name: [f"agent/{name}"] for name in dict.fromkeys([*(a.name for a in fleet.agents), *seen])}
    found: dict[str, list[str]] = {}
    for agent in fleet.agents:
        found.setdefault(agent.template or "(none)", []).append(f"agent/{agent.name}")
    return found
