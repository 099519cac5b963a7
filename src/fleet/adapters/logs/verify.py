"""Checking a log file as an auditor does: from the disk, trusting nothing, and telling instead of failing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

from fleet.adapters.logs.check import Found, check_chain
from fleet.adapters.logs.record import EMPTY
from fleet.adapters.logs.sqlite_file import SQLITE_ERRORS, anchor_of, connect, strange_in
from fleet.model.errors import FleetError
from fleet.ports.log import Head, Verification

_BUSY_MS = 10_000
_ROWS = "SELECT seq, id, type, body, hash FROM events ORDER BY seq"


def verify_log(path: Path) -> Verification:
    """Check the log at `path`: every record, the chain, the anchor, and SQLite's own structure.

    Never raises for what it finds, not even for a file that is no database: the first thing that is wrong is
    told in `problem`. Appending may go on meanwhile.
    """
    walk = _Walk()
    try:
        # The anchor first: the log can only have grown when it is looked at afterwards.
        noted = anchor_of(path).read()
        if not path.exists():
            return _bad(walk, f"There is no event log {path}." if noted is None else _gone(path, noted))
        # Read-only, so that closing it does not tidy away a WAL that may be evidence.
        with closing(connect(path, "ro", _BUSY_MS)) as connection:
            return _verify(connection, walk, noted)
    except (*SQLITE_ERRORS, OSError, MemoryError) as error:
        return _bad(walk, f"{walk.place} the database file cannot be read: {error}.")
    except FleetError as error:
        return _bad(walk, str(error))


class _Walk:
    """How far the check has come, so that it can be told when the file fails under it."""

    def __init__(self) -> None:
        self.last = EMPTY.head

    @property
    def place(self) -> str:
        return f"After record {self.last.seq}" if self.last.seq else "From its beginning"

    def rows(self, cursor: sqlite3.Cursor) -> Iterator[Found]:
        """The stored rows. Whoever asks for the next one has found the last one good."""
        for row in cursor:
            found = Found._make(row)
            yield found
            self.last = Head(cast("int", found.seq), cast("bytes", found.hash).hex())


def _verify(connection: sqlite3.Connection, walk: _Walk, noted: Head | None) -> Verification:
    connection.text_factory = _text
    connection.execute("BEGIN")
    result = check_chain(walk.rows(connection.execute(_ROWS)), noted)
    if not result.ok:
        return result
    if noted is None and result.events:
        return _bad(walk, "log.head is missing: nobody can tell whether the end of the log was cut off.")
    said = strange_in(connection) or str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
    if said != "ok":
        return _bad(walk, f"The records hold, but the database around them is damaged: {said}.")
    return result


def _text(raw: bytes) -> str:
    """A text column. SQLite does not check for UTF-8: what is none becomes lone surrogates."""
    return raw.decode("utf-8", "surrogateescape")


def _gone(path: Path, noted: Head) -> str:
    return f"The whole log is gone: there is no {path}, but log.head was at record {noted.seq}."


def _bad(walk: _Walk, problem: str) -> Verification:
    return Verification(False, walk.last.seq, walk.last, 0, problem)
