"""The log in memory: the double for tests that want no file. It obeys the whole law of the port."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

from fleet.adapters.logs.check import Found, check_chain
from fleet.adapters.logs.draft import draft
from fleet.adapters.logs.following import Follower
from fleet.adapters.logs.record import EMPTY, Row, Tail, conflict, event_of, seal
from fleet.adapters.logs.rim import new_id as fresh_id
from fleet.adapters.logs.rim import system_clock
from fleet.adapters.logs.wake import Bell
from fleet.model.errors import Permanent
from fleet.model.event import Event
from fleet.ports.log import Clock, Head, Verification


class MemoryLog:
    """A log of one process that is gone with it. Safe to use from many threads.

    `clock` gives milliseconds since the epoch, `new_id` the ids of events that come without one.
    """

    def __init__(self, *, clock: Clock = system_clock, new_id: Callable[[], str] = fresh_id) -> None:
        self._clock = clock
        self._new_id = new_id
        self._lock = threading.Lock()
        self._rows: list[Row] = []
        self._seqs: dict[str, int] = {}
        self._tail: Tail = EMPTY
        self._bells: list[Bell] = []
        self._closed = False

    def append(self, events: Sequence[Event], expected: int | None = None) -> list[Event]:
        """See `fleet.ports.log.Log.append`."""
        drafts = [draft(event, self._new_id) for event in events]
        with self._lock:
            self._check_open()
            # Of an id that stands twice in the group, the first is taken.
            fresh = {one.id: one for one in reversed(drafts) if one.id not in self._seqs}
            if fresh and expected is not None and expected != self._tail.seq:
                raise conflict(expected, self._tail.seq)
            now, tail, rows = self._clock(), self._tail, []
            for one in drafts:
                if fresh.get(one.id) is one:
                    row, _, tail = seal(one, tail, now)
                    rows.append(row)
            self._rows += rows
            self._seqs.update((row.id, row.seq) for row in rows)
            self._tail = tail
            stored = [self._rows[self._seqs[one.id] - 1] for one in drafts]
            for bell in self._bells if rows else ():
                bell.ring()
        return [event_of(row) for row in stored]

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[Event]:
        """See `fleet.ports.log.Log.read`."""
        with self._lock:
            self._check_open()
            rows = self._rows[max(after, 0) :]
        for row in rows if limit is None else rows[: max(limit, 0)]:
            yield event_of(row)

    def head(self) -> Head:
        """See `fleet.ports.log.Log.head`."""
        with self._lock:
            self._check_open()
            return self._tail.head

    def follow(self, after: int) -> Follower:
        """See `fleet.ports.log.Log.follow`."""
        with self._lock:
            self._check_open()
            bell = Bell.inside()
            self._bells.append(bell)
        return Follower(self._page, bell, after, on_close=self._take_down)

    def verify(self) -> Verification:
        """See `fleet.ports.log.Log.verify`."""
        with self._lock:
            self._check_open()
            rows = list(self._rows)
        return check_chain(map(Found._make, rows), None)

    def close(self) -> None:
        """See `fleet.ports.log.Log.close`."""
        with self._lock:
            self._closed = True

    def _page(self, after: int, limit: int) -> list[Event]:
        return list(self.read(after, limit))

    def _take_down(self, bell: Bell) -> None:
        with self._lock:
            if bell in self._bells:
                self._bells.remove(bell)

    def _check_open(self) -> None:
        if self._closed:
            raise Permanent("The log is closed.", why="close() was called", do="open it again")
