"""A titled list of lines: the one widget that all is made of. Only lines that differ are painted again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from fleet.surfaces.tui.look import STYLES, Line, cut, plain

_CHOSEN = Style(reverse=True)
_WHEEL = 3


class Row:
    """A line with the name by which it is known from one frame to the next."""

    __slots__ = ("_line", "key")

    def __init__(self, key: str, line: Line) -> None:
        self.key, self._line = key, line

    @property
    def line(self) -> Line:
        """What it shows."""
        return self._line


class Rows(Widget, can_focus=True):
    """Rows below a title, one of them chosen. With `reading` none is, and the keys turn the page.

    With `follow` it stays at the end while its last row is chosen. No text is parsed as markup.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup,b", "page(-1)", show=False),
        Binding("pagedown,f", "page(1)", show=False),
        Binding("home", "end(-1)", show=False),
        Binding("end,G", "end(1)", show=False),
    ]

    class Chosen(Message):
        """Another row is chosen."""

        def __init__(self, rows: Rows) -> None:
            super().__init__()
            self.rows = rows

        @property
        def control(self) -> Rows:
            """The list."""
            return self.rows

    def __init__(self, *, follow: bool = False, reading: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.follow, self.reading = follow, reading
        self.filter = ""
        self._head: Line = ()
        self._all: Sequence[Row] = ()
        self._rows: Sequence[Row] = ()
        self._top = 0
        self._at = 0
        self._at_end = follow
        self._painted: list[object] = []

    @property
    def chosen(self) -> str:
        """The key of the chosen row, empty where there is none."""
        return self._rows[self._at].key if self._rows and not self.reading else ""

    @property
    def rows(self) -> Sequence[Row]:
        """Those that the filter lets through."""
        return self._rows

    @property
    def at_end(self) -> bool:
        """Whether it follows what comes."""
        return self._at_end

    @property
    def within(self) -> range:
        """The places of the rows that can be seen."""
        return range(self._top, min(len(self._rows), self._top + self._room))

    def show(self, head: Line, rows: Sequence[Row]) -> None:
        """Show these rows; the chosen one stays chosen, wherever it is now."""
        key = self.chosen
        self._head, self._all = head, rows
        self._sift()
        if self.follow and self._at_end:
            self._at = max(0, len(self._rows) - 1)
        elif key and not (self._at < len(self._rows) and self._rows[self._at].key == key):
            place = next((at for at, row in enumerate(self._rows) if row.key == key), None)
            if place is not None:
                self._top += place - self._at
                self._at = place
        self._settle()
        if self.chosen != key:
            self.post_message(self.Chosen(self))

    def sift(self, text: str) -> None:
        """Show only rows that have all these words."""
        self.filter = text.strip()
        self.show(self._head, self._all)

    def choose(self, key: str) -> bool:
        """Choose that row; False where there is none."""
        place = next((at for at, row in enumerate(self._rows) if row.key == key), None)
        if place is None:
            return False
        self._go(place)
        return True

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width = self.size.width
        if y == 0:
            return strip(self._title(width), width)
        place = self._top + y - 1
        if place >= len(self._rows):
            return Strip.blank(width)
        chosen = place == self._at and self.has_focus and not self.reading
        return strip(self._rows[place].line, width, _CHOSEN if chosen else None)

    def action_move(self, by: int) -> None:
        """Choose the next row, or turn by a line."""
        if self.reading:
            self._turn(by)
        else:
            self._go(self._at + by)

    def action_page(self, by: int) -> None:
        """Turn by a screen."""
        if self.reading:
            self._turn(by * max(1, self._room - 1))
        else:
            self._go(self._at + by * max(1, self._room - 1))

    def action_end(self, where: int) -> None:
        """Go to the first or the last row."""
        if self.reading:
            self._turn(where * len(self._rows))
        else:
            self._go(0 if where < 0 else len(self._rows) - 1)

    def on_mouse_scroll_up(self) -> None:
        """The wheel, for those who have one."""
        self.action_move(-_WHEEL)

    def on_mouse_scroll_down(self) -> None:
        """The wheel, for those who have one."""
        self.action_move(_WHEEL)

    def on_click(self, event: events.Click) -> None:
        """Choose what is clicked on."""
        if event.y > 0 and not self.reading:
            self._go(self._top + event.y - 1)

    def on_focus(self) -> None:
        """Show what is chosen."""
        self.refresh()

    def on_blur(self) -> None:
        """Show that the keys go elsewhere."""
        self.refresh()

    def on_resize(self) -> None:
        """Keep the chosen row in sight."""
        self._painted = []
        self._settle()

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """As wide as there is room."""
        return container.width

    @property
    def _room(self) -> int:
        return max(0, self.size.height - 1)

    def _go(self, place: int) -> None:
        before = self.chosen
        self._at = place
        last = len(self._rows) - 1
        self._at_end = self.follow and place >= last
        self._settle()
        if self.chosen != before:
            self.post_message(self.Chosen(self))

    def _turn(self, by: int) -> None:
        self._top += by
        self._settle()

    def _sift(self) -> None:
        words = self.filter.lower().split()
        if not words:
            self._rows = self._all
        else:
            texts = ((row, plain(row.line).lower()) for row in self._all)
            self._rows = [row for row, text in texts if all(word in text for word in words)]

    def _settle(self) -> None:
        """Keep the place within the rows and in sight, and paint what differs."""
        self._at = max(0, min(self._at, len(self._rows) - 1))
        room = self._room
        if not self.reading and room:
            self._top = max(self._at - room + 1, min(self._top, self._at))
        self._top = max(0, min(self._top, len(self._rows) - room))
        self._paint()

    def _paint(self) -> None:
        width, height = self.size
        if not width or not height:
            return
        wanted: list[object] = [self._title(width)]
        for place in range(self._top, self._top + height - 1):
            line = self._rows[place].line if place < len(self._rows) else None
            wanted.append((line, place == self._at))
        if len(wanted) != len(self._painted):
            self.refresh()
        else:
            pairs = enumerate(zip(wanted, self._painted, strict=True))
            changed = [Region(0, y, width, 1) for y, (new, old) in pairs if new != old]
            if changed:
                self.refresh(*changed)
        self._painted = wanted

    def _title(self, width: int) -> Line:
        """The head, marked where the keys go here, with what is out of sight at its right end."""
        mark = ("▸ ", "key") if self.has_focus else ("  ", "")
        line = (mark, *self._head)
        notes = []
        if self.filter:
            notes.append(f"/{self.filter}")
        if len(self._rows) > self._room > 0:
            seen = self.within
            notes.append(f"{seen.start + 1}–{seen.stop} of {len(self._rows)}")
        if not notes:
            return line
        note = "  " + "  ".join(notes)
        used = sum(cell_len(text) for text, _ in line)
        if used + len(note) > width:
            note = f"  /{cut(self.filter, 12)}" if self.filter else ""
            note += ("▴" if self.within.start else " ") + ("▾" if self.within.stop < len(self._rows) else " ")
            line, used = _cut(line, width - cell_len(note))
        return (*line, (" " * (width - used - cell_len(note)), ""), (note, "dim"))


def _cut(line: Line, room: int) -> tuple[Line, int]:
    """The line in at most `room` cells, and how many it takes."""
    kept: list[tuple[str, str]] = []
    used = 0
    for text, style in line:
        short = cut(text, room - used)
        kept.append((short, style))
        used += cell_len(short)
    return tuple(kept), used


def strip(line: Line, width: int, over: Style | None = None) -> Strip:
    """The line, cut or filled to the width; `over` is laid over all of it."""
    segments = [
        Segment(text, STYLES[style] + over if over else STYLES[style]) for text, style in line if text
    ]
    return Strip(segments).adjust_cell_length(width, over or STYLES[""])
