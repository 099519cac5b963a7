"""The watcher's clock: it goes on at its pace when somebody sets the machine's clock back, and notices when
that jumps ahead, as it does after a sleep of the machine.
"""

from __future__ import annotations

import time

from fleet.ports.log import Clock

JUMP_MS = 10_000
"""So much in one step is no time that anybody has worked."""


class Steady:
    """Milliseconds since the epoch. Behind a clock that was set back it goes at half its pace, until that has
    caught up. Safe to ask from any thread.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = (clock(), time.monotonic())
        self._seen = self._last

    def __call__(self) -> int:
        """The time now."""
        wall, now = self._clock(), time.monotonic()
        last, then = self._last
        found = max(wall, last + int((now - then) * 500))
        if found > last:
            self._last = (found, now)
        return max(found, last)

    def begin_at(self, ms: int) -> None:
        """It is not earlier than this, whatever the machine's clock says."""
        if ms > self():
            self._last = (ms, time.monotonic())
        self._seen = (self(), time.monotonic())

    def jumped(self) -> int:
        """By how much (ms) it went ahead of what has passed since this was asked the last time; else 0."""
        found, now = self(), time.monotonic()
        before, then = self._seen
        self._seen = (found, now)
        ahead = found - before - int((now - then) * 1000)
        return ahead if ahead > JUMP_MS else 0
