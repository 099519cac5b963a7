"""Ceilings that several runs share: an agent's day and week, those of the fleet and of a workflow, and what
one work item may cost. Each is a scope: its limit, what was spent in it, and the live runs that draw on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from fleet.model.fleet import Agent, Ceilings, Fleet, Limit
from fleet.model.state import Run, State
from fleet.policy.folds.runs import DAY_MS, workflow_name

_EVER = -1
OVERTIME_MS = 30_000
"""How long past its ceiling a run may take to end: as long as it is given to put things away, and some."""


@dataclass(frozen=True, slots=True)
class Scope:
    """`key` names it for ever (with its day or week), `words` in a sentence. `runs` are its live ones, `free`
    how many more may start beside them.
    """

    key: str
    words: str
    window: str
    limit: Limit
    spent: Limit
    runs: tuple[Run, ...]
    free: int

    def used(self, now: int) -> Limit:
        """What is spent, by live runs too, so far."""
        return Limit(
            self.spent.time_ms + sum(worked_ms(run, now) for run in self.runs),
            self.spent.cost_micros + sum(run.cost_micros for run in self.runs),
            self.spent.tokens + sum(run.tokens for run in self.runs),
        )

    @property
    def place(self) -> str:
        """Where fleet.yaml says how much it is."""
        whose, _, name = self.key.partition(" ")[0].partition("/")
        if whose == "agent":
            base = name.removesuffix("-fallback")
            whose = f"agents.{name}." if name == base else f"agents.{base}.fallback."
        else:
            whose = f"workflows.{name}." if whose == "workflow" else ""
        return f"{whose}budget.per_{self.window or 'item'}"

    def ends(self, now: int) -> int:
        """When it begins anew (ms since the epoch), 0 for never."""
        return window_end(self.window, now)


def worked_ms(run: Run, now: int) -> int:
    """How long a live run has been at work; what it waited for its provider or a person does not count."""
    return max(0, now - run.started - run.waited_ms) if run.started else 0


def works_overtime(run: Run) -> bool:
    """Whether it was heard long after its supervisor should have ended it: a session without a sandbox can
    tell that one to wait.
    """
    if not run.started or not run.ceiling_ms:
        return False
    return run.heard > run.started + run.ceiling_ms + run.waited_ms + OVERTIME_MS


def window_end(window: str, now: int) -> int:
    """When the next `day` or `week` begins (ms since the epoch), 0 for another window, which has no end."""
    today = now // DAY_MS
    return {"day": today + 1, "week": week_of(today) + 7}.get(window, 0) * DAY_MS


def week_of(day: int) -> int:
    """The number of the Monday of a day's week. Day 0 was a Thursday."""
    return day - (day + 3) % 7


def scopes_of_agent(state: State, agent: Agent, live: Iterable[Run]) -> list[Scope]:
    """The agent's own day and week, where they have a limit."""
    record = state.agents.get(agent.name)
    spent = record.spent if record else {}
    runs = tuple(live)
    free = max(1, agent.slots - len(runs))
    budget = agent.budget
    found = _windows(state, f"agent/{agent.name}", "its", budget.per_day, budget.per_week, spent)
    return [Scope(key, words, window, limit, used, runs, free) for key, words, window, limit, used in found]


def scopes_of_job(fleet: Fleet, state: State, workflow: str, item: int, live: Iterable[Run]) -> list[Scope]:
    """Those that a run of this workflow (a name, "" for a task by hand) on this item shares with others."""
    declared = fleet.workflow(workflow) if workflow else None
    if fleet.budget == Ceilings() and (declared is None or declared.budget == Ceilings()):
        return []
    runs = list(live)
    found = list(_shared(fleet, state, "fleet", "the fleet's", fleet.budget, runs, item))
    if declared is not None and declared.budget != Ceilings():
        mine = [run for run in runs if workflow_name(state, run) == workflow]
        name = f"workflow/{workflow}"
        found += _shared(fleet, state, name, f"the workflow {workflow}'s", declared.budget, mine, item)
    return found


def live_scopes(fleet: Fleet, state: State, live: Mapping[str, list[Run]]) -> Iterator[Scope]:
    """Every scope with a limit: all agents', and those that live runs draw on. `live` are runs by agent."""
    for agent in fleet.agents:
        yield from scopes_of_agent(state, agent, live.get(agent.name, ()))
    if fleet.budget == Ceilings() and all(each.budget == Ceilings() for each in fleet.workflows):
        return
    runs = [run for each in live.values() for run in each]
    seen: set[str] = set()
    for run in runs:
        for scope in scopes_of_job(fleet, state, workflow_name(state, run), run.item, runs):
            if scope.key not in seen:
                seen.add(scope.key)
                yield scope


def shared_scopes(fleet: Fleet, state: State, live: Mapping[str, list[Run]]) -> list[Scope]:
    """Those of the fleet and of each workflow, whether anything runs in them or not."""
    runs = [run for each in live.values() for run in each]
    found: dict[str, Scope] = {}
    for name in ("", *(workflow.name for workflow in fleet.workflows)):
        found |= {scope.key: scope for scope in scopes_of_job(fleet, state, name, 0, runs)}
    return list(found.values())


def has_windows(fleet: Fleet) -> bool:
    """Whether anything has a limit that a new day lifts."""
    none = Limit()
    shared = (fleet.budget, *(each.budget for each in fleet.workflows))
    return any(each.per_day != none or each.per_week != none for each in shared) or any(
        agent.budget.per_day != none or agent.budget.per_week != none for agent in fleet.agents
    )


def _shared(
    fleet: Fleet, state: State, name: str, words: str, limits: Ceilings, runs: list[Run], item: int
) -> Iterator[Scope]:
    spent = state.spent.get(name, {})
    free = max(1, sum(agent.slots for agent in fleet.agents) - len(runs))
    for key, said, window, limit, used in _windows(
        state, name, words, limits.per_day, limits.per_week, spent
    ):
        yield Scope(key, said, window, limit, used, tuple(runs), free)
    if limits.per_item != Limit() and item:
        mine = tuple(run for run in runs if run.item == item)
        key = f"item/{item}" if name == "fleet" else f"{name} item/{item}"
        used = _sum(state.spent.get(key, {}), _EVER)
        said, free = f"{words} share for item {item}:", max(1, 2 - len(mine))
        yield Scope(key, said, "", limits.per_item, used, mine, free)


def _windows(
    state: State, name: str, words: str, day: Limit, week: Limit, spent: Mapping[int, Mapping[str, int]]
) -> Iterator[tuple[str, str, str, Limit, Limit]]:
    today = state.now // DAY_MS
    monday = week_of(today)
    if day != Limit():
        yield f"{name} {today}", words, "day", day, _sum(spent, today, today)
    if week != Limit():
        yield f"{name} w{monday}", words, "week", week, _sum(spent, monday, today)


def _sum(spent: Mapping[int, Mapping[str, int]], first: int, last: int = 1 << 40) -> Limit:
    days = [each for day, each in spent.items() if first <= day <= last]
    return Limit(*(sum(each.get(name, 0) for each in days) for name in ("time_ms", "cost_micros", "tokens")))
