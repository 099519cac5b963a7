"""When the log is sealed: soon after something happened, at once after a merge, and at the watcher's end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from fleet.engine.journal import Journal
from fleet.engine.parts import Parts
from fleet.model import events
from fleet.model.errors import FleetError
from fleet.model.event import Event
from fleet.ports.seal import Seals

MOST_EVENTS = 1_000
LONGEST_MS = 60_000
_AFTER_FAILURE_MS = 60_000

logger = logging.getLogger("fleet.engine")


class Sealing:
    """Seals in a thread, one at a time. That it could not is logged, once for each reason, and nothing else
    waits for it.
    """

    def __init__(self, parts: Parts, journal: Journal) -> None:
        self._parts = parts
        self._journal = journal
        self._sealed = 0
        self._since = 0  # when the first event that is not sealed was seen
        self._pause = 0  # not before this time, after a failure
        self._told = ""
        self._kept_back = ""  # why the remote does not have the newest checkpoint
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Learn how far the log was sealed before."""
        if self._parts.seals is not None:
            await self._work(lambda seals: seals.sealed())

    def next_due(self) -> int | None:
        """When the log is to be sealed (ms since the epoch), None while there is nothing to seal."""
        state = self._journal.state
        if self._parts.seals is None or self._task is not None or state.seq <= self._sealed:
            return None
        self._since = self._since or self._parts.clock()
        at_once = state.attested > self._sealed or state.seq - self._sealed >= MOST_EVENTS
        return max(self._pause, self._since + (0 if at_once else LONGEST_MS))

    def consider(self) -> None:
        """Begin to seal, if it is due."""
        due = self.next_due()
        if due is not None and due <= self._parts.clock():
            self._task = asyncio.create_task(self._seal(), name="seal")
            self._task.add_done_callback(lambda _: self._journal.wake.set())

    async def end(self) -> None:
        """Wait for what is under way, and seal what is left."""
        if self._task is not None:
            await self._task
        if self._parts.seals is not None:
            await self._sign()
            if told := await self._push():
                await self._journal.write(told)
                await self._sign()

    async def _seal(self) -> None:
        try:
            await self._sign()
            if told := await self._push():
                await self._journal.record(told)
        finally:
            self._task = None

    async def _sign(self) -> None:
        parts = self._parts
        await self._work(lambda seals: seals.seal(parts.log, parts.clock()))

    async def _push(self) -> list[Event]:
        """Bring it to where it lies besides. What there is to say: that it does not get there, once for each
        reason, or that it does again.
        """
        seals, remote = self._parts.seals, self._parts.fleet.audit_push
        assert seals is not None
        why = ""
        try:
            if not await asyncio.get_running_loop().run_in_executor(self._parts.threads, seals.push):
                return []
        except (FleetError, OSError) as error:
            why = str(error)
        if why == self._kept_back:
            return []
        self._kept_back = why
        data = {"remote": remote, "error": why}
        return [Event(events.AUDIT_PUSHED, data, source="fleet/watcher", subject="audit")]

    async def _work(self, do: Callable[[Seals], int]) -> None:
        seals = self._parts.seals
        assert seals is not None
        try:
            self._sealed = await asyncio.get_running_loop().run_in_executor(self._parts.threads, do, seals)
        except (FleetError, OSError) as error:
            self._pause = self._parts.clock() + _AFTER_FAILURE_MS
            if str(error) != self._told:
                self._told = str(error)
                logger.warning("%s", error)
        else:
            self._pause, self._told = 0, ""
        self._since = 0
