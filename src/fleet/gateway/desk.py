"""What the gateway needs of the watcher, and the one way that a request takes from the agent into the log."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from fleet.gateway.requests import Answer, Refused, to_events
from fleet.model.event import Event
from fleet.model.state import State

_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")


class Desk(Protocol):
    """The watcher, as the gateway sees it. Everything is called on the watcher's own event loop."""

    def state(self) -> State:
        """What is true now. It is looked at and never changed."""
        ...

    def run_of(self, token: str) -> str | None:
        """The run that this token is good for, None when there is none. Compares in constant time."""
        ...

    def is_at_home(self, process: int, run_id: str) -> bool:
        """Whether a process may use that run's token: not where it is known to be in another session."""
        ...

    async def submit(self, events: Sequence[Event]) -> None:
        """Append these; returns when they are durably in the log. An event whose id is there adds nothing."""
        ...


async def answer(desk: Desk, run_id: str, verb: str, args: Mapping[str, Any], key: str = "") -> Answer:
    """Answer one request of a run; its events are in the log when this returns.

    `key` is the sender's own name for the request: one that is sent again under the same key adds nothing.
    Raises `Refused`, or what `Desk.submit` raises.
    """
    if key and not _KEY.fullmatch(key):
        raise Refused("The request's key can't be used", why="a key is 8 to 64 letters, digits, _ or -")
    try:
        found = to_events(desk.state(), run_id, verb, args)
    except Refused as refused:
        if refused.events:
            await desk.submit(_named(refused.events, run_id, key))
        raise
    if found.events:
        await desk.submit(_named(found.events, run_id, key))
    return found


def _named(events: Sequence[Event], run_id: str, key: str) -> list[Event]:
    """The events under ids made from the key; the run's id in it keeps runs out of each other's names."""
    if not key:
        return list(events)
    return [replace(event, id=f"{run_id}.{key}.{at}") for at, event in enumerate(events)]
