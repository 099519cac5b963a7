"""How the command line writes: JSON for machines, plain tables and a little colour for people.

Everything that people's or agents' text goes through is freed of control characters first: an issue's title
must not be able to move the cursor or retitle the terminal.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Literal, TextIO

from fleet.model.text import clean
from fleet.surfaces.figures import ago, clock, duration, moment, money, tokens

if TYPE_CHECKING:
    from fleet.model.errors import FleetError

__all__ = [
    "ago",
    "clean",
    "clock",
    "duration",
    "may_colour",
    "moment",
    "money",
    "print_error",
    "print_json",
    "print_json_line",
    "print_note",
    "say",
    "style",
    "tokens",
    "width",
]

Style = Literal["bold", "dim", "red", "green", "yellow", "cyan"]

_CODES: dict[str, str] = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


def print_json(value: Any) -> None:
    """Write one JSON document on stdout. Dataclasses become objects, tuples arrays."""
    _write_json(value, indent=2)


def print_json_line(value: Any) -> None:
    """Write one JSON document on one line and flush it, for streams such as `fleet events --follow`."""
    _write_json(value, indent=None)
    sys.stdout.flush()


def say(text: str = "") -> None:
    """Write a line for people on stdout. Pass outside text through `clean` before putting it in."""
    sys.stdout.write(_encodable(text, sys.stdout) + "\n")


def print_note(text: str) -> None:
    """Write a line on stderr that is no error: progress, a hint, what was assumed."""
    sys.stderr.write(_encodable(style(clean(text), "dim", stream=sys.stderr), sys.stderr) + "\n")


def print_error(error: FleetError) -> None:
    """Write an error on stderr: what happened, why, what to do."""
    lines = [f"{style('error:', 'red', stream=sys.stderr)} {_indented(error.what, 7)}"]
    if error.why:
        lines.append(f"  why: {_indented(error.why, 7)}")
    if error.do:
        lines.append(f"   do: {_indented(error.do, 7)}")
    sys.stdout.flush()
    sys.stderr.write(_encodable("\n".join(lines), sys.stderr) + "\n")


def style(text: str, name: Style, *, stream: TextIO | None = None) -> str:
    """The text in a style where `stream` (stdout by default) shows colours, else as it is."""
    if not text or not may_colour(stream or sys.stdout):
        return text
    return f"\x1b[{_CODES[name]}m{text}\x1b[0m"


def may_colour(stream: TextIO) -> bool:
    """Whether to colour: a terminal that can, and no NO_COLOR. FORCE_COLOR asks for it in a pipe too."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def width() -> int:
    """How many columns there are to write in: the terminal's (or COLUMNS), 80 where nothing says so."""
    from shutil import get_terminal_size

    return max(40, get_terminal_size((80, 24)).columns)


def _indented(text: str, by: int) -> str:
    return clean(text, keep_lines=True).strip().replace("\n", "\n" + " " * by)


def _write_json(value: Any, *, indent: int | None) -> None:
    import json

    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    separators = None if indent else (",", ":")
    text = json.dumps(value, ensure_ascii=not utf8, indent=indent, separators=separators, default=_plain)
    # A lone surrogate (from a file name, say) is legal in JSON only as an escape.
    sys.stdout.write(text.encode("utf-8", "backslashreplace").decode("utf-8") + "\n")


def _plain(value: Any) -> Any:
    from collections.abc import Mapping, Set
    from dataclasses import fields, is_dataclass
    from enum import Enum
    from pathlib import PurePath

    if is_dataclass(value) and not isinstance(value, type):
        return {part.name: getattr(value, part.name) for part in fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, Set):
        return sorted(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")


def _encodable(text: str, stream: TextIO) -> str:
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)
