"""Budgets that leave no room for one run, or contradict each other."""

from __future__ import annotations

from collections.abc import Iterator

from fleet.model.fleet import Agent, Ceilings, Fleet, Limit
from fleet.policy.budget import LEAST_PART

_FIGURES = ("time_ms", "cost_micros", "tokens")


def bounds(fleet: Fleet) -> Iterator[str]:
    """Each as one sentence."""
    for agent in fleet.agents:
        day, week = agent.budget.per_day, agent.budget.per_week
        for window, limit in (("a day", day), ("a week", week)):
            for word, none in _too_small(limit, agent):
                said = f"The {word} that {agent.name} has for {window} is less than what it has for one run"
                yield f"{said}{': none begins' if none else ''}."
        yield from _week_below_day(agent.name, day, week)
    yield from _shared("the fleet", fleet.budget, list(fleet.agents))
    for workflow in fleet.workflows:
        names = {name for job in workflow.jobs for name in job.agents}
        agents = [agent for agent in fleet.agents if agent.name in names]
        yield from _shared(f"the workflow {workflow.name}", workflow.budget, agents)


def _shared(whose: str, budget: Ceilings, agents: list[Agent]) -> Iterator[str]:
    windows = (("a day", budget.per_day), ("a week", budget.per_week), ("one item", budget.per_item))
    for window, limit in windows:
        found: dict[str, list[tuple[str, bool]]] = {}
        for agent in agents:
            for word, none in _too_small(limit, agent):
                found.setdefault(word, []).append((agent.name, none))
        for word, named in found.items():
            said = f"The {word} that {whose} has for {window} is less than one run of "
            said += _either([name for name, _ in named])
            never = [name for name, none in named if none]
            yield f"{said} has{f': none of {_either(never)} begins' if never else ''}."
    yield from _week_below_day(whose, budget.per_day, budget.per_week)


def _either(names: list[str]) -> str:
    return " or ".join(names)


def _too_small(limit: Limit, agent: Agent) -> Iterator[tuple[str, bool]]:
    """Figures of a limit that are less than one run's, and whether so little that none even begins."""
    for figure in _FIGURES:
        run, most = getattr(agent.budget.per_run, figure), getattr(limit, figure)
        if most and most < run:
            yield figure.partition("_")[0], most * LEAST_PART < run


def _week_below_day(whose: str, day: Limit, week: Limit) -> Iterator[str]:
    for figure in _FIGURES:
        if 0 < getattr(week, figure) < getattr(day, figure):
            word = figure.partition("_")[0]
            yield f"The {word} that {whose} has for a week is less than what it has for a day."
