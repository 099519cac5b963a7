"""What is read from the disk for a screen, in threads: transcripts, and the patches of changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fleet.masking import masked_lines, masked_reader, open_secrets
from fleet.model.errors import FleetError
from fleet.model.fleet import Fleet
from fleet.model.state import Change, Run
from fleet.surfaces.tui.card import Patch
from fleet.views.transcript import Entry, Transcript
from fleet.wiring import Place, harness, open_grounds, open_sessions

MOST_ENTRIES = 4000
"""Of one run; what is older is to be had with `fleet logs`."""


class Reading:
    """One run's transcript, read on from where one was. What is meant for the watcher is left to it."""

    def __init__(self, place: Place, run: Run) -> None:
        self._run = run.id
        self._sessions = open_sessions(place)
        self._transcript = Transcript(masked_reader(open_secrets(), harness(run.harness).reader()))
        self._offset = 0

    async def news(self) -> list[Entry]:
        """The entries since the last call; one call at a time. Raises `FleetError`, `OSError`."""
        return await asyncio.to_thread(self._news)

    def close(self) -> None:
        """Let go of the session's files."""
        self._sessions.close()

    def _news(self) -> list[Entry]:
        found: list[Entry] = []
        while True:
            records, offset = self._sessions.read(self._run, self._offset)
            if offset == self._offset:
                return found
            self._offset = offset
            found = (found + self._transcript.feed(records))[-MOST_ENTRIES:]


class Patches:
    """The patches of changes, read once for each head. `ready` is called when one has come."""

    def __init__(self, place: Place, ready: Callable[[], None]) -> None:
        self._place, self._ready = place, ready
        self._found: dict[tuple[int, str, str], Patch | None] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def of(self, fleet: Fleet, change: Change) -> Patch | None:
        """The patch, None while it is not there: then it is looked for. Nothing is fetched."""
        key = (change.id, change.head, change.merged)
        if key not in self._found:
            self._found[key] = None
            task = asyncio.create_task(self._look(key, fleet, change))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return self._found[key]

    async def _look(self, key: tuple[int, str, str], fleet: Fleet, change: Change) -> None:
        try:
            self._found[key] = await asyncio.to_thread(self._read, fleet, change)
        except (FleetError, OSError):
            return  # git can't tell: the card says what the log knows
        self._ready()

    def _read(self, fleet: Fleet, change: Change) -> Patch:
        ground = open_grounds(self._place, fleet).get(change.repo)
        if ground is None:
            raise FleetError(f"{change.repo} is not in fleet.yaml")
        repository = ground.repository
        base = repository.base_sha()
        if change.merged:
            merge = repository.log(1, head=change.merged)
            base = merge[0].parents[0] if merge and merge[0].parents else base
        patch = masked_lines(open_secrets(), repository.diff(base, change.head))
        return Patch(repository.stat(base, change.head), patch)
