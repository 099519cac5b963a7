"""The watcher as the gateway sees it: what is true, whose token this is, and a way into the log."""

from __future__ import annotations

from collections.abc import Sequence

from fleet.engine.journal import Journal
from fleet.engine.tokens import run_of
from fleet.model.event import Event
from fleet.model.state import State


class EngineDesk:
    """Answers for one engine, on its event loop."""

    def __init__(self, journal: Journal, secret: bytes) -> None:
        self._journal = journal
        self._secret = secret

    def state(self) -> State:
        """What is true now."""
        return self._journal.state

    def run_of(self, token: str) -> str | None:
        """The live run that this token is good for."""
        found = run_of(self._secret, token)
        run = self._journal.state.runs.get(found) if found else None
        return found if run is not None and run.live else None

    async def submit(self, events: Sequence[Event]) -> None:
        """Append these; returns when they are durable."""
        await self._journal.record(list(events))
