"""What sessions say: each transcript is read as it grows, and becomes events and a screen for people.

A transcript can be read again from its start at any time: the events' ids come from their place in it, so
what the log knows already adds nothing, and the screen goes on where it was.
"""

from __future__ import annotations

import asyncio
import logging
import os
import select

from fleet.engine.ended import WAKE_SECONDS
from fleet.engine.journal import Journal
from fleet.engine.parts import Parts
from fleet.engine.transcript import Transcript
from fleet.model.errors import FleetError
from fleet.model.state import Run

_PAUSE_SECONDS, _LONGEST_PAUSE = 2.0, 60.0

logger = logging.getLogger("fleet.engine")


class Observer:
    """Follows every live run. Used on one event loop only."""

    def __init__(self, parts: Parts, journal: Journal) -> None:
        self._parts = parts
        self._journal = journal
        self._rings: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._waking: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Listen for sessions that have news, and let none stand still."""
        self._waking = asyncio.create_task(self._wake(), name="wake")
        asyncio.get_running_loop().add_reader(self._parts.sessions.wakes(), self._rung)

    def end(self) -> None:
        """Follow no more. The sessions live on."""
        asyncio.get_running_loop().remove_reader(self._parts.sessions.wakes())
        for task in self._tasks.values():
            task.cancel()
        if self._waking is not None:
            self._waking.cancel()

    def follow(self, run_id: str) -> None:
        """Follow this run from the start of its transcript. Following it twice is following it once."""
        run = self._journal.state.runs.get(run_id)
        if run is None or run.state != "running" or run_id in self._tasks:
            return
        ring = self._rings[run_id] = asyncio.Event()
        ring.set()
        task = asyncio.create_task(self._follow(run, ring), name=f"follow {run_id}")
        self._tasks[run_id] = task
        task.add_done_callback(lambda _: self._forget(run_id))

    def _forget(self, run_id: str) -> None:
        self._rings.pop(run_id, None)
        self._tasks.pop(run_id, None)

    async def _wake(self) -> None:
        """Again and again: let supervisors go on that somebody has paused, and hear them again where somebody
        has removed what they ring.
        """
        while True:
            await asyncio.sleep(WAKE_SECONDS)
            loop = asyncio.get_running_loop()
            try:
                if self._parts.sessions.mend():
                    loop.remove_reader(self._parts.sessions.wakes())
                    loop.add_reader(self._parts.sessions.wakes(), self._rung)
                    for ring in self._rings.values():
                        ring.set()
                woken = await loop.run_in_executor(
                    self._parts.threads, self._parts.sessions.wake, list(self._tasks)
                )
            except OSError as error:
                logger.warning("paused sessions can't be looked for: %s", error)
            else:
                if woken:
                    logger.warning("these were paused, and go on: %s", ", ".join(woken))

    def _rung(self) -> None:
        for key in self._parts.sessions.drain():
            if key in self._rings:
                self._rings[key].set()

    async def _follow(self, run: Run, ring: asyncio.Event) -> None:
        """Follow to the end. After a failure (a full disk, no descriptor left) it begins anew: what is known
        already adds nothing.
        """
        pause = _PAUSE_SECONDS
        while True:
            try:
                return await self._follow_once(run, ring)
            except (FleetError, OSError) as error:
                logger.warning("run %s can't be followed now: %s", run.id, error)
            except Exception:  # a fault of Fleet's or of a package's: the others are followed all the same
                logger.exception("run %s can't be followed: this is a fault, please report it", run.id)
                pause = min(2 * pause, _LONGEST_PAUSE)
            await asyncio.sleep(pause)
            ring.set()

    async def _follow_once(self, run: Run, ring: asyncio.Event) -> None:
        parts, loop = self._parts, asyncio.get_running_loop()
        watch = parts.sessions.watch(run.id)
        if watch is not None:
            loop.add_reader(watch, ring.set)
        try:
            await loop.run_in_executor(parts.threads, self._show, run)
            transcript = Transcript(parts, run)
            while True:
                await ring.wait()
                ring.clear()
                if watch is not None and _is_readable(watch):
                    loop.remove_reader(watch)  # it stays readable from now on
                over = await loop.run_in_executor(parts.threads, _is_over, parts, run.id)
                more = True
                while more:
                    facts, more = await loop.run_in_executor(parts.threads, transcript.read)
                    await self._journal.record(facts)
                if over:
                    await self._journal.record([await loop.run_in_executor(parts.threads, transcript.exit)])
                    break
            # Its supervisor ends a moment later, and has to be collected then: its terminal waits for that.
            while watch is not None and not _is_readable(watch):
                await ring.wait()
                ring.clear()
            await loop.run_in_executor(parts.threads, parts.sessions.exit, run.id)
        finally:
            if watch is not None:
                loop.remove_reader(watch)
                os.close(watch)

    def _show(self, run: Run) -> None:
        """Give people a place to look. That there is none harms no run."""
        screen = self._parts.run_dir(run.id) / "screen.txt"
        try:
            if self._parts.sessions.alive(run.id):
                self._parts.terminal.open(run.id, f"{run.agent}: {run.job}", screen, run.pid)
        except (FleetError, OSError) as error:
            logger.warning("run %s has no terminal: %s", run.id, error)


def _is_over(parts: Parts, run: str) -> bool:
    """Whether the session has ended, or is not there at all. Asked before its transcript is read."""
    return parts.sessions.exit(run) is not None or not parts.sessions.alive(run)


def _is_readable(descriptor: int) -> bool:
    ready = select.poll()  # not select.select, which fails for descriptors from 1024 on
    ready.register(descriptor, select.POLLIN)
    return bool(ready.poll(0))
