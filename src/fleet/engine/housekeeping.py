"""What workspaces take of the disk: measured now and then, kept within fleet.yaml's ceiling, and what nobody
needs any more cleared away.

Only what may have changed is measured again: a workspace at work every few minutes, another once after its
last run. How much there is lies in a file, for whoever looks; the log is told when something goes, and when
the ceiling is passed or held again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from fleet.engine.disk_note import write_note
from fleet.engine.journal import Journal
from fleet.engine.parts import Parts
from fleet.model import events
from fleet.model.errors import FleetError
from fleet.model.event import Event
from fleet.policy.fact import fact
from fleet.policy.keep import Kept, to_discard, uses
from fleet.ports.workspace import Workspaces

_ROUND_SECONDS = 30.0
_CROWDED_SECONDS = 5.0  # while nothing begins, a person waits who makes room
_WORKING_MS, _UNBOUNDED_MS = 5 * 60_000, 30 * 60_000  # after which what is at work is measured again
_MOST_NAMES = 20

T = TypeVar("T")

logger = logging.getLogger("fleet.engine")


@dataclass(frozen=True, slots=True)
class _Weight:
    """How many bytes a workspace took, and when that was measured (ms since the epoch)."""

    bytes: int
    at: int


class Housekeeping:
    """One for each watcher. Used on one event loop only."""

    def __init__(self, parts: Parts, journal: Journal) -> None:
        self._parts = parts
        self._journal = journal
        self._weights: dict[str, _Weight] = {}
        self._task: asyncio.Task[None] | None = None
        self._looking = asyncio.Lock()

    def begin(self) -> None:
        """Look after them from now on."""
        self._task = asyncio.create_task(self._again(), name="housekeeping")

    async def end(self) -> None:
        """Do so no more, after a last look."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.make_room()

    async def make_room(self) -> None:
        """The same as a round, for the loop itself, which no round may wait for."""
        await self._journal.write(await self._looked())

    async def round(self) -> None:
        """Measure, clear away what may go, and say whether there is room."""
        await self._journal.record(await self._looked())

    async def _looked(self) -> list[Event]:
        """What there is to tell after a look. One looks at a time."""
        async with self._looking:
            return await self._look()

    async def _look(self) -> list[Event]:
        keeping = self._parts.fleet.keeping
        sizes = await self._measured()
        facts = await self._clean(sizes, most=keeping.disk_bytes)
        used = sum(sizes.values())
        over = 0 < keeping.disk_bytes < used
        if over != bool(self._journal.state.crowded):
            data = {"bytes": used, "limit": keeping.disk_bytes, "over": over}
            facts.append(fact(events.WORKSPACES_MEASURED, data, cause=""))
        await self._in_thread(self._note, sizes)
        return facts

    async def _again(self) -> None:
        while True:
            try:
                await self.round()
            except (FleetError, OSError) as error:
                logger.warning("the workspaces can't be looked after now: %s", error)
            await asyncio.sleep(_CROWDED_SECONDS if self._journal.state.crowded else _ROUND_SECONDS)

    async def _measured(self) -> dict[str, int]:
        """The bytes of each workspace."""
        kept = uses(self._journal.state, await self._in_thread(self._all().ids))
        now = self._parts.clock()
        pause = _WORKING_MS if self._parts.fleet.keeping.disk_bytes else _UNBOUNDED_MS
        for each in kept:
            known = self._weights.get(each.name)
            if known is None or each.since > known.at or (each.use == "live" and now - known.at > pause):
                weight = await self._in_thread(self._all().weigh, each.name)
                self._weights[each.name] = _Weight(weight, now)
        names = {each.name for each in kept}
        self._weights = {name: weight for name, weight in self._weights.items() if name in names}
        return {name: weight.bytes for name, weight in self._weights.items()}

    async def _clean(self, sizes: dict[str, int], *, most: int) -> list[Event]:
        """The events of what went. Its sizes are taken out of `sizes`."""
        parts, state = self._parts, self._journal.state
        names = await self._in_thread(self._all().ids)
        # From here to the mark nothing else is decided: whoever comes later finds it, and waits.
        kept = uses(state, names)
        going = to_discard(
            kept,
            sizes,
            now=parts.clock(),
            keep_ms=parts.fleet.keeping.keep_ms,
            most=most,
            used=sum(sizes.values()),
        )
        parts.clearing.update(each.name for each in going)
        try:
            for each in going:
                await self._in_thread(self._all().discard, each.name)
        finally:
            parts.clearing.difference_update(each.name for each in going)
        told = [each for each in going if each.use != "none"]
        facts = [self._cleaned(told, sizes)] if told else []
        for each in going:
            sizes.pop(each.name, None)
        return facts

    def _cleaned(self, going: list[Kept], sizes: dict[str, int]) -> Event:
        keeping = self._parts.fleet.keeping
        late = all(each.use == "kept" for each in going) and not keeping.disk_bytes
        data = {
            "names": [each.name for each in going[:_MOST_NAMES]],
            "bytes": sum(sizes.get(each.name, 0) for each in going),
            "reason": "they were kept for long enough"
            if late
            else "they are old, and take too much of the disk",
        }
        return fact(events.WORKSPACES_CLEANED, data, cause="")

    def _note(self, sizes: dict[str, int]) -> None:
        limit, now = self._parts.fleet.keeping.disk_bytes, self._parts.clock()
        write_note(self._parts.runs.parent, taken=sum(sizes.values()), limit=limit, count=len(sizes), at=now)

    def _all(self) -> Workspaces:
        """Those of one repository stand for all: they lie side by side, by names that are given once."""
        return next(iter(self._parts.grounds.values())).workspaces

    async def _in_thread(self, work: Callable[..., T], *given: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._parts.threads, work, *given)
