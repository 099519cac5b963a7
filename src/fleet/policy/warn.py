"""People are told when half and most of a ceiling is used, before it stops anything."""

from __future__ import annotations

from collections.abc import Iterator

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Fleet, Limit
from fleet.model.state import Run, State
from fleet.policy.budget import live_by_agent
from fleet.policy.ceilings import live_scopes, worked_ms
from fleet.policy.fact import fact

PERCENTAGES = (80, 50)
_FIGURES = (("time", "time_ms"), ("cost", "cost_micros"), ("tokens", "tokens"))


def budgets_to_warn_of(fleet: Fleet, state: State) -> list[Event]:
    """One warning for each ceiling and figure that has come to a percentage which nobody was told of yet."""
    live = live_by_agent(state)
    if not live:
        return []  # nothing is being spent
    decided = []
    for scope in live_scopes(fleet, state, live):
        mine = scope.key.split(" ")[0].removeprefix("agent/")
        whose = f"{mine}'s" if scope.words == "its" else scope.words
        words = f"{whose} {scope.window}".strip().removesuffix(":")
        decided += list(_passed(state, scope.key, words, scope.used(state.now), scope.limit, scope.runs))
    for runs in live.values():
        for run in runs:
            if not _is_half_used(run, state.now):
                continue
            used = Limit(worked_ms(run, state.now), run.cost_micros, run.tokens)
            limit = Limit(run.ceiling_ms, run.cost_limit, run.token_limit)
            decided += list(_passed(state, f"run/{run.id}", f"what {run.id} may use", used, limit, (run,)))
    return decided


def _is_half_used(run: Run, now: int) -> bool:
    """Whether any figure of it is worth a closer look: asked of every live run all the time."""
    return bool(
        (run.cost_limit and 2 * run.cost_micros >= run.cost_limit)
        or (run.token_limit and 2 * run.tokens >= run.token_limit)
        or (run.ceiling_ms and run.started and 2 * (now - run.started) >= run.ceiling_ms)
    )


def _passed(
    state: State, scope: str, words: str, used: Limit, limit: Limit, runs: tuple[Run, ...]
) -> Iterator[Event]:
    for figure, name in _FIGURES:
        spent, most = getattr(used, name), getattr(limit, name)
        reached = next((each for each in PERCENTAGES if most and spent * 100 >= most * each), 0)
        if reached > state.warned.get(f"{scope} {figure}", 0):
            data = {"scope": scope, "words": words, "figure": figure, "percent": reached}
            data |= {"used": spent, "limit": most}
            cause = runs[-1].cause if runs else ""
            subject = scope.split(" ")[0]
            yield fact(events.BUDGET_WARNED, data, cause=cause, subject=subject)
