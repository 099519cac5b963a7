"""The watcher as the gateway sees it: what is true, whose token this is, and a way into the log."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

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
        await self._journal.record([replace(each, data=self._masked(each.data)) for each in events])

    def _masked(self, value: Any) -> Any:
        """What an agent wrote, without the secrets in it: nobody reads them in the log or on the forge."""
        if isinstance(value, str):
            return self._parts.secrets.mask(value)
        if isinstance(value, Mapping):
            return {name: self._masked(each) for name, each in value.items()}
        return [self._masked(each) for each in value] if isinstance(value, list | tuple) else value
