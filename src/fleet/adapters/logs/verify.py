"""Checking a log file as an auditor does: from the disk, trusting nothing, and telling instead of failing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from fleet.adapters.logs.check import Found, check_chain, contradicted
from fleet.adapters.logs.quick import Progress, run_ahead
from fleet.adapters.logs.record import GENESIS
from fleet.adapters.logs.sqlite_file import SQLITE_ERRORS, anchor_of, connect, strange_in, telling
from fleet.model.errors import FleetError, Permanent
from fleet.ports.log import Head, Verification, Witness

_BUSY_MS = 10_000
_ROWS = "SELECT seq, id, type, body, hash FROM events"
_IN_ORDER = "ORDER BY seq"


def verify_log(path: Path, witness: Witness | None = None) -> Verification:
    """Check the log at `path`: every record, the chain, the anchor, SQLite's own structure, and what the
    `witness` knows of it.

    Never raises for what it finds, not even for a file that is no database: the first thing that is wrong is
    told in `problem`. Appending may go on meanwhile.
    """
    at = Progress(0, GENESIS)
    try:
        # The anchor first: the log can only have grown when it is looked at afterwards.
        noted = anchor_of(path).read()
        if not path.exists():
            return _bad(at, f"There is no event log {path}." if noted is None else _gone(path, noted))
        # Read-only, so that closing it does not tidy away a WAL that may be evidence.
        with closing(connect(path, "ro", _BUSY_MS)) as connection:
            return _verify(connection, noted, witness, at)
    except (*SQLITE_ERRORS, OSError, MemoryError) as error:
        place = f"After record {at.seq}" if at.seq else "From its beginning"
        return _bad(at, f"{place} the database file cannot be read: {error}.")
    except FleetError as error:
        return _bad(at, str(error))


def hashes(path: Path) -> Iterator[bytes]:
    """The chain hashes of the log at `path`, from the first record on."""
    with telling(path, "read"), closing(connect(path, "ro", _BUSY_MS)) as connection:
        for row in connection.execute("SELECT hash FROM events ORDER BY seq"):
            yield row[0]


def hash_of(path: Path, seq: int) -> str:
    """The chain hash of a record, as 64 digits; "" where there is none."""
    with telling(path, "read"), closing(connect(path, "ro", _BUSY_MS)) as connection:
        row = connection.execute("SELECT hash FROM events WHERE seq = ?", (seq,)).fetchone()
    return bytes(row[0]).hex() if row is not None else ""


def bodies(path: Path, kind: str) -> Iterator[tuple[int, str]]:
    """Number and body of each record of this type, as it was sealed, in order."""
    with telling(path, "read"), closing(connect(path, "ro", _BUSY_MS)) as connection:
        rows = connection.execute("SELECT seq, body FROM events WHERE type = ? ORDER BY seq", (kind,))
        yield from ((int(seq), str(body)) for seq, body in rows)


def body_of(path: Path, seq: int) -> str:
    """The body of a record as it was sealed. Raises `Permanent` when there is none."""
    with telling(path, "read"), closing(connect(path, "ro", _BUSY_MS)) as connection:
        row = connection.execute("SELECT body FROM events WHERE seq = ?", (seq,)).fetchone()
    if row is None:
        raise Permanent(f"There is no event {seq}.")
    return str(row[0])


def _verify(
    connection: sqlite3.Connection, noted: Head | None, witness: Witness | None, at: Progress
) -> Verification:
    connection.execute("BEGIN")
    try:
        bad, why = run_ahead(connection.execute(f"{_ROWS} {_IN_ORDER}"), noted, witness, at)
    except sqlite3.Error:
        bad, why = 0, ""  # the careful walk meets it again, and tells
    if bad:
        return contradicted(bad, why)
    connection.text_factory = _text
    query = f"{_ROWS} WHERE seq > {at.seq} {_IN_ORDER}" if at.seq else f"{_ROWS} {_IN_ORDER}"
    result = check_chain(map(Found._make, connection.execute(query)), noted, witness, at)
    if not result.ok:
        return result
    if noted is None and result.events:
        return _bad(at, "log.head is missing: nobody can tell whether the end of the log was cut off.")
    said = strange_in(connection) or str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
    if said != "ok":
        return _bad(at, f"The records hold, but the database around them is damaged: {said}.")
    return result


def _text(raw: bytes) -> str:
    """A text column. SQLite does not check for UTF-8: what is none becomes lone surrogates."""
    return raw.decode("utf-8", "surrogateescape")


def _gone(path: Path, noted: Head) -> str:
    return f"The whole log is gone: there is no {path}, but log.head was at record {noted.seq}."


def _bad(at: Progress, problem: str) -> Verification:
    return Verification(False, at.seq, at.head, 0, problem)
