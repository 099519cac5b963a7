"""Lines that stand still: the top, the bottom, the card. Nothing of them can be chosen."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from fleet.surfaces.tui.look import Line
from fleet.surfaces.tui.rows import strip


class Words(Widget):
    """Some lines of text. Only those that differ are painted again."""

    def __init__(self, *lines: Line, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lines: Sequence[Line] = lines

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines."""
        before, self.lines = self.lines, lines
        if len(before) != len(lines):
            self.refresh()
            return
        pairs = enumerate(zip(lines, before, strict=True))
        changed = [Region(0, y, self.size.width, 1) for y, (new, old) in pairs if new != old]
        if changed:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        return strip(self.lines[y] if y < len(self.lines) else (), self.size.width)
