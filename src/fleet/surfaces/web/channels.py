"""Channels: a page that somebody looks at is drawn once for all who do, as often as it changes, and no more.

Who looks remembers what it has shown; it is sent the difference to what is drawn now. So a slow browser gets
fewer and larger steps, and no queue grows.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fleet.surfaces.web.canvas import Canvas, difference
from fleet.surfaces.web.projection import Projection

if TYPE_CHECKING:
    from collections.abc import Iterator

PACE_SECONDS = 0.03
"""The least time between two drawings, so that a storm of events is drawn in frames."""

_SHARE = 2  # … and so many times what the last drawing took: it never takes more than a third of a core
_TICK_SECONDS = 15.0
HEARTBEAT_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page as it was at `seq`. `about`: what it speaks of; None: everything. `tick`: how often it changes
    though nothing is told, in seconds.
    """

    seq: int
    title: str
    canvas: Canvas
    about: frozenset[str] | None = None
    tick: float = _TICK_SECONDS


class Channel:
    """One page that is looked at."""

    def __init__(self, draw: Callable[[], Awaitable[Drawn]], first: Drawn) -> None:
        self._draw = draw
        self.now = first
        self.nudges: set[asyncio.Event] = set()
        self._stale = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name="channel")

    def heard(self, about: frozenset[str]) -> None:
        """Events came in."""
        if self.now.about is None or self.now.about & about:
            self._stale.set()

    def look_again(self) -> None:
        """Draw it anew, whatever it speaks of."""
        self._stale.set()

    def close(self) -> None:
        """Draw no more."""
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stale.wait(), self.now.tick)
            self._stale.clear()
            began = time.thread_time()
            try:
                self.now = await self._draw()
            except Exception:  # noqa: BLE001  # what it is about is gone: who looks keeps what they have
                await asyncio.sleep(_TICK_SECONDS)
                continue
            for nudge in self.nudges:
                nudge.set()
            took = time.thread_time() - began
            await asyncio.sleep(max(PACE_SECONDS, _SHARE * took))


class Hub:
    """All channels. It closes them when nobody looks any more."""

    def __init__(self, projection: Projection) -> None:
        self._projection = projection
        self._channels: dict[str, Channel] = {}
        self._nudges: set[asyncio.Event] = set()
        self.closing = False
        projection.listeners.add(self._heard)

    def close(self) -> None:
        """End every stream, so that the server can end."""
        self.closing = True
        self._projection.listeners.discard(self._heard)
        for nudge in self._nudges:
            nudge.set()
        for channel in self._channels.values():
            channel.close()

    async def changes(
        self, key: str, draw: Callable[[], Awaitable[Drawn]], digest: str
    ) -> AsyncIterator[tuple[int, dict[str, Any]] | None]:
        """The steps from what is shown (by its digest; "" for unknown) on, each with its place in the log;
        None now and then, to show that one is still here.
        """
        first = await draw()
        channel = self._channels.get(key)
        if channel is None:
            channel = self._channels[key] = Channel(draw, first)
        if channel.now.seq < first.seq:
            channel.now = first
        if channel.now.seq < self._projection.state.seq:
            channel.look_again()  # what came while it was drawn was told to nobody
        with self.nudge() as nudge:
            channel.nudges.add(nudge)
            try:
                shown = first if first.canvas.digest() == digest else None
                while not self.closing:
                    if channel.now is not shown:
                        now = channel.now
                        step = difference(shown.canvas if shown else None, now.canvas)
                        if step or shown is None:
                            yield now.seq, {"title": now.title, **step}
                        shown = now
                    if not await wait(nudge, HEARTBEAT_SECONDS):
                        yield None
            finally:
                channel.nudges.discard(nudge)
                if not channel.nudges:
                    channel.close()
                    if self._channels.get(key) is channel:
                        del self._channels[key]

    @contextmanager
    def nudge(self) -> Iterator[asyncio.Event]:
        """Something to wait on that is also set when all is to end."""
        made = asyncio.Event()
        self._nudges.add(made)
        try:
            yield made
        finally:
            self._nudges.discard(made)

    def _heard(self, about: frozenset[str]) -> None:
        for channel in self._channels.values():
            channel.heard(about)


async def wait(nudge: asyncio.Event, seconds: float) -> bool:
    """Until the nudge, which is then taken; False when there was none in that time."""
    try:
        await asyncio.wait_for(nudge.wait(), seconds)
    except TimeoutError:
        return False
    nudge.clear()
    return True
