"""How the rules write what they decide: events with a cause, and wishes for effects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.model import events
from fleet.model.event import Event


def fact(kind: str, data: Mapping[str, Any], *, cause: str, story: str = "", subject: str = "") -> Event:
    """An event that follows from another. `story` is the instance that it belongs to ("" for none)."""
    return Event(
        type=kind,
        data=data,
        subject=subject or _subject(data) or story,
        causation_id=cause,
        correlation_id=story,
    )


def wish(kind: str, key: str, args: Mapping[str, Any], *, cause: str, story: str = "") -> Event:
    """The wish for an effect. It is in the log, under its key, before anything is done."""
    data = {"key": f"{kind}/{key}", "kind": kind, "args": dict(args)}
    return fact(events.EFFECT_WANTED, data, cause=cause, story=story, subject=_subject(args))


def _subject(data: Mapping[str, Any]) -> str:
    for name in ("run", "change", "approval", "item", "agent", "instance"):
        if data.get(name):
            return f"{name}/{data[name]}"
    return ""
