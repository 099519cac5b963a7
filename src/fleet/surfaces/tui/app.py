"""The dashboard as one program: its screens over one `Live`."""

from __future__ import annotations

from fleet.model.event import Event
from fleet.surfaces.tui.board import Board
from fleet.surfaces.tui.deck import Deck
from fleet.surfaces.tui.figures_page import AgentPage, BudgetsPage, InsightPage
from fleet.surfaces.tui.home import Home
from fleet.surfaces.tui.live import Live
from fleet.surfaces.tui.pages import CardPage, RunPage
from fleet.wiring import Place

_STYLES = """
Screen { background: ansi_default; color: ansi_default; layers: base; }
#top, #foot { height: 1; }
#top { margin-bottom: 1; }
#lists { height: 1fr; }
#lists > * { position: absolute; }
#transcript, #card-page, #figures { height: 1fr; }
#foot { dock: bottom; }
Ask, Help { align: center middle; background: transparent; }
#box, #page { width: 80; max-width: 100%; border: round ansi_bright_black; background: ansi_default; }
#box { height: auto; padding: 0 2; }
#page { height: 30; max-height: 100%; padding: 0 1; }
#keys { height: 1fr; }
#hint { height: 1; }
#field { border: none; height: 1; padding: 0; margin: 0 0 1 0; background: ansi_default; color: ansi_default;
         text-style: underline; }
"""


class Dashboard(Board):
    """The app, from the first screen on."""

    CSS = _STYLES
    ENABLE_COMMAND_PALETTE = False
    TITLE = "Fleet"

    def __init__(self, place: Place, live: Live, actor: str) -> None:
        super().__init__(place, live, actor)
        self._home = Home()

    def on_mount(self) -> None:
        """Show the first screen, and follow the log."""
        self.push_screen(self._home)
        self.live.open(self._frame)

    def on_unmount(self) -> None:
        """Follow no more."""
        self.live.close()

    def open_run(self, run: str) -> None:
        """See `Board`."""
        self.push_screen(RunPage(run))

    def open_approval(self, approval: str) -> None:
        """See `Board`."""
        self.push_screen(CardPage(approval))

    def open_change(self, change: int) -> None:
        """See `Board`."""
        self.push_screen(CardPage(change=change))

    def open_agent(self, agent: str) -> None:
        """See `Board`."""
        self.push_screen(AgentPage(agent))

    def open_budgets(self) -> None:
        """See `Board`."""
        self.push_screen(BudgetsPage())

    def open_insight(self) -> None:
        """See `Board`."""
        self.push_screen(InsightPage())

    def _frame(self, fresh: list[Event]) -> None:
        self._home.heard(fresh)
        if isinstance(self.screen, Deck):
            self.screen.draw(fresh)

    def redraw(self) -> None:
        """See `Board`."""
        if isinstance(self.screen, Deck):
            self.screen.draw(())
