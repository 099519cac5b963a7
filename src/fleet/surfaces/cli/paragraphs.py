"""Text by others on a person's screen: cleaned, indented so that it can't pass for Fleet's own words."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from fleet.surfaces.cli.output import Style, clean, say, width
from fleet.surfaces.cli.table import Column, table_lines


def say_block(text: str, *, indent: int = 4) -> None:
    """Write a text of many lines, each indented."""
    for line in block_lines(text, indent=indent):
        say(line)


def block_lines(text: str, *, indent: int = 4) -> Iterator[str]:
    """The lines of a text, each indented; line breaks are kept as they are, and long lines too."""
    for line in clean(text, keep_lines=True).expandtabs(4).strip("\n").split("\n"):
        yield f"{' ' * indent}{line}".rstrip()


def say_wrapped(text: str, *, indent: int = 0, first: str = "") -> None:
    """Write one paragraph wrapped to the terminal. `first` stands in the place of the first line's indent."""
    blank = " " * indent
    lead = first or blank
    for line in textwrap.wrap(
        clean(text), max(20, width()), initial_indent=lead, subsequent_indent=blank, break_on_hyphens=False
    ):
        say(line)


def say_line(text: str, *, indent: int = 0) -> None:
    """Write one line, cleaned, with its indent."""
    say(" " * indent + clean(text))


def say_table(
    columns: Sequence[Column | str],
    rows: Sequence[Sequence[str]],
    *,
    indent: int = 2,
    styles: Mapping[str, Style] | None = None,
) -> None:
    """Write a table below something, indented; nothing for no rows."""
    if rows:
        for line in table_lines(columns, rows, width() - indent, styles=styles):
            say(" " * indent + line)


def say_fact(name: str, text: str) -> None:
    """Write `name: text`, left out when there is no text."""
    if text:
        say_wrapped(text, indent=12, first=f"  {name:<10}")
