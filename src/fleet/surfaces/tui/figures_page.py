"""The screens of figures: budgets, insight, one agent. They are worked out anew every other second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult

from fleet.model.event import Event
from fleet.surfaces.tui.budgets import budgets
from fleet.surfaces.tui.deck import Deck, Target
from fleet.surfaces.tui.insights import SPANS, insights
from fleet.surfaces.tui.look import Line
from fleet.surfaces.tui.profile import profile
from fleet.surfaces.tui.rows import Row, Rows
from fleet.surfaces.tui.words import Words

_EVERY_MS = 2000


class FiguresPage(Deck):
    """A page of figures, to be read; what is chosen in it can be opened."""

    HINTS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("escape", "back"),
        ("enter", "open"),
        ("p", "the agent"),
        ("slash", "find"),
        ("question_mark", "help"),
        ("q", "quit"),
    )

    def __init__(self) -> None:
        super().__init__()
        self._made_at = self._room = 0
        self._made: tuple[Line, list[Row]] = ((), [])

    def made(self, room: int) -> tuple[Line, list[Row]]:
        """The head and the lines, for so many columns."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """All of it, to read."""
        yield Rows(id="figures")
        yield Words(id="foot")

    def on_mount(self) -> None:
        """Read from the beginning."""
        self.query_one(Rows).focus()

    def draw(self, fresh: Sequence[Event]) -> None:
        """See `Deck`."""
        if not self.is_attached:
            return
        rows, room = self.query_one(Rows), max(40, self.size.width - 2)
        if self.live.now - self._made_at >= _EVERY_MS or room != self._room:
            self.work_out(room)
        rows.show(*self._made)
        self.draw_foot()

    def work_out(self, room: int) -> None:
        """Make the page anew."""
        head, lines = self.made(room)
        self._made_at, self._room = self.live.now, room
        # A key for each line, so that the chosen one stays where it is when the figures move.
        keyed = [Row(row.key or f"line:{at}", row.line) for at, row in enumerate(lines)]
        self._made = (head, keyed)

    def target(self) -> Target:
        """See `Deck`."""
        kind, _, rest = self.query_one(Rows).chosen.partition(":")
        state = self.live.state
        if kind == "run" and rest in state.runs:
            run = state.runs[rest]
            return Target(run=rest, agent=run.agent, change=run.change)
        return Target(agent=rest.partition(":")[0]) if kind == "agent" else Target()

    def action_open(self) -> None:
        """The run or the agent that is chosen."""
        target = self.target()
        if target.run:
            self.board.open_run(target.run)
        elif target.agent:
            self.board.open_agent(target.agent)
        else:
            self.tell("Choose a line with a run or an agent", "dim")


class BudgetsPage(FiguresPage):
    """What was spent today against every ceiling."""

    def made(self, room: int) -> tuple[Line, list[Row]]:
        """See `FiguresPage`."""
        return budgets(self.live, room)


class InsightPage(FiguresPage):
    """What came of the work."""

    def __init__(self) -> None:
        super().__init__()
        self._span = 0

    def made(self, room: int) -> tuple[Line, list[Row]]:
        """See `FiguresPage`."""
        return insights(self.live, room, SPANS[self._span])

    def action_everything(self) -> None:
        """Another span of days."""
        self._span = (self._span + 1) % len(SPANS)
        self.work_out(self._room)
        self.draw(())


class AgentPage(FiguresPage):
    """One agent with its record."""

    HINTS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("escape", "back"),
        ("enter", "the run"),
        ("t", "retry"),
        ("Q", "quarantine"),
        ("question_mark", "help"),
    )

    def __init__(self, agent: str) -> None:
        super().__init__()
        self._agent = agent

    def made(self, room: int) -> tuple[Line, list[Row]]:
        """See `FiguresPage`."""
        return profile(self.live, self._agent, room)

    def target(self) -> Target:
        """See `Deck`."""
        return super().target()._replace(agent=self._agent)

    def action_open(self) -> None:
        """The run that is chosen."""
        run = self.target().run
        if run:
            self.board.open_run(run)
        else:
            self.tell("Choose a run to read", "dim")
