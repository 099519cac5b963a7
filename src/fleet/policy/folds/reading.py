"""Reading an event's data, whatever is in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def whole(data: Mapping[str, Any], name: str) -> int:
    """The whole number of that name, 0 when there is none."""
    value = data.get(name)
    return value if type(value) is int else 0


def text(data: Mapping[str, Any], name: str) -> str:
    """The text of that name, "" when there is none."""
    value = data.get(name)
    return value if isinstance(value, str) else ""


def record(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The object of that name, empty when there is none."""
    value = data.get(name)
    return dict(value) if isinstance(value, Mapping) else {}


def records(data: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects of the list of that name."""
    value = data.get(name)
    return [dict(each) for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def texts(data: Mapping[str, Any], name: str) -> list[str]:
    """The texts of the list of that name."""
    value = data.get(name)
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
