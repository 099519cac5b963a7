"""The page of all keys."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from fleet.surfaces.tui.keys import DEEDS, LOOKS, MOVES, name
from fleet.surfaces.tui.look import SIGNS, Line
from fleet.surfaces.tui.rows import Row, Rows

_KEY = 16


class Help(ModalScreen[None]):
    """All keys, and what the signs mean. Any key that is not for reading closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,enter,space", "dismiss", show=False)
    ]

    def compose(self) -> ComposeResult:
        """One list to read."""
        with Vertical(id="page"):
            yield Rows(reading=True, id="keys")

    def on_mount(self) -> None:
        """Show it."""
        rows = self.query_one(Rows)
        lines = help_lines()
        rows.show(
            (("KEYS", "bold"), ("  esc goes back", "dim")),
            [Row(str(at), each) for at, each in enumerate(lines)],
        )
        rows.focus()


def help_lines() -> list[Line]:
    """Every key with what it does, then the signs."""
    lines: list[Line] = [_line(name(each.key), each.help) for each in (*DEEDS, *LOOKS)]
    lines += [_line(keys, what) for keys, what in MOVES]
    signs: list[tuple[str, str]] = [("  signs", "dim"), (" " * (_KEY - 5), ""), ("⠋ at work  ", "busy")]
    signs += [(f"{sign} {state}  ", style) for state, (sign, style) in SIGNS.items() if state != "running"]
    return [*lines, tuple(signs)]


def _line(keys: str, what: str) -> Line:
    return (("  ", ""), (f"{keys:<{_KEY}}", "key"), (what, ""))
