"""The database file: how it is opened, what is in it, and what its errors mean to a person."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fleet.adapters.logs.anchor import Anchor
from fleet.model.errors import FleetError, Permanent, Temporary

# SQLite quotes a damaged schema in its message as it is, which Python then cannot decode.
SQLITE_ERRORS = (sqlite3.Error, UnicodeDecodeError)
APPLICATION_ID = 0x666C6565  # "flee": which program the file belongs to, as `file` and SQLite show it
SCHEMA_VERSION = 1
_CREATE = """\
CREATE TABLE events (
    seq  INTEGER PRIMARY KEY,
    id   TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    hash BLOB NOT NULL
)"""
_LOOK_AGAIN_SECONDS = 0.001
_FULL_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# IOERR_WRITE is what SQLite makes of a quota and of a limit on the size of files.
_FULL_CODES = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_WRITE)
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def anchor_of(path: Path) -> Anchor:
    """The anchor of the log at `path`: `log.head` beside `log.db`."""
    return Anchor(path.with_suffix(".head"))


def connect(path: Path, mode: str, busy_ms: int) -> sqlite3.Connection:
    """A connection with the settings that the log's promises need. `mode` is SQLite's: ro, rw or rwc."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=busy_ms / 1000,
    )
    # FULL: a commit returns when it is on the disk. The others keep a damaged file from doing harm.
    try:
        for pragma in ("synchronous=FULL", "fullfsync=ON", "trusted_schema=OFF", "cell_size_check=ON"):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def begin_writing(connection: sqlite3.Connection, busy_ms: int) -> None:
    """Begin a transaction that holds the write lock; wait for it at most so long.

    SQLite's own wait sleeps up to 100 ms between two looks, so that one of many writers may come last for
    most of a second. The lock is held for a fraction of a millisecond: looking often is what is fair.
    """
    deadline = time.monotonic() + busy_ms / 1000
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _BUSY or time.monotonic() > deadline:
                raise
        time.sleep(_LOOK_AGAIN_SECONDS)


def create_if_new(connection: sqlite3.Connection, path: Path) -> None:
    """Make the table and the anchor in a new file; check that an older file is one of ours.

    One process at a time, since two that switch to WAL at the same moment would fail one another.
    """
    if _is_ours(connection, path):
        return
    directory = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        if _is_ours(connection, path):
            return
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Before the table: a log that has a record then always has an anchor.
            anchor_of(path).create()
            connection.execute(_CREATE)
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    finally:
        os.close(directory)


def _is_ours(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether the file is a log already (False: it is new). Raises `Permanent` when it is something else."""
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if not tables:
        return False
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION_ID:
        raise Permanent(
            f"{path} is not an event log of Fleet.",
            why="it is the database of another program, or its first page was damaged",
            do="run `fleet audit verify`, or restore the log from a copy",
        )
    if version != SCHEMA_VERSION:
        raise Permanent(
            f"The event log {path} has the format {version}, and this Fleet knows {SCHEMA_VERSION}.",
            why="a newer Fleet made it",
            do="use that version of Fleet",
        )
    return True


def strange_in(connection: sqlite3.Connection) -> str:
    """What is in the file besides the one table as Fleet makes it, or instead of it; empty when nothing is.

    A trigger or a changed column would leave today's records as they are, and spoil tomorrow's.
    """
    made = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    if made != [("events", _CREATE)]:
        names = ", ".join(str(name) for name, _ in made)
        return f"its tables, indexes, triggers and views ({names}) are not those that Fleet makes"
    marks = [
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
    ]
    if marks != [APPLICATION_ID, SCHEMA_VERSION]:
        return "its header does not say that it is an event log of Fleet"
    return ""


@contextmanager
def telling(path: Path, doing: str) -> Iterator[None]:
    """Turn errors of SQLite and of the file system into Fleet's own; `doing` is like "append to"."""
    try:
        yield
    except SQLITE_ERRORS as error:
        raise _told(error, path, doing) from error
    except OSError as error:
        what = f"Fleet could not {doing} the event log {path}."
        if error.errno in _FULL_ERRNOS:
            raise _full(what) from error
        reason = error.strerror or str(error)
        if error.errno in (errno.EMFILE, errno.ENFILE):
            do = "close some programs, or raise the limit (`ulimit -n`)"
            raise Temporary(what, why=reason, do=do, delay_ms=1000) from error
        raise Permanent(what, why=reason, do=f"look at the permissions of {path.parent}") from error


def _told(error: Exception, path: Path, doing: str) -> FleetError:
    what = f"Fleet could not {doing} the event log {path}."
    extended = getattr(error, "sqlite_errorcode", 0)
    code = extended & 0xFF
    if extended in _FULL_CODES:
        return _full(what)
    if code in _BUSY:
        do = "wait for it to end; `fuser` on the file names it"
        return Temporary(
            what, why="another process has been writing to it for a long time", do=do, delay_ms=1000
        )
    if code in _DAMAGED or isinstance(error, UnicodeDecodeError) or "decode to UTF-8" in str(error):
        do = "run `fleet audit verify` to see where, and restore the log from a copy"
        return Permanent(what, why=f"the file is damaged or no event log ({error})", do=do)
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return Permanent(
            what, why="it may not be written", do=f"give yourself write permission in {path.parent}"
        )
    if code == sqlite3.SQLITE_CANTOPEN:
        do = f"check that {path} is a file and that you may write in its directory"
        return Permanent(what, why="it cannot be opened", do=do)
    if isinstance(error, sqlite3.ProgrammingError) and "closed" in str(error):
        return Permanent(what, why="it is closed", do="open it again")
    return Permanent(what, why=f"SQLite says: {error}", do="look at the disk, and run `fleet audit verify`")


def _full(what: str) -> Temporary:
    why = "the disk, or what you may use of it, is full"
    return Temporary(what, why=why, do="free some space; nothing was lost", delay_ms=5000)
