"""What the history says of files and authors, kept beside the repository so that a change can be looked up
at once: one pass over all commits when it is first asked, then only over those that are new.

It is a cache: whatever is wrong with it, it is made anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from fleet.adapters.git.command import run
from fleet.adapters.git.walk import Step, commits_after, walk
from fleet.model.errors import Temporary
from fleet.model.touched import Past, Touched
from fleet.policy.fixes import is_fix
from fleet.ports.repository import FileChange

_VERSION = 1
_YEAR_MS = 365 * 86_400_000
_BUSY_S = 60.0
_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE authors (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE);
CREATE TABLE years (author INTEGER, year INTEGER, n INTEGER, PRIMARY KEY (author, year)) WITHOUT ROWID;
CREATE TABLE folders (author INTEGER, folder TEXT, n INTEGER, PRIMARY KEY (author, folder)) WITHOUT ROWID;
CREATE TABLE files (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE,
    lines INTEGER, commits INTEGER, fixes INTEGER, last INTEGER, last_ms INTEGER
);
CREATE TABLE touches (file INTEGER, author INTEGER, PRIMARY KEY (file, author)) WITHOUT ROWID;
"""


class PastStore:
    """The history of one repository in one SQLite file; `None` keeps it in the memory."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._memory = _opened(None) if path is None else None

    def look(
        self, git_dir: Path, tip: str, files: Sequence[FileChange], author: str, when_ms: int
    ) -> tuple[list[Touched], Past]:
        """What is known of these files and this author (an e-mail address) in the history of `tip`.

        Raises Temporary when another process keeps it locked.
        """
        try:
            return self._look(git_dir, tip, files, author, when_ms)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise Temporary("the history is being read by another process", why=str(error)) from error
            self.forget()
        except sqlite3.DatabaseError:
            self.forget()
        return self._look(git_dir, tip, files, author, when_ms)

    def forget(self) -> None:
        """Drop all that was read. Only a file can be dropped."""
        if self._path is not None:
            for suffix in ("", "-wal", "-shm", "-journal"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def _look(
        self, git_dir: Path, tip: str, files: Sequence[FileChange], author: str, when_ms: int
    ) -> tuple[list[Touched], Past]:
        with self._open() as database:
            _catch_up(database, git_dir, tip)
            return known(database, files, author, when_ms)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        if self._memory is not None:
            yield self._memory
            return
        assert self._path is not None
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(_opened(self._path)) as database:
            yield database


def known(
    database: sqlite3.Connection, files: Sequence[FileChange], author: str, when_ms: int
) -> tuple[list[Touched], Past]:
    """The figures of a change that comes next."""
    touched: list[Touched] = []
    ids: list[int] = []
    last: set[int] = set()
    ages: list[int] = []
    for file in files:
        row = database.execute(
            "SELECT id, lines, commits, fixes, last, last_ms,"
            " (SELECT count(*) FROM touches WHERE file = files.id) FROM files WHERE path = ?",
            (file.old_path or file.path,),
        ).fetchone()
        number, lines, commits, fixes, latest, latest_ms, authors = row or (0, 0, 0, 0, 0, 0, 0)
        if row is not None:
            ids.append(number)
            last.add(latest)
            ages.append(max(0, when_ms - latest_ms))
        touched.append(
            Touched(
                file.path,
                file.added,
                file.deleted,
                file.binary,
                file.status,
                file.mode,
                commits=commits,
                authors=authors,
                fixes=fixes,
                lines=lines,
            )
        )
    own = database.execute("SELECT id FROM authors WHERE email = ?", (author.lower(),)).fetchone()
    years = database.execute("SELECT year, n FROM years WHERE author = ?", own or (0,)).fetchall()
    this_year = when_ms // _YEAR_MS
    past = Past(
        developers=_developers(database, ids),
        last_changes=len(last),
        age_ms=sum(ages) // len(ages) if ages else 0,
        commits=int(_meta(database, "commits") or 0),
        experience=sum(n for _, n in years),
        recent=sum(n / (1 + max(0, this_year - year)) for year, n in years),
        nearby=_nearby(database, own[0] if own else 0, {top_folder(file.path) for file in files}),
    )
    return touched, past


def learn(database: sqlite3.Connection, steps: Iterable[Step]) -> None:
    """Take commits in, in their order, each after the last."""
    counted = int(_meta(database, "commits") or 0)
    for step in steps:
        counted += 1
        author = _author(database, step.author)
        _count(database, "years", "year", author, step.when_ms // _YEAR_MS)
        for folder in sorted({top_folder(file.path) for file in step.files}):
            _count(database, "folders", "folder", author, folder)
        mends = is_fix(step.message)
        for file in step.files:
            _learn_file(database, file, author, counted, step.when_ms, mends)
    _set(database, "commits", str(counted))


def top_folder(path: str) -> str:
    """The folder at the top of the repository that the path is in, "" for a file that lies there itself."""
    return path.partition("/")[0] if "/" in path else ""


def in_memory() -> sqlite3.Connection:
    """An empty history that is kept nowhere."""
    return _opened(None)


def _opened(path: Path | None) -> sqlite3.Connection:
    database = sqlite3.connect(
        str(path) if path else ":memory:", timeout=_BUSY_S, isolation_level=None, check_same_thread=False
    )
    try:
        # It is made anew when it is lost, so nothing has to be on the disk at once.
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=OFF")
        if database.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
            database.executescript(
                f"BEGIN IMMEDIATE; {_drops(database)} {_TABLES}PRAGMA user_version={_VERSION}; COMMIT;"
            )
    except BaseException:
        database.close()
        raise
    return database


def _drops(database: sqlite3.Connection) -> str:
    tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return "".join(f'DROP TABLE "{name}";' for (name,) in tables)


def _catch_up(database: sqlite3.Connection, git_dir: Path, tip: str) -> None:
    """Bring the history up to `tip`. One that `tip` does not continue is begun anew."""
    if _meta(database, "tip") == tip:
        return
    database.execute("BEGIN IMMEDIATE")
    try:
        old = _meta(database, "tip")
        if old and run(git_dir, "merge-base", "--is-ancestor", old, tip, ok=(0, 1, 128)).code:
            for table in ("meta", "authors", "years", "folders", "files", "touches"):
                database.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own
            old = ""
        commits = commits_after(git_dir, old, tip)
        learn(database, walk(git_dir, commits))
        _set(database, "tip", tip)
        database.execute("COMMIT")
    except BaseException:
        database.execute("ROLLBACK")
        raise


def _learn_file(
    database: sqlite3.Connection, file: FileChange, author: int, number: int, when_ms: int, mends: bool
) -> None:
    if file.status == "D":
        row = database.execute("SELECT id FROM files WHERE path = ?", (file.path,)).fetchone()
        if row is not None:
            database.execute("DELETE FROM touches WHERE file = ?", row)
            database.execute("DELETE FROM files WHERE id = ?", row)
        return
    if file.status == "R" and file.old_path is not None:
        database.execute("UPDATE OR REPLACE files SET path = ? WHERE path = ?", (file.path, file.old_path))
    grown = file.added - file.deleted
    identity = database.execute(
        "INSERT INTO files (path, lines, commits, fixes, last, last_ms) VALUES (?, max(0, ?), 1, ?, ?, ?)"
        " ON CONFLICT (path) DO UPDATE SET lines = max(0, lines + ?), commits = commits + 1,"
        " fixes = fixes + ?, last = ?, last_ms = ? RETURNING id",
        (file.path, grown, mends, number, when_ms, grown, mends, number, when_ms),
    ).fetchone()[0]
    database.execute("INSERT OR IGNORE INTO touches VALUES (?, ?)", (identity, author))


def _author(database: sqlite3.Connection, email: str) -> int:
    database.execute("INSERT OR IGNORE INTO authors (email) VALUES (?)", (email,))
    found = database.execute("SELECT id FROM authors WHERE email = ?", (email,)).fetchone()
    return int(found[0])


def _count(database: sqlite3.Connection, table: str, column: str, author: int, value: int | str) -> None:
    database.execute(
        f"INSERT INTO {table} VALUES (?, ?, 1)"  # noqa: S608 - names of our own
        f" ON CONFLICT (author, {column}) DO UPDATE SET n = n + 1",
        (author, value),
    )


def _developers(database: sqlite3.Connection, files: Sequence[int]) -> int:
    found: set[int] = set()
    for number in files:
        found.update(
            each for (each,) in database.execute("SELECT author FROM touches WHERE file = ?", (number,))
        )
    return len(found)


def _nearby(database: sqlite3.Connection, author: int, folders: Iterable[str]) -> int:
    asked = ((author, folder) for folder in folders)
    rows = (
        database.execute("SELECT n FROM folders WHERE author = ? AND folder = ?", each).fetchone()
        for each in asked
    )
    return sum(row[0] for row in rows if row is not None)


def _meta(database: sqlite3.Connection, name: str) -> str:
    row = database.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else ""


def _set(database: sqlite3.Connection, name: str, value: str) -> None:
    database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))
