"""What is true now: the fold of the log, kept up by its bell, told to the screen in frames.

A frame comes at once after a quiet moment, then at most ten times a second, and never so often that the
process takes more than its share of a core. The log is read once for each frame, not once for each event.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from fleet.model import events
from fleet.model.errors import Conflict, FleetError, Temporary
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import State
from fleet.policy.fold import fold
from fleet.ports.log import Following, Log

Frame = Callable[[list[Event]], None]
"""Draws what is true now; given the events since the last frame, none when only time has passed."""

_FRAME_SECONDS = 0.1
_SLOWEST_SECONDS = 1.0
_SHARE = 0.03  # of a core; keys are answered at once
_SAVED_SECONDS = (
    0.05  # of a core's time, saved up while little happens, so that the first frames come at once
)
_TICK_SECONDS = 1.0  # clocks and the watcher; and a ring is lost when its appender was killed before it rang
_KEPT = 1000
_TRIES = 200
_WATCHER = (events.WATCHER_STARTED, events.WATCHER_STOPPED)


class Live:
    """The state by the log. It belongs to one event loop.

    `load_fleet` reads fleet.yaml, and is called anew when a watcher has; `ask_watcher` says what is known of
    the watcher; `clock` gives ms since the epoch.
    """

    def __init__(
        self,
        log: Log,
        load_fleet: Callable[[], Fleet],
        ask_watcher: Callable[[], dict[str, Any]],
        clock: Callable[[], int],
    ) -> None:
        self.log = log
        self.clock = clock
        self.state = State()
        self.fleet = load_fleet()
        self.watcher = ask_watcher()
        self.problem = ""
        self.latest: list[Event] = []  # the newest events of `load`, for the stream's beginning
        self._load_fleet, self._ask_watcher = load_fleet, ask_watcher
        self._frame: Frame = lambda _: None
        self._following: Following | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._held: list[Event] = []
        self._earliest = 0.0
        self._used = self._drawn = 0.0
        self._saved = 0.0
        self._asked = 0.0

    @property
    def now(self) -> int:
        """The time in ms since the epoch."""
        return self.clock()

    @property
    def watched(self) -> bool:
        """Whether the watcher runs, as far as one knows."""
        return self.watcher.get("running") is True

    def load(self) -> None:
        """Fold the log from where this stands. Blocks."""
        for event in self.log.read(self.state.seq):
            fold(self.state, event)
            self.latest.append(event)
            if len(self.latest) > 2 * _KEPT:
                del self.latest[:_KEPT]

    def open(self, frame: Frame) -> None:
        """Follow the log in the running event loop, and draw at once."""
        self._frame = frame
        self._used, self._drawn = time.process_time(), asyncio.get_running_loop().time()
        self._following = self.log.follow(self.state.seq)
        self._listen()
        self._next(0.0)

    def close(self) -> None:
        """Follow no more. May be repeated."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._following is not None:
            asyncio.get_running_loop().remove_reader(self._following.fileno())
            self._following.close()
            self._following = None

    async def act(self, decide: Callable[[State], list[Event]]) -> list[Event]:
        """Append what `decide` makes of the state, exactly for that state; when the log has grown meanwhile
        it is asked again. Raises what `decide` raises.
        """
        for _ in range(_TRIES):
            self._take()
            decided, seq = decide(self.state), self.state.seq
            try:
                stored = await asyncio.to_thread(self.log.append, decided, seq)
            except Conflict:
                continue
            self._next(0.0)
            return stored
        raise Temporary("Nothing was done", why="the log grows too fast to keep up with it")

    def _listen(self) -> None:
        if self._following is not None:
            asyncio.get_running_loop().add_reader(self._following.fileno(), self._ring)

    def _ring(self) -> None:
        """There is something in the log. Until it was read, one need not hear of more."""
        loop = asyncio.get_running_loop()
        if self._following is not None:
            loop.remove_reader(self._following.fileno())
        self._next(max(0.0, self._earliest - loop.time()))

    def _next(self, seconds: float) -> None:
        """Draw so soon, or sooner where that was promised already."""
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            if self._timer.when() <= loop.time() + seconds:
                return
            self._timer.cancel()
        self._timer = loop.call_later(seconds, self._draw)

    def _draw(self) -> None:
        self._timer = None
        if self._following is None:
            return
        loop = asyncio.get_running_loop()
        self._take()
        self._look_after_watcher(loop.time())
        fresh, self._held = self._held, []
        try:
            self._frame(fresh)
        except Exception as error:  # noqa: BLE001  # one bad frame must not leave a still picture behind
            self.problem = f"it can't be drawn: {error}"
        pace = self._pace(loop.time())
        self._earliest = loop.time() + pace
        self._listen()
        self._next(_TICK_SECONDS)

    def _pace(self, now: float) -> float:
        """How long to wait with the next frame, by what this process has used since the last one."""
        used = time.process_time()
        self._saved += _SHARE * (now - self._drawn) - (used - self._used)
        self._saved = max(-_SHARE * _SLOWEST_SECONDS, min(_SAVED_SECONDS, self._saved))
        self._used, self._drawn = used, now
        return max(_FRAME_SECONDS, -self._saved / _SHARE)

    def _take(self) -> None:
        try:
            found = self._following.poll() if self._following is not None else []
        except FleetError as error:
            self.problem = f"the log can't be read: {error.what}"
            return
        self.problem = ""
        for event in found:
            fold(self.state, event)
        self._held += found
        if any(event.type == events.CONFIG_LOADED for event in found):
            self._reload()
        if any(event.type in _WATCHER for event in found):
            self._asked = 0.0

    def _reload(self) -> None:
        try:
            self.fleet = self._load_fleet()
        except FleetError:
            return  # the file is being edited: what was read before stays

    def _look_after_watcher(self, now: float) -> None:
        if now - self._asked >= _TICK_SECONDS or not self._asked:
            self._asked = now
            self.watcher = self._ask_watcher()
