"""A follower of a log: woken by a bell, and looking by itself every second in case a ring was lost."""

from __future__ import annotations

import select
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from fleet.adapters.logs.wake import Bell
from fleet.model.errors import Permanent
from fleet.model.event import Event

PAGE = 1000
SAFETY_SECONDS = 1.0


class Follower:
    """Implements `fleet.ports.log.Following` for any log that can give a page and hang a bell.

    `page(after, limit)` reads events. An appender that is killed between its commit and its ring leaves its
    followers asleep; `safety_seconds` is how long at most, in `wait`.
    """

    def __init__(
        self,
        page: Callable[[int, int], list[Event]],
        bell: Bell,
        after: int,
        *,
        on_close: Callable[[Bell], None] | None = None,
        safety_seconds: float = SAFETY_SECONDS,
    ) -> None:
        self._page = page
        self._bell = bell
        self._after = after
        self._on_close = on_close
        self._safety_seconds = safety_seconds
        self._closed = False
        bell.ring()  # there may be something from before: an event loop looks at once

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def fileno(self) -> int:
        """A descriptor that is readable when `poll` may have something."""
        return self._bell.fileno()

    def poll(self) -> list[Event]:
        """The next events, at most a thousand, without blocking. Raises `Permanent` after `close`."""
        if self._closed:
            raise Permanent("Nothing more is followed here.", why="close() was called", do="follow anew")
        self._bell.hush()
        events = self._page(self._after, PAGE)
        if events:
            self._after = events[-1].seq
        if len(events) == PAGE:
            self._bell.ring()  # there may be more: an event loop comes back at once
        return events

    def wait(self, timeout_seconds: float | None) -> list[Event]:
        """As `poll`, but blocks until there is an event or the time is over (then empty); None: for ever."""
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        while True:
            events = self.poll()
            if events:
                return events
            pause = self._safety_seconds
            if deadline is not None:
                left = deadline - time.monotonic()
                if left <= 0:
                    return []
                pause = min(pause, left)
            self._sleep(pause)

    def _sleep(self, seconds: float) -> None:
        """Until the bell rings, at most so long."""
        ready = select.poll()  # not select.select, which fails for descriptors from 1024 on
        ready.register(self.fileno(), select.POLLIN)
        ready.poll(seconds * 1000)

    def close(self) -> None:
        """Stop following and take the bell down. May be repeated."""
        self._closed = True
        if self._on_close is not None:
            self._on_close(self._bell)
        self._bell.close()
