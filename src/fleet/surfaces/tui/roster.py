"""The list of agents: what each does, for how long, what it has used. Those in trouble stand first."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from fleet.model import events
from fleet.model.event import Event
from fleet.model.state import Run
from fleet.surfaces.tui.live import Live
from fleet.surfaces.tui.look import SIGNS, SPINNER, Column, Line, Piece, bar, laid_out, lasted, shown, widths
from fleet.surfaces.tui.rows import Row
from fleet.views.agents import AgentState, condition_of, last_run
from fleet.views.doing import doing as doing_now
from fleet.views.ledger import agent_budget

_RANK: dict[AgentState, int] = {"quarantined": 0, "failed": 0, "blocked": 0, "running": 1, "idle": 2}
_EVERY_MS = 1000
_ALL_MS = 3000
_SMALL = (events.RUN_ACTED, events.RUN_SPENT)
_SELDOM = 100  # times what looking at all of them takes
_COLUMNS = (
    Column("AGENTS", 16),
    Column("STATE", 11),
    Column("RUN", 5),
    Column("ABOUT", 9),
    Column("LAST ACTION", 0),
    Column("TIME", 7, right=True, gap=1),
    Column("OF RUN", 6),
    Column("TODAY", 7, right=True, gap=1),
    Column("OF DAY", 6),
)
_ROOMY = 90  # columns; from here on names of agents may be longer
_NARROW = 100  # columns; below this the run's name and the word for what it is about take too much


class Roster:
    """Rows of agents. In a storm of events only those that were spoken of are looked at again."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._cells: dict[str, list[tuple[str, Piece, tuple[Piece, ...]]]] = {}  # key, mark, cells
        self._steps: dict[str, int] = {}  # how often an agent was spoken of: its spinner turns with it
        self._order: list[str] = []
        self._wide: list[int] = []
        self._lines: dict[str, tuple[tuple[Piece, ...], Line]] = {}  # by key: what was laid out, and how
        self._room = 0
        self._names: list[str] = []
        self._full = self._beat = 0  # when all, and those at work, were looked at
        self._every = _ALL_MS
        self._stale: set[str] = set()
        self.states: dict[str, AgentState] = {}
        self.spent: dict[str, float] = {}  # today, in dollars

    def heard(self, fresh: Iterable[Event]) -> None:
        """Look again at the agents that these events are about, and now and then at all of them. What a run
        does and spends changes nothing but its own row: that has time until somebody sees it.
        """
        now = self._live.now
        if now - self._full >= self._every or now < self._full:
            self._look_at_all(now)
            return
        before = dict(self.states)
        for event in fresh:
            name = _agent_of(self._live, event)
            if name in self._cells:
                if event.type in _SMALL:
                    self._stale.add(name)
                else:
                    self._look(name, now)
        if now - self._beat >= _EVERY_MS:
            self._beat, self._room = now, 0
            self._stale |= {name for name, state in self.states.items() if state == "running"}
        if self.states != before:
            self._sort()

    def _look_at_all(self, now: int) -> None:
        began = time.perf_counter()
        names = _names(self._live)
        for gone in set(self._cells) - set(names):
            del self._cells[gone], self.states[gone], self.spent[gone]
        for name in names:
            self._look(name, now)
        self._full = self._beat = now
        self._every = max(_ALL_MS, int((time.perf_counter() - began) * 1000 * _SELDOM))
        self._names = names
        self._sort()

    def _sort(self) -> None:
        self._order = sorted(self._names, key=lambda name: _RANK[self.states[name]])
        self._room = 0

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(len(each) for each in self._cells.values())

    def count(self, *states: AgentState) -> int:
        """How many agents are in one of these states."""
        return sum(1 for each in self.states.values() if each in states)

    def lines(self, room: int, seen: Iterable[Row]) -> tuple[Line, list[Row]]:
        """The head of the list, and its rows. `seen`: those that can be seen now."""
        for name in {row.key.split(":")[1] for row in seen} & self._stale & set(self._cells):
            self._look(name, self._live.now)
        found = [each for name in self._order for each in self._cells[name]]
        if room != self._room:
            self._room = room
            before = self._wide
            columns = _COLUMNS if room < _ROOMY else (Column("AGENTS", 22), *_COLUMNS[1:])
            self._wide = widths(columns, [cells for _, _, cells in found], room - GUTTER)
            if room < _NARROW:
                self._wide[4] += self._wide[2] + 2
                self._wide[2] = 0
            if self._wide != before or len(self._lines) > 4 * len(found):
                self._lines.clear()
        head = laid_out(
            _COLUMNS,
            self._wide,
            [(each.title, "bold" if not at else "dim") for at, each in enumerate(_COLUMNS)],
        )
        return head, [Row(key, self._line(key, mark, cells)) for key, mark, cells in found]

    def _line(self, key: str, mark: Piece, cells: tuple[Piece, ...]) -> Line:
        """Laid out anew only where it differs from the last frame."""
        wanted = (mark, *cells)
        kept = self._lines.get(key)
        if kept is None or kept[0] != wanted:
            kept = self._lines[key] = (wanted, (mark, *laid_out(_COLUMNS, self._wide, cells)))
        return kept[1]

    def _look(self, name: str, now: int) -> None:
        live = self._live
        fleet, state = live.fleet, live.state
        condition = condition_of(fleet, state, name, now, watched=live.watched)
        self.states[name] = condition.state
        self._stale.discard(name)
        sign, style = SIGNS[condition.state]
        budget = agent_budget(state, fleet.agent(name), name, now)
        runs = [run for each in state.moving if (run := state.runs[each]).live and run.agent == name]
        self.spent[name] = budget["cost"]["used"]
        today = _today(budget)
        if not runs:
            last = last_run(state, name)
            doing, failed = condition.reason, condition.state in ("failed", "blocked")
            if not doing and last is not None:
                doing = f"{last.id} {last.outcome}{': ' if last.reason else ''}{last.reason}"
            cells: tuple[Piece, ...] = (
                (shown(name), ""),
                (condition.state, style),
                (last.id if last and failed else "", "dim"),
                _about(last if failed else None),
                (shown(doing), style if condition.state != "idle" else "dim"),
                ("", ""),
                ("", ""),
                *today,
            )
            self._cells[name] = [(f"agent:{name}:{last.id if last else ''}", (f"{sign} ", style), cells)]
            return
        self._cells[name] = []
        self._steps[name] = self._steps.get(name, 0) + 1
        spin = SPINNER[self._steps[name] % len(SPINNER)]
        for at, run in enumerate(runs):
            first = at == 0
            state_word = (
                "stopping"
                if run.stop_reason
                else condition.state
                if condition.state == "quarantined"
                else "waits"
                if run.waits_until > now
                else run.state
            )
            cells = (
                (shown(name) if first else "", ""),
                (state_word, "warn" if run.stop_reason or state_word == "waits" else style),
                (run.id, "dim"),
                _about(run),
                (
                    shown(
                        (f"try {run.attempt}: " if run.attempt > 1 else "")
                        + ((run.stop_reason and f"stopping: {run.stop_reason}") or doing_now(run, now) or "—")
                    ),
                    "",
                ),
                (lasted(now - run.started) if run.started else "", ""),
                bar(now - run.started, run.ceiling_ms) if run.started else ("", ""),
                *(today if first else (("", ""), ("", ""))),
            )
            self._cells[name].append((f"agent:{name}:{run.id}", (f"{spin} ", "busy"), cells))


GUTTER = 2  # the sign and its gap


def _about(run: Run | None) -> Piece:
    if run is None or not (run.item or run.change):
        return ("", "")
    item, change = f"#{run.item}" if run.item else "", f"PR{run.change}" if run.change else ""
    return (" ".join(part for part in (item, change) if part), "place")


def _today(budget: dict[str, dict[str, Any]]) -> tuple[Piece, Piece]:
    """What the day has cost, and the fullest of its ceilings."""
    shares = [(each["used"] / each["limit"], each) for each in budget.values() if each["limit"]]
    fullest = max(shares, key=lambda share: share[0])[1] if shares else None
    money = (f"${budget['cost']['used']:.2f}", "")
    return money, bar(fullest["used"], fullest["limit"]) if fullest else ("", "")


def _names(live: Live) -> list[str]:
    """The agents of fleet.yaml, and those that are gone from it but still do something."""
    names = dict.fromkeys(agent.name for agent in live.fleet.agents)
    names |= dict.fromkeys(name for name, record in live.state.agents.items() if record.quarantined)
    moving = (live.state.runs[each] for each in live.state.moving)
    names |= dict.fromkeys(run.agent for run in moving if run.live and run.agent)
    return list(names)


def _agent_of(live: Live, event: Event) -> str:
    run = live.state.runs.get(str(event.data.get("run", "")))
    return run.agent if run is not None else str(event.data.get("agent", ""))
