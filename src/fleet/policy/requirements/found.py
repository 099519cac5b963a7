"""How a requirement stands, as plain data: `name`, `met`, `reason`, `who` can meet it, and `ask` where a
person's answer to a question would.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def met(name: str, reason: str) -> dict[str, Any]:
    """It is met."""
    return {"name": name, "met": True, "reason": reason, "who": ""}


def missing(name: str, reason: str, who: str) -> dict[str, Any]:
    """It is not met, and who can meet it."""
    return {"name": name, "met": False, "reason": reason, "who": who}


def persons(name: str, reason: str, who: str = "a person: fleet approve") -> dict[str, Any]:
    """It is not met, and a person has to be asked."""
    return missing(name, reason, who) | {"ask": True}


def either(names: Iterable[str]) -> str:
    """`ann, bob or carl`."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last
