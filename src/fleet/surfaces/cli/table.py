"""Plain tables that fit the terminal: columns as wide as they need, long text cut where it hurts least."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple
from unicodedata import combining, east_asian_width

from fleet.surfaces.cli.output import Style, clean, say, style, width

_GAP = 2


class Column(NamedTuple):
    """One column: its title, the side its text leans to, and the least width to keep when space is short.

    `least` of zero means that the column is never cut (ids, numbers, states).
    """

    title: str
    lean: Literal["left", "right"] = "left"
    least: int = 0


def print_table(
    columns: Sequence[Column | str],
    rows: Sequence[Sequence[str]],
    *,
    empty: str = "",
    styles: Mapping[str, Style] | None = None,
) -> None:
    """Write rows of text as a table on stdout.

    `empty` is the sentence for no rows at all. `styles` colours a cell by its whole text, such as a state.
    """
    if not rows:
        if empty:
            say(empty)
        return
    for line in table_lines(columns, rows, width(), styles=styles):
        say(line)


def table_lines(
    columns: Sequence[Column | str],
    rows: Sequence[Sequence[str]],
    room: int,
    *,
    styles: Mapping[str, Style] | None = None,
) -> list[str]:
    """The table's lines, at most `room` columns wide as long as the columns that may be cut allow it."""
    heads = [column if isinstance(column, Column) else Column(column) for column in columns]
    cells = [[clean(cell) for cell in row] for row in rows]
    titles = [head.title.upper() for head in heads]
    wanted = [max(display_width(row[at]) for row in [titles, *cells]) for at in range(len(heads))]
    widths = _fit(wanted, heads, room)
    lines = [_line([style(_place(t, w, h), "dim") for t, w, h in zip(titles, widths, heads, strict=True)])]
    for row in cells:
        placed = [_place(cell, wide, head) for cell, wide, head in zip(row, widths, heads, strict=True)]
        colours = styles or {}
        lines.append(
            _line([style(p, colours[c]) if c in colours else p for p, c in zip(placed, row, strict=True)])
        )
    return lines


def display_width(text: str) -> int:
    """How many terminal cells the text takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def cut(text: str, room: int) -> str:
    """The text in at most `room` cells, an ellipsis standing for what was cut off."""
    if display_width(text) <= room:
        return text
    kept, used = "", 0
    for sign in text:
        used += display_width(sign)
        if used > room - 1:
            break
        kept += sign
    return kept.rstrip() + "…" if room > 0 else ""


def _fit(wanted: list[int], heads: Sequence[Column], room: int) -> list[int]:
    """Take cells from the widest column that may be cut until the line fits or none can give more."""
    widths = list(wanted)
    over = sum(widths) + _GAP * (len(widths) - 1) - room
    while over > 0:
        givers = [at for at, head in enumerate(heads) if head.least and widths[at] > head.least]
        if not givers:
            break
        widths[max(givers, key=lambda at: widths[at])] -= 1
        over -= 1
    return widths


def _place(text: str, wide: int, head: Column) -> str:
    short = cut(text, wide)
    padding = " " * (wide - display_width(short))
    return padding + short if head.lean == "right" else short + padding


def _line(parts: list[str]) -> str:
    return (" " * _GAP).join(parts).rstrip()
