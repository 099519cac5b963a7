"""The watcher as the gateway sees it: what is true, whose token this is, and a way into the log."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fleet.engine.journal import Journal
from fleet.engine.parts import Parts
from fleet.engine.tokens import run_of
from fleet.model import events
from fleet.model.event import Event
from fleet.model.permissions import Permissions
from fleet.model.state import Run, State

_TOLD = 10  # refusals of one run that are noted by one watcher
_GENERATIONS = 64
_PROC = sys.platform == "linux"


class EngineDesk:
    """Answers for one engine, on its event loop."""

    def __init__(self, journal: Journal, parts: Parts) -> None:
        self._journal = journal
        self._parts = parts
        self._strangers: dict[str, int] = {}

    def state(self) -> State:
        """What is true now."""
        return self._journal.state

    def run_of(self, token: str) -> str | None:
        """The live run that this token is good for."""
        found = run_of(self._parts.secret, token)
        run = self._journal.state.runs.get(found) if found else None
        return found if run is not None and run.live else None

    def is_at_home(self, process: int, run_id: str) -> bool:
        """Whether that process may use the run's token: one of another session may not, nor one that went
        before it could be looked at. One above which there is no session may: a container's, say.
        """
        run = self._journal.state.runs[run_id]
        if not run.pid or not _PROC:
            return True
        found, looked_at = self._session_of(process)
        return found is run or (found is None and looked_at)

    def rules(self, run_id: str) -> tuple[Permissions, str, str] | None:
        """What the run's agent may do, its workspace and the home; None for one that may do everything."""
        run = self._journal.state.runs.get(run_id)
        agent = self._parts.fleet.agent(run.agent) if run is not None else None
        if run is None or agent is None or agent.permissions is None:
            return None
        home = self._parts.environment.get("HOME", "/")
        return agent.permissions, os.path.realpath(self._parts.workspace(run)), home

    async def refused(self, process: int, token: str) -> None:
        """Note that somebody asked with a token that is not known, or not their own. Who does it all the time
        is noted a few times.
        """
        run, _ = self._session_of(process)
        known = self.run_of(token)  # of one that is not known, what it names is no proof
        name = run.id if run is not None else ""
        told = self._strangers[name] = self._strangers.get(name, 0) + 1
        if told > _TOLD:
            return
        why = f"its token is that of {known}" if known else "its token is not known"
        data = {"claimed": name, "agent": run.agent if run else "", "reason": why}
        subject, source = (f"run/{name}", f"agent/{run.agent}") if run else ("", "fleet/gateway")
        story = run.instance if run else ""
        await self._journal.record(
            [Event(events.GATEWAY_REFUSED, data, subject=subject, source=source, correlation_id=story)]
        )

    def _session_of(self, process: int) -> tuple[Run | None, bool]:
        """The live run whose session this process is in: its supervisor stands above all of them. And whether
        every process up to there, or to the first of all, could be looked at.
        """
        state = self._journal.state
        above = {run.pid: run for name in state.moving if (run := state.runs[name]).live and run.pid}
        for _ in range(_GENERATIONS):
            if process in above or process <= 1:
                break
            process = _parent(process)
        return above.get(process), process == 1

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
            return {self._masked(name): self._masked(each) for name, each in value.items()}
        return [self._masked(each) for each in value] if isinstance(value, list | tuple) else value


def _parent(process: int) -> int:
    """The process above this one, 0 where that can't be told."""
    try:
        about = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace")
        return int(about.rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0
