"""The transcripts of runs, read on from where one was."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from fleet.adapters.sessions.shim_sessions import ShimSessions
from fleet.masking import masked_reader, open_secrets
from fleet.model.errors import FleetError
from fleet.model.state import Run
from fleet.views.transcript import Entry, Transcript
from fleet.wiring import Place, harness, open_sessions

_KEPT = 16
_MOST_ENTRIES = 5_000
"""Of one run; what is older is to be had with `fleet logs`."""


class _Reading:
    """One run's transcript so far."""

    def __init__(self, run: Run) -> None:
        self.transcript = Transcript(masked_reader(open_secrets(), harness(run.harness).reader()))
        self.offset = 0
        self.entries: list[Entry] = []
        self.left_out = 0
        self.lock = asyncio.Lock()


class Transcripts:
    """Reads transcripts. It never takes what is meant for the watcher."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._sessions: ShimSessions | None = None
        self._found: OrderedDict[str, _Reading] = OrderedDict()

    async def of(self, run: Run) -> tuple[list[Entry], int]:
        """The entries so far, and how many older ones were left out. Raises `FleetError`."""
        if not run.harness:
            return [], 0
        reading = self._found.get(run.id)
        if reading is None:
            reading = self._found[run.id] = _Reading(run)
            while len(self._found) > _KEPT:
                self._found.popitem(last=False)
        async with reading.lock:
            await asyncio.to_thread(self._read_on, run.id, reading)
        return reading.entries, reading.left_out

    def close(self) -> None:
        """Let go of the sessions. May be repeated."""
        if self._sessions is not None:
            self._sessions.close()
            self._sessions = None

    def _read_on(self, run: str, reading: _Reading) -> None:
        if self._sessions is None:
            self._sessions = open_sessions(self._place)
        while True:
            try:
                records, offset = self._sessions.read(run, reading.offset)
            except (FleetError, OSError):
                return
            if offset == reading.offset:
                return
            reading.offset = offset
            reading.entries += reading.transcript.feed(records)
            over = len(reading.entries) - _MOST_ENTRIES
            if over > 0:
                del reading.entries[:over]
                reading.left_out += over
