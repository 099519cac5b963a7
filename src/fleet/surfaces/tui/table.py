"""A small table as rows: a dim head, then its lines."""

from __future__ import annotations

from collections.abc import Sequence

from fleet.surfaces.tui.look import Column, Line, Piece, laid_out, widths
from fleet.surfaces.tui.rows import Row

_WIDEST = 100


def table(
    columns: Sequence[Column], cells: Sequence[tuple[Piece, ...]], room: int, keys: Sequence[str] = ()
) -> list[Row]:
    """Its rows, for so many columns of the screen, of which it takes no more than the eye can follow.
    `keys`: what each line is about, where it is something.
    """
    wide = widths(columns, cells, min(room, _WIDEST) - 2)
    head = laid_out(columns, wide, [(each.title, "dim") for each in columns])
    rows = [Row("", _indented(head))]
    for at, line in enumerate(cells):
        rows.append(Row(keys[at] if keys else "", _indented(laid_out(columns, wide, line))))
    return rows


def title(text: str, note: str = "") -> list[Row]:
    """An empty line, and what follows it."""
    return [Row("", ()), Row("", ((text, "bold"), (f"  {note}" if note else "", "dim")))]


def said(*pieces: Piece) -> Row:
    """A line of words."""
    return Row("", _indented(pieces))


def _indented(line: Sequence[Piece]) -> Line:
    return (("  ", ""), *line)
