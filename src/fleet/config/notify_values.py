"""Values of `notify` that are more than their type."""

from __future__ import annotations

import re
from typing import Any

from fleet.config.explain import did_you_mean
from fleet.config.values import unexpected, url

KINDS = (
    "merge",
    "question",
    "permission",
    "rounds",
    "failed",
    "timed_out",
    "over_budget",
    "auth",
    "held",
    "stopped",
    "handoff",
    "takeover",
    "quarantine",
    "suspect",
    "gate",
    "command",
    "stuck",
    "secrets",
    "disk",
    "budget",
    "checkpoint",
)
_VARIABLE = re.compile(r"\$[A-Za-z_][A-Za-z0-9_]*")
_MINUTE = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def address(value: Any) -> Any:
    """An Apprise URL, or the name of a variable."""
    return value if isinstance(value, str) and _VARIABLE.fullmatch(value) else url(value)


def kind(value: Any) -> Any:
    """What may wait for a person."""
    if isinstance(value, str) and value not in KINDS:
        raise unexpected(f"one of {', '.join(KINDS)}", did_you_mean(value, KINDS))
    return value


def minute(value: Any) -> Any:
    """`08:00`, as a minute of the day."""
    found = _MINUTE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        hint = "put it in quotes" if isinstance(value, int) else ""
        raise unexpected('a time of the day such as "08:00"', hint)
    return int(found[1]) * 60 + int(found[2])


def link(value: Any) -> Any:
    """Where a page is."""
    if isinstance(value, str) and not re.fullmatch(r"https?://[^\s<>\"']+", value):
        raise unexpected("an address such as https://fleet.example.org")
    return value


def short(value: Any) -> Any:
    """A URL alone stands for an address where all is told."""
    return {"url": value} if isinstance(value, str) else value
