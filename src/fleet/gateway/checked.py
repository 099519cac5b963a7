"""Checked readings of what an agent sent: every text has a bound, every wrong one a refusal that says why."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from fleet.gateway.answers import Refused

TEXT_BYTES = 64 * 1024
TITLE_CHARS = 256
LABELS = 20
LABEL_CHARS = 64
DEPTH = 32

_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,126}")


def text(args: Mapping[str, Any], name: str, *, required: bool = True) -> str:
    """A text of at most 64 KiB; missing or blank is refused when it is required."""
    value = args.get(name)
    if value is None:
        value = ""
    if not isinstance(value, str):
        raise Refused(f"{name} is not a text", why=f"it is {_kind(value)}", do=f"Give {name} as a string.")
    if required and not value.strip():
        raise Refused(f"There is no {name}", do=f"Give {name}, in your own words.")
    size = len(value.encode("utf-8", "surrogatepass"))
    if size > TEXT_BYTES:
        raise Refused(
            f"{name} is too long",
            why=f"it has {size} bytes, and {TEXT_BYTES} is the most",
            do="Shorten it; put what is long into a file of the repository and name the file.",
        )
    return value


def title(args: Mapping[str, Any]) -> str:
    """One line of at most 256 characters."""
    value = " ".join(text(args, "title").split())
    if len(value) > TITLE_CHARS:
        raise Refused(
            "title is too long",
            why=f"it has {len(value)} characters, and {TITLE_CHARS} is the most",
            do="Say it in one short line and put the rest into body.",
        )
    return value


def labels(args: Mapping[str, Any]) -> list[str]:
    """At most 20 labels of at most 64 characters each; the same one counts once."""
    value = args.get("labels") or []
    if not isinstance(value, list) or not all(isinstance(each, str) and each.strip() for each in value):
        raise Refused("labels is not a list of texts", do='Give labels as ["bug", "docs"].')
    names = list(dict.fromkeys(each.strip() for each in value))
    if len(names) > LABELS or any(len(name) > LABEL_CHARS for name in names):
        raise Refused(
            "That is too much for labels",
            why=f"there may be {LABELS}, each of at most {LABEL_CHARS} characters",
            do="Use fewer or shorter ones.",
        )
    return names


def event_type(args: Mapping[str, Any]) -> str:
    """The type of an agent's own event: not one of Fleet's, which only Fleet writes."""
    value = args.get("type")
    if not isinstance(value, str) or not _TYPE.fullmatch(value):
        raise Refused(
            "That is no type for an event",
            why="a type is letters, digits and . _ - / (at most 127)",
            do="Write it like docs.outdated, a thing and what happened to it.",
        )
    if value.lower() == "fleet" or value.lower().startswith("fleet."):
        raise Refused(
            f"An agent can't emit {value}",
            why="types that start with fleet. are written by Fleet itself",
            do="Choose a name of your own, such as docs.outdated.",
        )
    return value


def event_data(args: Mapping[str, Any]) -> dict[str, Any]:
    """The data of an agent's own event: a JSON object of at most 64 KiB, nested at most 32 deep."""
    value = args.get("data")
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refused("data is not a JSON object", why=f"it is {_kind(value)}", do='Give it as {"name": …}.')
    if _deeper_than(value, DEPTH):
        raise Refused("data is nested too deep", why=f"{DEPTH} levels is the most", do="Make it flatter.")
    try:
        size = len(json.dumps(value, allow_nan=False).encode())
    except (TypeError, ValueError) as error:
        raise Refused("data can't be written as JSON", why=str(error), do="Use plain JSON values.") from error
    if size > TEXT_BYTES:
        raise Refused(
            "data is too large",
            why=f"it has {size} bytes as JSON, and {TEXT_BYTES} is the most",
            do="Put what is large into a file of the repository and name the file.",
        )
    return value


def choice(args: Mapping[str, Any], name: str, *allowed: str) -> str:
    """One of a few words."""
    value = args.get(name)
    if not isinstance(value, str) or value not in allowed:
        raise Refused(f"{name} is none of those there are", do=f"Give {name} as {' or '.join(allowed)}.")
    return value


def _deeper_than(value: object, limit: int) -> bool:
    """Whether the nesting goes beyond the limit; walks level by level, so no depth can exhaust the stack."""
    level: list[object] = [value]
    for _ in range(limit):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return any(isinstance(each, dict | list) for each in level)


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", bool: "true or false", int: "a number", float: "a number"}
    return "nothing" if value is None else names.get(type(value), f"a {type(value).__name__}")
