"""The log on one machine: an SQLite file that any number of processes append to and follow.

Every group is one transaction in WAL mode with `synchronous=FULL`: when `append` returns, the group survives
a power cut. Writers take turns by SQLite's write lock, readers are never blocked by them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from fleet.adapters.logs.anchor import Held, cut_off, other_record
from fleet.adapters.logs.draft import Draft, draft
from fleet.adapters.logs.following import SAFETY_SECONDS, Follower
from fleet.adapters.logs.record import EMPTY, Row, Tail, conflict, event_of, seal, time_of
from fleet.adapters.logs.rim import new_id as fresh_id
from fleet.adapters.logs.rim import system_clock
from fleet.adapters.logs.sqlite_file import anchor_of, begin_writing, connect, create_if_new, telling
from fleet.adapters.logs.verify import verify_log
from fleet.adapters.logs.wake import Bells
from fleet.model.errors import Permanent
from fleet.model.event import Event
from fleet.ports.log import Clock, Head, Verification

BUSY_MS = 10_000
_PAGE = 500
_ASK_AT_ONCE = 500  # ids per lookup: SQLite binds at least 999 values
_LAST_SEQ = 2**63 - 1  # the largest number that SQLite knows
_COLUMNS = "seq, id, type, body, hash"
_INSERT = f"INSERT INTO events ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)"  # noqa: S608 - constants
_SELECT_PAGE = f"SELECT {_COLUMNS} FROM events WHERE seq > ? ORDER BY seq LIMIT ?"  # noqa: S608 - constants
_SELECT_LATEST = f"SELECT {_COLUMNS} FROM events WHERE type = ? AND seq < ? ORDER BY seq DESC LIMIT 50"  # noqa: S608 - constants
_SELECT_LAST = "SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1"


class SqliteLog:
    """The log in the file `path`, which is made when it is not there (unless `create` is False).

    Beside it lie `log.head` (the anchor) and `wake/` (the followers' bells). Safe to use from many threads.
    `clock` gives milliseconds since the epoch, `new_id` the ids of events that come without one. `busy_ms` is
    how long to wait for another writer. Raises `Permanent` or `Temporary` when the file cannot be used.
    """

    def __init__(
        self,
        path: Path,
        *,
        create: bool = True,
        clock: Clock = system_clock,
        new_id: Callable[[], str] = fresh_id,
        busy_ms: int = BUSY_MS,
        safety_seconds: float = SAFETY_SECONDS,
    ) -> None:
        self._path = path
        self._clock = clock
        self._new_id = new_id
        self._busy_ms = busy_ms
        self._safety_seconds = safety_seconds
        self._anchor = anchor_of(path)
        self._bells = Bells(path.parent / "wake")
        self._tail: Tail = EMPTY
        self._write_lock = threading.Lock()
        self._read_lock = threading.Lock()
        if not create and not path.exists():
            raise Permanent(
                f"There is no event log {path}.", why="nothing was recorded yet", do="run `fleet init`"
            )
        with telling(path, "open"):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = connect(path, "rwc" if create else "rw", busy_ms)
            try:
                create_if_new(self._writer, path)
                self._writer.execute("PRAGMA busy_timeout=0")  # from here on `begin_writing` waits
                self._reader = connect(path, "rw", busy_ms)
            except BaseException:
                self._writer.close()
                raise

    def append(self, events: Sequence[Event], expected: int | None = None) -> list[Event]:
        """See `fleet.ports.log.Log.append`."""
        drafts = [draft(event, self._new_id) for event in events]
        if not drafts:
            return []
        with self._write_lock, telling(self._path, "append to"):
            stored, grown = self._append(drafts, expected)
        if grown:
            self._bells.ring()
        return stored

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[Event]:
        """See `fleet.ports.log.Log.read`. Reads in pages, so a slow caller holds nothing up."""
        while limit is None or limit > 0:
            size = _PAGE if limit is None else min(limit, _PAGE)
            page = self._page(after, size)
            yield from page
            if len(page) < size:
                return
            after = page[-1].seq
            limit = None if limit is None else limit - size

    def latest(self, kind: str) -> Iterator[Event]:
        """The events of one type, newest first."""
        before = _LAST_SEQ
        while True:
            with self._read_lock, telling(self._path, "read"):
                rows = self._reader.execute(_SELECT_LATEST, (kind, before)).fetchall()
            yield from (event_of(Row._make(row)) for row in rows)
            if not rows:
                return
            before = rows[-1][0]

    def head(self) -> Head:
        """See `fleet.ports.log.Log.head`."""
        with self._read_lock, telling(self._path, "read"):
            last = self._reader.execute(_SELECT_LAST).fetchone()
        return Head(last[0], last[1].hex()) if last else EMPTY.head

    def follow(self, after: int) -> Follower:
        """See `fleet.ports.log.Log.follow`."""
        with telling(self._path, "follow"):
            bell = self._bells.hang()
        return Follower(self._page, bell, after, safety_seconds=self._safety_seconds)

    def verify(self) -> Verification:
        """See `fleet.ports.log.Log.verify`. Reads the file anew, nothing that this object has in memory."""
        return verify_log(self._path)

    def close(self) -> None:
        """See `fleet.ports.log.Log.close`."""
        with self._write_lock, self._read_lock, telling(self._path, "close"):
            self._reader.close()
            self._writer.close()

    def _page(self, after: int, limit: int) -> list[Event]:
        with self._read_lock, telling(self._path, "read"):
            rows = self._reader.execute(_SELECT_PAGE, (min(after, _LAST_SEQ), limit)).fetchall()
        return [event_of(Row._make(row)) for row in rows]

    def _append(self, drafts: list[Draft], expected: int | None) -> tuple[list[Event], bool]:
        """One transaction. The second value says whether the log has grown."""
        begin_writing(self._writer, self._busy_ms)
        try:
            tail = self._last()
            known = self._known([one.id for one in drafts if one.given])
            rows, stored, end = self._seal_fresh(drafts, known, tail, expected)
            if rows:
                with self._anchor.held() as anchor:
                    self._check_anchor(anchor, tail)
                    self._writer.executemany(_INSERT, rows)
                    self._writer.execute("COMMIT")
                    anchor.note(end.head)
                self._tail = end
            else:
                self._writer.execute("COMMIT")
        except BaseException:
            # After some errors SQLite has rolled back by itself.
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            raise
        return stored, bool(rows)

    def _seal_fresh(
        self, drafts: list[Draft], known: dict[str, Event], tail: Tail, expected: int | None
    ) -> tuple[list[Row], list[Event], Tail]:
        """Rows for what is not known yet, and for every draft the event that is or will be stored."""
        if expected is not None and expected != tail.seq and any(one.id not in known for one in drafts):
            raise conflict(expected, tail.seq)
        now = self._clock()
        rows: list[Row] = []
        stored: list[Event] = []
        for one in drafts:
            event = known.get(one.id)
            if event is None:
                row, event, tail = seal(one, tail, now)
                rows.append(row)
                known[one.id] = event  # the same id may stand twice in one group
            stored.append(event)
        return rows, stored, tail

    def _last(self) -> Tail:
        """The end of the log as it is inside this transaction."""
        last = self._writer.execute(_SELECT_LAST).fetchone()
        if last is None:
            return EMPTY
        if (self._tail.seq, self._tail.hash) != last:  # another process appended: its time must be looked up
            body = self._writer.execute("SELECT body FROM events WHERE seq = ?", last[:1]).fetchone()[0]
            self._tail = Tail(last[0], last[1], time_of(body))
        return self._tail

    def _known(self, ids: list[str]) -> dict[str, Event]:
        """Those of the ids that are in the log already, with their events."""
        known: dict[str, Event] = {}
        for start in range(0, len(ids), _ASK_AT_ONCE):
            some = ids[start : start + _ASK_AT_ONCE]
            marks = ",".join("?" * len(some))
            query = f"SELECT {_COLUMNS} FROM events WHERE id IN ({marks})"  # noqa: S608 - only marks put in
            for row in self._writer.execute(query, some):
                known[row[1]] = event_of(Row._make(row))
        return known

    def _check_anchor(self, anchor: Held, tail: Tail) -> None:
        """Refuse to append to a log that was cut off: the new note would hide it."""
        noted = anchor.noted
        if noted == tail.head:
            return
        if noted.seq > tail.seq:
            raise cut_off(noted, tail.seq)
        # Behind: an appender was killed between its commit and its note. What it noted must still be there.
        row = self._writer.execute("SELECT hash FROM events WHERE seq = ?", (noted.seq,)).fetchone()
        there: str = row[0].hex() if row else EMPTY.head.hash
        if there != noted.hash:
            raise other_record(noted)
