"""Taking values out of a harness's record that may hold anything, and making them fit for a screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


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
