"""The heart of the watcher: what is new is folded, the rules are asked, their wishes are performed, and it
sleeps until something happens or a time has come.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Literal

from fleet.engine.housekeeping import Housekeeping
from fleet.engine.journal import Journal
from fleet.engine.observe import Observer
from fleet.engine.parts import Parts
from fleet.engine.perform import Performer
from fleet.engine.poll import Poller
from fleet.engine.recover import alive_sessions, clear_terminals, recover
from fleet.engine.sealing import Sealing
from fleet.engine.steady import Steady
from fleet.model import events
from fleet.model.errors import FleetError, Temporary
from fleet.model.event import Event
from fleet.policy.due import next_due, rest

WAITS_FOR_PERSON = 3
_LONGEST_SLEEP = 5.0  # a wake-up can be lost when its sender is killed at the wrong instant

_PAUSE_SECONDS = 1.0  # until the log is written to again after it could not be

logger = logging.getLogger("fleet.engine")


class Engine:
    """One watcher at work. `run` is its whole life; `stop` may be called at any time on its event loop."""

    def __init__(self, parts: Parts, journal: Journal) -> None:
        self.parts = parts
        self.journal = journal
        self.observer = Observer(parts, journal)
        self.performer = Performer(parts, journal, self.observer)
        self.poller = Poller(parts, journal, parts.forge, parts.forge_folder) if parts.forge else None
        self.sealing = Sealing(parts, journal)
        self.housekeeping = Housekeeping(parts, journal)
        self._stopped = ""

    def stop(self, reason: str) -> None:
        """End the loop. Sessions live on."""
        self._stopped = self._stopped or reason
        self.journal.wake.set()

    async def run(
        self, *, step: bool = False, until_idle: bool = False, ready: Callable[[], None] = lambda: None
    ) -> int:
        """Work until stopped; with `until_idle` also until nothing is left to do. Returns the exit code: 0,
        or 3 when what is left waits for a person. Raises what makes going on impossible (a damaged log).
        """
        loop = asyncio.get_running_loop()
        if isinstance(self.parts.clock, Steady):
            self.parts.clock.begin_at(self.journal.state.now)
        await recover(self.parts, self.journal, self.observer, step=step)
        await self.sealing.begin()
        with self.parts.log.follow(self.journal.state.seq) as following:
            loop.add_reader(following.fileno(), self.journal.wake.set)
            self.observer.begin()
            self.housekeeping.begin()
            if self.poller is not None:
                self.poller.begin()
            for repo, ground in self.parts.grounds.items():
                self.parts.spares.want(repo, ground.repository, ground.workspaces)
            ready()
            code = 0
            try:
                while not self._stopped:
                    self.journal.wake.clear()
                    self.journal.take(following.poll())
                    if not await self._beat():
                        await asyncio.sleep(_PAUSE_SECONDS)
                        continue
                    if until_idle and (found := self._at_rest()):
                        if self.journal.state.crowded and await self._finds_room():
                            continue
                        code = 0 if found == "idle" else WAITS_FOR_PERSON
                        self._stopped = f"nothing is left to do ({found})"
                        break
                    await self._sleep()
            finally:
                loop.remove_reader(following.fileno())
                await self._end()
        return code

    async def _beat(self) -> bool:
        """Write what is new, decide, and begin what is wanted. False when the log can't be written now."""
        try:
            await self.journal.write_facts()
            await self._note_jump()
            await self._tick()
            await self.journal.settle(self.parts.fleet)
            await self.journal.keep()
        except Temporary as error:
            logger.warning("%s", error)
            return False
        self.performer.launch()
        self.sealing.consider()
        return True

    async def _note_jump(self) -> None:
        """Tell the rules of time that has not passed."""
        ahead = self.parts.clock.jumped() if isinstance(self.parts.clock, Steady) else 0
        if ahead:
            await self.journal.write([Event(events.CLOCK_MOVED, {"ms": ahead}, source="fleet/clock")])

    async def _tick(self) -> None:
        """Tell the rules the time, when one of them waits for it."""
        due = next_due(self.parts.fleet, self.journal.state)
        if due is not None and due <= self.parts.clock():
            tick = Event(events.CLOCK_TICKED, {"due": due}, source="fleet/clock")
            await self.journal.write([tick])

    async def _sleep(self) -> None:
        times = [
            next_due(self.parts.fleet, self.journal.state),
            self.performer.next_retry(),
            self.sealing.next_due(),
        ]
        now = self.parts.clock()
        waits = [max(0.0, (time - now) / 1000) for time in times if time is not None]
        try:
            async with asyncio.timeout(min([_LONGEST_SLEEP, *waits])):
                await self.journal.wake.wait()
        except TimeoutError:
            return

    async def _finds_room(self) -> bool:
        """Whether runs that wait for room on the disk can begin, as what ended since may go."""
        try:
            await self.housekeeping.make_room()
        except (FleetError, OSError) as error:
            logger.warning("no room can be made now: %s", error)
        return not self.journal.state.crowded

    def _at_rest(self) -> Literal["idle", "waits"] | None:
        if self.poller is not None and not self.poller.has_looked:
            return None
        if self.journal.wake.is_set() or self.performer.busy():
            return None
        found = rest(self.parts.fleet, self.journal.state)
        return None if found == "busy" else found

    async def _end(self) -> None:
        """Let what is being done come to its end, and say that this watcher goes."""
        self.observer.end()
        if self.poller is not None:
            await self.poller.end()
        deeds = asyncio.ensure_future(self.performer.finish())
        stopped = Event(
            events.WATCHER_STOPPED, {"reason": self._stopped or "it failed"}, source="fleet/watcher"
        )
        deeds.add_done_callback(lambda _: self.journal.wake.set())
        try:
            while not deeds.done():
                self.journal.wake.clear()
                await self.journal.write_facts()
                await self.journal.wake.wait()
            await self.housekeeping.end()
            await self.journal.write([stopped])
            await self.sealing.end()
            await self.journal.keep(last=True)
        except Temporary as error:  # what is lost here is found again, or done again without harm
            logger.warning("it ends without a word in the log: %s", error)
            deeds.cancel()
        await clear_terminals(self.parts, await alive_sessions(self.parts))
