"""A transcript as rows: what the agent said in full, what it did on a line, long results folded."""

from __future__ import annotations

from collections.abc import Iterable

from fleet.surfaces.figures import clock
from fleet.surfaces.tui.look import Line, wrapped
from fleet.surfaces.tui.patch import is_patch, patch_line
from fleet.surfaces.tui.reading import MOST_ENTRIES
from fleet.surfaces.tui.rows import Row
from fleet.views.transcript import Entry

_SIGNS = {
    "message": ("●", "busy", ""),
    "tool": ("▸", "bold", "bold"),
    "note": ("·", "dim", "dim"),
    "retry": ("…", "warn", "warn"),
    "conversation": ("·", "dim", "dim"),
    "finished": ("■", "good", ""),
}
_FOLDED_LINES = 4
_MOST_LINES = 400
_INDENT = 12  # cells before the text: time, sign and gaps


class Scroll:
    """The rows of one transcript, laid out for a width."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._entries: list[Entry] = []
        self._first = 0  # the number of the first entry that is kept
        self._open: set[int] = set()
        self._room = 0

    def add(self, entries: Iterable[Entry], room: int) -> None:
        """Take in what is new, for lines so wide."""
        fresh = list(entries)
        self._entries += fresh
        over = len(self._entries) - MOST_ENTRIES
        if over > 0:
            del self._entries[:over]
            self._first += over
        if room != self._room or over > 0:
            self._room = room
            self._lay_out()
            return
        start = self._first + len(self._entries) - len(fresh)
        self.rows = self.rows + [row for at, each in enumerate(fresh, start) for row in self._of(at, each)]

    def fold(self, key: str) -> None:
        """Show all of the entry that this row belongs to, or fold it again."""
        self._open ^= {int(key.split(".")[0])}
        self._lay_out()

    def _lay_out(self) -> None:
        self.rows = [row for at, each in enumerate(self._entries, self._first) for row in self._of(at, each)]

    def _of(self, number: int, entry: Entry) -> list[Row]:
        lines = wrapped(entry.text.strip(), max(20, self._room - _INDENT))
        if entry.kind == "result":
            sign = ("✓", "good") if entry.ok else ("✗", "bad")
            head: Line = ((f"{clock(entry.t)}  ", "dim"), ("  ", ""), (f"{sign[0]} ", sign[1]))
            style, most = "dim", _FOLDED_LINES
        else:
            shape, sign_style, style = _SIGNS[entry.kind]
            if not entry.ok:
                sign_style = style = "bad"
            head = ((f"{clock(entry.t)}  ", "dim"), (f"{shape} ", sign_style))
            most = 1 if entry.kind == "tool" else _MOST_LINES
        shown = lines[: _MOST_LINES if number in self._open else most]
        coloured = entry.kind == "result" and is_patch(entry.text)
        rows = []
        for at, line in enumerate(shown):
            before = head if not at else ((" " * sum(len(text) for text, _ in head), ""),)
            style_here = (patch_line(line) or "dim") if coloured else style
            rows.append(Row(f"{number}.{at}", (*before, (line, style_here))))
        if len(lines) > len(shown):
            left = len(lines) - len(shown)
            more = (
                (" " * _INDENT + " … ", ""),
                (f"{left} more {'line' if left == 1 else 'lines'}: space", "place"),
            )
            rows.append(Row(f"{number}.more", more))
        return rows
