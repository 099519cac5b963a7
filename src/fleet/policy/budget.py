"""What an agent may still spend today (UTC). What live runs may yet use is set aside when they are admitted,
so runs that start together cannot overshoot together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fleet.model.fleet import Agent, Fleet, Limit
from fleet.model.state import Run, State
from fleet.policy.ceilings import Scope, live_scopes, scopes_of_agent, worked_ms
from fleet.policy.folds.runs import DAY_MS


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a run that is admitted now may use, zero for no ceiling; or, in `refused`, why there is none, in
    `until` till when (ms since the epoch, 0 for ever), and in `place` where fleet.yaml says how much it is.
    """

    time_ms: int = 0
    cost_micros: int = 0
    tokens: int = 0
    refused: str = ""
    until: int = 0
    place: str = ""


UNBOUNDED = Allowance()
LEAST_PART = 10
"""A run begins only with at least this part (a tenth) of what it might use: else it would be cut off soon."""


def used_today(state: State, name: str, now: int, live: Sequence[Run] | None = None) -> Limit:
    """What the agent has spent on the day of `now`: its ended runs, and its live ones so far (`live`, where
    they are at hand).
    """
    day = state.agents[name].spent.get(now // DAY_MS, {}) if name in state.agents else {}
    live = live_runs(state, name) if live is None else live
    return Limit(
        time_ms=day.get("time_ms", 0) + sum(worked_ms(run, now) for run in live),
        cost_micros=day.get("cost_micros", 0) + sum(run.cost_micros for run in live),
        tokens=day.get("tokens", 0) + sum(run.tokens for run in live),
    )


def allowance(state: State, agent: Agent, live: list[Run], shared: Sequence[Scope] = ()) -> Allowance:
    """What one more run of the agent may use, given the runs that hold its slots and the scopes that it would
    share with others. What live runs may yet use is taken as used.
    """
    per_run = agent.budget.per_run
    found = per_run
    for scope in (*scopes_of_agent(state, agent, live), *shared):
        limit, left = scope.limit, _left(scope)
        refused = _used_up(scope, left) or _too_little(scope, per_run, left)
        if refused:
            return Allowance(refused=refused, until=scope.ends(state.now), place=scope.place)
        found = Limit(
            _share(found.time_ms, limit.time_ms, left.time_ms, scope.free),
            _share(found.cost_micros, limit.cost_micros, left.cost_micros, scope.free),
            _share(found.tokens, limit.tokens, left.tokens, scope.free),
        )
    return Allowance(found.time_ms, found.cost_micros, found.tokens)


def overspent(fleet: Fleet, state: State) -> dict[str, str]:
    """Live runs that have to end since a ceiling which they share is passed, each with the reason."""
    found: dict[str, str] = {}
    for scope in live_scopes(fleet, state, live_by_agent(state)):
        used, limit = scope.used(state.now), scope.limit
        over = (
            (limit.cost_micros and used.cost_micros > limit.cost_micros)
            or (limit.tokens and used.tokens > limit.tokens)
            or (limit.time_ms and used.time_ms > limit.time_ms)
        )
        if over:
            about = f"{_whose(scope)} ceiling is passed (${used.cost_micros / 1e6:.2f}, {used.tokens} tokens)"
            found |= {run.id: about for run in scope.runs if run.id not in found}
    return found


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


def _left(scope: Scope) -> Limit:
    """What is neither spent nor set aside for live runs."""
    return Limit(
        scope.limit.time_ms - scope.spent.time_ms - sum(run.ceiling_ms for run in scope.runs),
        scope.limit.cost_micros - scope.spent.cost_micros - sum(_cost(run) for run in scope.runs),
        scope.limit.tokens - scope.spent.tokens - sum(max(run.token_limit, run.tokens) for run in scope.runs),
    )


def _cost(run: Run) -> int:
    return max(run.cost_limit, run.cost_micros)


def _share(per_run: int, per_window: int, left: int, free: int) -> int:
    """A run's ceiling: its own, or what is left of the window; without one of its own, an even share of what
    is left.
    """
    if not per_window:
        return per_run
    return min(per_run, left) if per_run else max(1, left // free)


def _used_up(scope: Scope, left: Limit) -> str:
    """Which figure of the ceiling has nothing left, in words; "" for none."""
    for figure, most, rest, least in _figures(scope.limit, left):
        if most and rest < least:
            return f"{_of(scope, figure)} is used up or set aside ({amount(figure, most)})"
    return ""


def _too_little(scope: Scope, per_run: Limit, left: Limit) -> str:
    """Which figure has so little left that a run could only be cut off; "" for none. It is too little where
    it is less than a tenth of what a run would get of the whole ceiling.
    """
    wanted = _figures(per_run, per_run)
    for (figure, most, rest, _), (_, own, _, _) in zip(_figures(scope.limit, left), wanted, strict=True):
        if not most:
            continue
        whole = min(own, most) if own else most // (scope.free + len(scope.runs))
        if _share(own, most, rest, scope.free) * LEAST_PART < whole:
            return f"too little is left of {_of(scope, figure)} for a run: {amount(figure, rest, most)}"
    return ""


def _figures(limit: Limit, left: Limit) -> tuple[tuple[str, int, int, int], ...]:
    """Each figure by its name: the ceiling, what is left of it, and less than what is nothing at all."""
    return (
        ("time", limit.time_ms, left.time_ms, 1000),
        ("cost", limit.cost_micros, left.cost_micros, 1),
        ("tokens", limit.tokens, left.tokens, 1),
    )


def amount(figure: str, *amounts: int) -> str:
    """The amounts in words, one of another: `2 of 2.5 dollars`."""
    unit, size = {"time": ("minutes", 60_000), "cost": ("dollars", 1_000_000), "tokens": ("tokens", 1)}[
        figure
    ]
    return f"{' of '.join(f'{each / size:.6g}' for each in amounts)} {unit}"


def _of(scope: Scope, figure: str) -> str:
    return f"{scope.words} {figure}" + (f" of the {scope.window}" if scope.window else "")


def _whose(scope: Scope) -> str:
    return f"{scope.words} {scope.window}'s".strip() if scope.window else scope.words.removesuffix(":")
