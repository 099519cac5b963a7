"""What every screen shares: the project, what is true of it, and who sits here."""

from __future__ import annotations

from textual.app import App

from fleet.surfaces.tui.live import Live
from fleet.surfaces.tui.reading import Patches
from fleet.wiring import Place


class Board(App[None]):
    """The app as its screens see it. `actor` is who sits at it, as events name people: `user/mia`."""

    def __init__(self, place: Place, live: Live, actor: str) -> None:
        super().__init__(ansi_color=True)
        self.place, self.live, self.actor = place, live, actor
        self.patches = Patches(place, self.redraw)

    def open_run(self, run: str) -> None:
        """Read a run."""
        raise NotImplementedError

    def open_approval(self, approval: str) -> None:
        """Read a question."""
        raise NotImplementedError

    def open_change(self, change: int) -> None:
        """Read a change."""
        raise NotImplementedError

    def open_agent(self, agent: str) -> None:
        """Read an agent's record."""
        raise NotImplementedError

    def open_budgets(self) -> None:
        """Read what was spent."""
        raise NotImplementedError

    def open_insight(self) -> None:
        """Read what came of it."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw what is on top again."""
        raise NotImplementedError
