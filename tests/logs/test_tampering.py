"""No change of a record goes unnoticed, and `verify` names the first bad one.

A plain change is made with another program's hands: SQL on the rows, bytes in the files. Bytes that no record
depends on may change; then the log must read, append and verify as if nothing had happened.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from fleet.adapters.logs.anchor import Anchor
from fleet.adapters.logs.record import GENESIS, link
from fleet.adapters.logs.sqlite import SqliteLog
from fleet.adapters.logs.verify import verify_log
from fleet.model.errors import FleetError, Permanent
from fleet.model.event import Event

COUNT = 40
FILES = ("log.db", "log.head")


def said(n: int) -> Event:
    # The bodies differ in length, so that pages are filled unevenly.
    return Event("agent.said", {"n": n, "text": "word " * (n % 13) * 9}, subject=f"run/r{n}", id=id_of(n))


def id_of(n: int) -> str:
    """Ids that stay different when a bit of one is changed."""
    return sha256(bytes([n])).hexdigest()[:24]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed log of some pages, made once; tests change copies."""
    path = tmp_path_factory.mktemp("whole") / "log.db"
    with closing(SqliteLog(path, clock=lambda: 1_770_000_000_000)) as log:
        log.append([said(n) for n in range(1, 31)])
        for n in range(31, COUNT + 1):
            log.append([said(n)])
    return path


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    return fresh_copy(whole, tmp_path)


def fresh_copy(whole: Path, directory: Path) -> Path:
    for old in directory.glob("log.db*"):
        old.unlink()
    for name in FILES:
        shutil.copy(whole.with_name(name), directory / name)
    return directory / "log.db"


def run(path: Path, *statements: str, values: Sequence[object] = ()) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement, values if "?" in statement else ())


def test_an_untouched_log_is_whole(copy: Path) -> None:
    found = verify_log(copy)

    assert (found.ok, found.events, found.head.seq) == (True, COUNT, COUNT)


SWAP = (
    "UPDATE events SET seq = -1 WHERE seq = 12",
    "UPDATE events SET seq = 12 WHERE seq = 25",
    "UPDATE events SET seq = 25 WHERE seq = -1",
)


@pytest.mark.parametrize(
    ("statements", "bad", "says"),
    [
        (
            ["UPDATE events SET body = replace(body, '\"n\":12', '\"n\":13') WHERE seq = 12"],
            12,
            "was changed",
        ),
        (["UPDATE events SET body = body || ' ' WHERE seq = 12"], 12, "was changed"),
        (["UPDATE events SET body = CAST(body AS BLOB) WHERE seq = 12"], 12, "not of the type"),
        (["UPDATE events SET body = CAST(X'7bff' AS TEXT) WHERE seq = 12"], 12, "not UTF-8"),
        (["UPDATE events SET body = 7 WHERE seq = 12"], 12, "was changed"),
        (["UPDATE events SET hash = zeroblob(32) WHERE seq = 12"], 12, "was changed"),
        (["UPDATE events SET hash = zeroblob(0) WHERE seq = 40"], 40, "was changed"),
        (["UPDATE events SET hash = 'text' WHERE seq = 12"], 12, "not of the type"),
        (["UPDATE events SET id = 'x' WHERE seq = 12"], 12, "column `id`"),
        (["UPDATE events SET id = X'6531' WHERE seq = 12"], 12, "column `id`"),
        (["UPDATE events SET type = 'run.ended' WHERE seq = 12"], 12, "column `type`"),
        (["UPDATE events SET type = 7 WHERE seq = 1"], 1, "column `type`"),
        (["DELETE FROM events WHERE seq = 12"], 12, "missing; the next one there is 13"),
        (["DELETE FROM events WHERE seq = 1"], 1, "missing"),
        (
            ["DELETE FROM events WHERE seq = 12", "UPDATE events SET seq = seq - 1 WHERE seq > 12"],
            12,
            "place",
        ),
        (SWAP, 12, "not in its place"),
        (["INSERT INTO events SELECT 0, 'x', type, body, hash FROM events WHERE seq = 1"], 0, "below 1"),
        (["INSERT INTO events SELECT -3, 'x', type, body, hash FROM events WHERE seq = 1"], -3, "below 1"),
        (
            ["INSERT INTO events SELECT 41, 'x', type, body, hash FROM events WHERE seq = 40"],
            41,
            "was changed",
        ),
        (["INSERT INTO events SELECT 99, 'x', type, body, hash FROM events WHERE seq = 40"], 41, "missing"),
        (["DELETE FROM events WHERE seq = 40"], 40, "The end of the log was cut off"),
        (["DELETE FROM events WHERE seq > 20"], 21, "ends with record 20, but log.head was at 40"),
        (["DELETE FROM events"], 1, "The end of the log was cut off"),
    ],
)
def test_a_change_of_the_rows_is_told_with_the_first_bad_record(
    statements: Sequence[str], bad: int, says: str, copy: Path
) -> None:
    run(copy, *statements)

    found = verify_log(copy)

    assert (found.ok, found.bad_seq) == (False, bad)
    assert found.events == max(bad - 1, 0) == found.head.seq
    assert says in found.problem


def test_a_record_that_was_sealed_anew_breaks_the_next_one(copy: Path) -> None:
    rows = rows_of(copy)
    body = rows[11][3].replace('"n":12', '"n":13')
    sealed = link(rows[10][4], 12, body.encode())
    run(copy, "UPDATE events SET body = ?, hash = ? WHERE seq = 12", values=(body, sealed))

    assert verify_log(copy).bad_seq == 13


def test_a_log_that_was_forged_to_its_end_is_not_the_one_of_the_anchor(copy: Path) -> None:
    digest = GENESIS
    for seq, _, _, body, _ in rows_of(copy):
        forged = body.replace('"n":12', '"n":13')
        digest = link(digest, seq, forged.encode())
        run(copy, "UPDATE events SET body = ?, hash = ? WHERE seq = ?", values=(forged, digest, seq))

    found = verify_log(copy)

    assert (found.ok, found.bad_seq) == (False, COUNT)
    assert "log.head was written for another record" in found.problem
    with closing(SqliteLog(copy)) as log, pytest.raises(Permanent, match="another hash than noted"):
        log.append([said(99)])


def test_a_body_that_is_sealed_but_no_event_is_named(copy: Path) -> None:
    last = rows_of(copy)[-1]
    for body in ("[1]", "{}", "null", "{", "[" * 100_000, '"text"'):
        sealed = link(last[4], COUNT + 1, body.encode())
        run(copy, f"DELETE FROM events WHERE seq > {COUNT}")
        run(copy, "INSERT INTO events VALUES (41, 'x', 'y', ?, ?)", values=(body, sealed))

        found = verify_log(copy)

        assert (found.ok, found.bad_seq) == (False, COUNT + 1)
        assert "its body is no event" in found.problem


def test_what_is_told_can_be_printed_and_is_bounded(copy: Path) -> None:
    run(copy, f"UPDATE events SET id = CAST(X'ff{'41' * 5000}' AS TEXT) WHERE seq = 12")

    problem = verify_log(copy).problem

    assert len(problem.encode()) < 600
    assert "\\udcff" in problem


@pytest.mark.parametrize(
    ("column", "kind"), [("id", "TEXT"), ("type", "TEXT"), ("body", "TEXT"), ("hash", "BLOB")]
)
def test_any_changed_byte_of_a_row_is_found(column: str, kind: str, whole: Path, tmp_path: Path) -> None:
    dice = random.Random(column)
    for _ in range(75):
        path, seq = fresh_copy(whole, tmp_path), dice.randint(1, COUNT)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            query = f"SELECT CAST({column} AS BLOB) FROM events WHERE seq = {seq}"
            changed = change_a_byte(connection.execute(query).fetchone()[0], dice)
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute(f"UPDATE events SET {column} = CAST(? AS {kind}) WHERE seq = {seq}", [changed])

        found = verify_log(path)

        assert (found.ok, found.bad_seq, found.events) == (False, seq, seq - 1), changed


@pytest.mark.parametrize("seed", range(8))
def test_any_changed_byte_of_the_database_file_is_found_or_harmless(
    seed: int, whole: Path, tmp_path: Path
) -> None:
    dice = random.Random(seed)
    content = whole.read_bytes()
    for _ in range(50):
        path = fresh_copy(whole, tmp_path)
        # The settings, the schema, and everything.
        start, end = dice.choice([(0, 112), (3700, 4096), (0, len(content))])
        path.write_bytes(change_a_byte(content, dice, start, end))

        assert is_found(path) or is_harmless(path, whole)


@pytest.mark.parametrize("seed", range(4))
def test_any_changed_byte_of_a_log_that_was_killed_is_found_or_harmless(
    seed: int, start: Callable[..., subprocess.Popen[str]], path: Path, tmp_path: Path
) -> None:
    appender = start("""
log = SqliteLog(path, clock=lambda: 1_770_000_000_000)
for n in range(20):
    log.append([Event("agent.said", {"n": n}, id=f"e{n}")])
print("ready", flush=True)
sys.stdin.readline()
""")
    assert appender.stdout is not None
    assert appender.stdout.readline() == "ready\n"
    appender.kill()
    appender.wait()
    dice = random.Random(seed)
    wal = path.with_name("log.db-wal").read_bytes()
    pristine = tmp_path / "pristine"
    shutil.copytree(path.parent, pristine, ignore=shutil.ignore_patterns("wake", "pristine", "*-shm"))
    with closing(SqliteLog(path)) as log:
        assert log.verify().events == 20

    for n in range(25):
        directory = tmp_path / str(n)
        shutil.copytree(pristine, directory)
        (directory / "log.db-wal").write_bytes(change_a_byte(wal, dice))

        assert is_found(directory / "log.db") or is_harmless(directory / "log.db", path)


@pytest.mark.parametrize("size", [0, 1, 99, 100, 511, 4095, 4096, 4097, 8192, 12_000])
def test_a_file_that_was_cut_is_told(size: int, copy: Path) -> None:
    copy.write_bytes(copy.read_bytes()[:size])

    assert is_found(copy)


@pytest.mark.parametrize(
    "garbage", [b"\0" * 9000, b"\xff" * 9000, b"SQLite format 3\0" + b"x" * 5000, b"hello\n"]
)
def test_garbage_instead_of_the_file_is_told_and_refused(garbage: bytes, copy: Path) -> None:
    copy.write_bytes(garbage)

    assert is_found(copy)
    with pytest.raises(Permanent, match="damaged or no event log"):
        SqliteLog(copy)


def test_a_missing_file_is_told(copy: Path) -> None:
    copy.unlink()
    assert "The whole log is gone" in verify_log(copy).problem

    copy.with_name("log.head").unlink()
    assert "There is no event log" in verify_log(copy).problem


def test_a_folder_instead_of_the_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "log.db").mkdir()

    assert "cannot be read" in verify_log(tmp_path / "log.db").problem


def test_a_missing_anchor_is_told_and_nothing_is_appended(copy: Path) -> None:
    copy.with_name("log.head").unlink()

    assert "log.head is missing" in verify_log(copy).problem
    with closing(SqliteLog(copy)) as log, pytest.raises(Permanent, match=r"log\.head is missing"):
        log.append([said(99)])


def test_any_changed_byte_of_the_anchor_is_told(copy: Path) -> None:
    anchor, dice = copy.with_name("log.head"), random.Random(7)
    content = anchor.read_bytes()
    for place in range(len(content)):
        anchor.write_bytes(change_a_byte(content, dice, place, place + 1))
        assert is_found(copy)
    for changed in (b"", content[:-1], content + b"\n", content * 2):
        anchor.write_bytes(changed)
        assert is_found(copy)


def test_an_anchor_that_is_behind_is_fine_and_is_mended_by_the_next_append(copy: Path) -> None:
    anchor, twelfth = copy.with_name("log.head"), rows_of(copy)[11]
    anchor.write_text(f"{12:020d} {twelfth[4].hex()}\n")
    assert verify_log(copy).ok

    with closing(SqliteLog(copy)) as log:
        log.append([said(99)])
        assert Anchor(anchor).read() == log.head()


def test_nothing_is_appended_to_a_log_that_was_cut(copy: Path) -> None:
    run(copy, "DELETE FROM events WHERE seq = 40")

    with closing(SqliteLog(copy)) as log, pytest.raises(Permanent, match="the end of the log was cut off"):
        log.append([said(99)])
    assert verify_log(copy).bad_seq == 40


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM events WHERE seq < new.seq; END",
        "CREATE TABLE notes (x)",
        "CREATE INDEX i ON events (type)",
        "ALTER TABLE events ADD COLUMN x",
        "PRAGMA application_id = 7",
        "PRAGMA user_version = 2",
    ],
)
def test_what_is_in_the_file_besides_the_records_is_told(statement: str, copy: Path) -> None:
    run(copy, statement)

    found = verify_log(copy)

    assert not found.ok
    assert "The records hold, but the database around them is damaged" in found.problem


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (
            b"CREATE TABLE events",
            b"CREATE TABLE even\xd4s",
        ),  # Python cannot decode SQLite's error
        (b"INTEGER PRIMARY KEY", b"INTEGES PRIMARY KEY"),  # then seq is no key, and every number is lost
        (b"type TEXT NOT NULL", b"typo TEXT NOT NULL"),
        (b"UNIQUE", b"      "),
    ],
)
def test_a_changed_schema_is_told(was: bytes, becomes: bytes, copy: Path) -> None:
    copy.write_bytes(copy.read_bytes().replace(was, becomes, 1))

    assert is_found(copy)


def test_a_record_that_cannot_be_read_is_an_error_for_a_reader(copy: Path) -> None:
    run(copy, "UPDATE events SET body = '{' WHERE seq = 12")

    with (
        closing(SqliteLog(copy)) as log,
        pytest.raises(Permanent, match="Record 12 of the log cannot be read"),
    ):
        list(log.read())


def rows_of(path: Path) -> list[tuple[int, str, str, str, bytes]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT seq, id, type, body, hash FROM events ORDER BY seq").fetchall()


def change_a_byte(content: bytes, dice: random.Random, start: int = 0, end: int | None = None) -> bytes:
    place = dice.randrange(start, len(content) if end is None else end)
    changed = content[place] ^ dice.choice([1, 2, 4, 8, 16, 32, 64, 128, 255])
    return content[:place] + bytes([changed]) + content[place + 1 :]


def is_found(path: Path) -> bool:
    found = verify_log(path)
    assert found.ok == (not found.problem)
    return not found.ok


def is_harmless(path: Path, whole: Path) -> bool:
    """Whether the log is read as before, and goes on, or says why it does not."""
    with closing(SqliteLog(whole)) as log:
        events = list(log.read())
    with closing(SqliteLog(path)) as log:
        try:
            log.append([Event("x.y", {}, id="after")])
        except FleetError:
            return list(log.read()) == events  # one byte of the header makes the file read-only for SQLite
        return list(log.read())[:-1] == events and log.verify().ok
