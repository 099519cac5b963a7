"""How things look: signs with words, so that nothing is told by a colour alone; bars; lines that fit.

A line is a tuple of pieces, each a text and the name of its style. Nothing is ever parsed as markup.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.style import Style

from fleet.model.text import clean
from fleet.surfaces.figures import duration

Piece = tuple[str, str]
Line = tuple[Piece, ...]

STYLES: Mapping[str, Style] = {
    "": Style(),
    "dim": Style(dim=True),
    "bold": Style(bold=True),
    "good": Style(color="green"),
    "warn": Style(color="yellow"),
    "bad": Style(color="red"),
    "busy": Style(color="cyan"),
    "place": Style(color="cyan", dim=True),
    "alarm": Style(color="yellow", bold=True, reverse=True),
    "key": Style(bold=True, color="cyan"),
    "good bold": Style(color="green", bold=True),
    "warn bold": Style(color="yellow", bold=True),
    "bad bold": Style(color="red", bold=True),
}

SIGNS: Mapping[str, Piece] = {
    "running": ("●", "busy"),
    "idle": ("○", "dim"),
    "blocked": ("◆", "warn"),
    "failed": ("✗", "bad"),
    "quarantined": ("⊘", "bad"),
}
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_WARN_AT = 0.8


class Column(NamedTuple):
    """A column of a list: its title, at most how wide, and whether it leans to the right. `most` 0: the one
    that takes what is left.
    """

    title: str
    most: int
    right: bool = False
    gap: int = 2  # to the next


def bar(used: float, limit: float | None, cells: int = 6) -> Piece:
    """How much of a ceiling is used; from 80 % on it says so by an exclamation mark at its end."""
    if not limit:
        return ("", "")
    share = max(0.0, used / limit)
    full = min(cells, round(share * cells))
    if used > 0 and full == 0 and share > 0.02:
        full = 1
    if share >= _WARN_AT:
        drawn = "▰" * min(full, cells - 1) + "▱" * (cells - 1 - min(full, cells - 1)) + "!"
        return (drawn, "bad" if share >= 1 else "warn")
    return ("▰" * full + "▱" * (cells - full), "")


def cut(text: str, room: int) -> str:
    """The text in at most `room` cells, an ellipsis standing for what was cut off."""
    if cell_len(text) <= room:
        return text
    return set_cell_size(text, room - 1).rstrip() + "…" if room > 0 else ""


def shown(text: object) -> str:
    """Text from outside on one line, fit for a screen."""
    return clean(str(text))


def widths(columns: Sequence[Column], rows: Sequence[Line], room: int) -> list[int]:
    """How wide each column is, by what is in it; the one that takes what is left gets the rest."""
    found = []
    for at, column in enumerate(columns):
        widest = max((cell_len(row[at][0]) for row in rows), default=0)
        widest = max(widest, cell_len(column.title))
        found.append(min(widest, column.most) if column.most else 0)
    gaps = sum(column.gap for each, column in zip(found, columns, strict=True) if each or not column.most)
    left = room - sum(found) - gaps + columns[-1].gap
    return [each if column.most else max(8, left) for each, column in zip(found, columns, strict=True)]


def laid_out(columns: Sequence[Column], wide: Sequence[int], cells: Sequence[Piece]) -> Line:
    """Cells put side by side; what the widest column can't hold runs on over empty cells beside it."""
    line: list[Piece] = []
    taken = 0
    for at, (column, room, (text, style)) in enumerate(zip(columns, wide, cells, strict=True)):
        if taken or not room:
            taken -= bool(taken)
            continue
        if not column.most:
            taken = next((n for n, (cell, _) in enumerate(cells[at + 1 :]) if cell), 0)
            beside = zip(columns[at:], wide[at + 1 : at + 1 + taken], strict=False)
            room += sum(each + before.gap for before, each in beside if each)
        short = cut(text, room)
        padding = " " * (room - cell_len(short))
        line.append((padding + short if column.right else short + padding, style))
        line.append((" " * column.gap, ""))
    return tuple(line[:-1])


def wrapped(text: str, room: int) -> list[str]:
    """The text's lines, none wider than `room`; at least one."""
    found: list[str] = []
    for line in clean(text, keep_lines=True).expandtabs(4).split("\n"):
        if cell_len(line) <= room:
            found.append(line.rstrip())
            continue
        for part in textwrap.wrap(line, room, drop_whitespace=True, break_on_hyphens=False) or [""]:
            found += chop_cells(part, room) if cell_len(part) > room else [part]
    return found or [""]


def lasted(ms: int) -> str:
    """How long something has lasted, in whole seconds: tenths would flicker."""
    return duration(max(0, ms) // 1000 * 1000).replace(".0s", "s").replace("0ms", "0s")


def plain(line: Line) -> str:
    """The line's text."""
    return "".join(text for text, _ in line)
