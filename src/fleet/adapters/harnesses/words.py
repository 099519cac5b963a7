"""Taking values out of a harness's record that may hold anything, and making them fit for a screen."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from fleet.ports.harness import Note

_MOST = 2000  # characters of a call's words
_NOTE = 300  # characters of a line that is shown as it is
_WORKSPACE = re.compile(r"^/.*?/\.fleet/workspaces/[^/]+/")


def string(record: Mapping[str, Any], name: str, most: int) -> str:
    """The text under that name, cut to `most` characters; "" when there is none."""
    value = record.get(name)
    return value[:most] if isinstance(value, str) else ""


def count(record: Mapping[str, Any], name: str) -> int:
    """The number under that name; 0 when there is none that could be a count."""
    value = record.get(name)
    return value if type(value) is int and 0 < value < 1 << 62 else 0


def rows(value: object) -> list[Mapping[str, Any]]:
    """The objects in a list; none when it is no list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def words(content: object, most: int) -> str:
    """The text of a message's content: itself a text, or a list of blocks."""
    if isinstance(content, str):
        return content[:most]
    parts = []
    for block in rows(content):
        kind = string(block, "type", 40)
        parts.append(string(block, "text", most) if kind == "text" else f"[{kind}]")
        if sum(map(len, parts)) >= most:
            break
    return " ".join(part for part in parts if part)[:most]


def clean(text: str) -> str:
    """The text on one line, without anything that a terminal would obey."""
    return printable(" ".join(text.split()))


def printable(text: str) -> str:
    """The text with a mark in place of each sign that a terminal would obey."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def parsed(line: str) -> dict[str, Any] | None:
    """The line as a JSON object; None when it is none."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def inside(record: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The object under that name, {} when there is none."""
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def micros(dollars: object) -> int:
    """An amount of money in micro-dollars; 0 for what can be none."""
    if isinstance(dollars, bool) or not isinstance(dollars, int | float):
        return 0
    return round(dollars * 1_000_000) if math.isfinite(dollars) and 0 < dollars < 1e6 else 0


def note(line: str) -> Note:
    """A line that is shown as it is, cut."""
    text = clean(line[:_NOTE])
    return Note(text if len(line) <= _NOTE else f"{text} […] ({len(line)} characters)")


def calling(name: str, given: Mapping[str, Any], known: Mapping[str, tuple[str, str]], ours: str) -> str:
    """A tool call in words: by the `known` ones (tool → what it does, and under which name to what), else
    by its name, in which `ours` is the beginning of the gateway's.
    """
    line, key = known.get(name, ("", ""))
    if line:
        return f"{line}{_WORKSPACE.sub('', string(given, key, _MOST))}"
    first = next((value for value in given.values() if isinstance(value, str) and value), "")
    what = f"fleet {name.removeprefix(ours)}" if name.startswith(ours) else name or "a tool"
    return f"calling {what}: {first[:_MOST]}".removesuffix(": ")
