"""The watcher as the gateway sees it: what is true, whose token this is, and a way into the log."""

from __future__ import annotations

import os
from collections.abc import Sequence

from fleet.engine.journal import Journal
from fleet.engine.parts import Parts
from fleet.engine.tokens import run_of
from fleet.model.event import Event
from fleet.model.permissions import Permissions
from fleet.model.state import State


class EngineDesk:
    """Answers for one engine, on its event loop."""

    def __init__(self, journal: Journal, parts: Parts) -> None:
        self._journal = journal
        self._parts = parts

    def state(self) -> State:
        """What is true now."""
        return self._journal.state

    def run_of(self, token: str) -> str | None:
        """The live run that this token is good for."""
        found = run_of(self._parts.secret, token)
        run = self._journal.state.runs.get(found) if found else None
        return found if run is not None and run.live else None

    def rules(self, run_id: str) -> tuple[Permissions, str, str] | None:
        """What the run's agent may do, its workspace and the home; None for one that may do everything."""
        run = self._journal.state.runs.get(run_id)
        agent = self._parts.fleet.agent(run.agent) if run is not None else None
        if run is None or agent is None or agent.permissions is None:
            return None
        home = self._parts.environment.get("HOME", "/")
        return agent.permissions, os.path.realpath(self._parts.workspace(run)), home

    def now(self) -> int:
        """The time now, in ms since the epoch."""
        return self._parts.clock()

    async def submit(self, events: Sequence[Event]) -> None:
        """Append these; returns when they are durable."""
        await self._journal.record(list(events))
