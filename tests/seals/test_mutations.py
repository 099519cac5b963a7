"""However the log is changed by somebody who owns the disk but not the key, it is found, and where it begins.

Half of the changes are made with care: the chain is computed anew to its end, and log.head is written to fit.
FLEET_MUTATIONS says how many are tried.
"""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from fleet.adapters.logs.record import GENESIS, link
from fleet.adapters.logs.sqlite import SqliteLog
from fleet.adapters.logs.verify import verify_log
from fleet.adapters.seals.key import key_of
from fleet.adapters.seals.sealer import Sealer
from fleet.adapters.seals.witness import Witness
from fleet.model.event import Event
from fleet.ports.seal import Filed

COUNT = 48
MUTATIONS = int(os.environ.get("FLEET_MUTATIONS", "400"))
Row = tuple[int, str, str, str, bytes]
KEY = key_of(bytes(range(32)))


class Memory:
    """A shelf that is gone with the test."""

    def __init__(self) -> None:
        self.filed: list[Filed] = []

    def checkpoints(self) -> list[Filed]:
        return list(self.filed)

    def newest(self) -> Filed | None:
        return self.filed[-1] if self.filed else None

    def file(self, note: str, marks: bytes, key: str, *, when_ms: int, behind: str) -> str:
        self.filed.append(Filed(f"c{len(self.filed)}", note, marks))
        return self.filed[-1].name

    def push(self, remote: str) -> None:
        raise NotImplementedError

    def attach(self, commit: str, text: str) -> None:
        raise NotImplementedError

    def attached(self, commit: str) -> str | None:
        raise NotImplementedError


@dataclass
class Sealed:
    rows: list[Row]
    path: Path
    filed: list[Filed]


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    """A log that was sealed three times, the last time at its end."""
    path, shelf = tmp_path_factory.mktemp("sealed") / "log.db", Memory()
    sealer = Sealer(KEY, shelf, {}, path.with_name("sealed"))
    with closing(SqliteLog(path, clock=lambda: 1_770_000_000_000)) as log:
        for n in range(1, COUNT + 1):
            log.append([Event("agent.said", {"n": n, "text": "word " * (n % 7)}, subject=f"run/r{n}")])
            if n in (7, 32, COUNT):
                assert sealer.seal(log, 1_770_000_000_000) == n
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        rows = connection.execute("SELECT seq, id, type, body, hash FROM events ORDER BY seq").fetchall()
    return Sealed(rows, path, shelf.filed)


def edited(row: Row, dice: random.Random) -> Row:
    seq, name, kind, body, digest = row
    return (seq, name, kind, body.replace('"n":', f'"n":{dice.randint(1, 9)}'), digest)


# Each takes the rows, changes them, and returns them with the number of the first one that is bad.
def an_edit(rows: list[Row], dice: random.Random) -> tuple[list[Row], int]:
    at = dice.randrange(len(rows))
    return [*rows[:at], edited(rows[at], dice), *rows[at + 1 :]], at + 1


def many_edits(rows: list[Row], dice: random.Random) -> tuple[list[Row], int]:
    at = sorted(dice.sample(range(len(rows)), dice.randint(2, 9)))
    return [edited(row, dice) if n in at else row for n, row in enumerate(rows)], at[0] + 1


def a_removal(rows: list[Row], dice: random.Random) -> tuple[list[Row], int]:
    at = dice.randrange(len(rows))
    return rows[:at] + rows[at + 1 :], at + 1


def a_swap(rows: list[Row], dice: random.Random) -> tuple[list[Row], int]:
    one, other = sorted(dice.sample(range(len(rows)), 2))
    moved = list(rows)
    moved[one], moved[other] = moved[other], moved[one]
    return moved, one + 1


def a_shuffle(rows: list[Row], dice: random.Random) -> tuple[list[Row], int]:
    start = dice.randrange(len(rows) - 3)
    tail = rows[start:]
    while tail[0] == rows[start]:
        dice.shuffle(tail)
    return rows[:start] + tail, start + 1


def a_cut(rows: list[Row], dice: random.Random) -> tuple[list[Row], int]:
    keep = dice.randrange(len(rows))
    return rows[:keep], keep + 1


def an_insertion(rows: list[Row], dice: random.Random) -> tuple[list[Row], int]:
    at = dice.randrange(len(rows))
    name = f"forged{dice.randrange(10**9)}"
    body = rows[at][3].replace(f'"id":"{rows[at][1]}"', f'"id":"{name}"')
    return [*rows[:at], (0, name, rows[at][2], body, b""), *rows[at:]], at + 1


def another_end(rows: list[Row], dice: random.Random) -> tuple[list[Row], int]:
    at = dice.randrange(len(rows))
    return rows[:at] + [edited(row, dice) for row in rows[at:]], at + 1


def a_stub(rows: list[Row], dice: random.Random) -> tuple[list[Row], int]:
    """The data is taken away, and nothing says so."""
    at = dice.randrange(len(rows))
    seq, name, kind, body, digest = rows[at]
    stub = body.replace(f'"id":"{name}"', f'"id":"{name}","redacted":"{"0" * 64}"').replace('"n":', '"m":')
    return [*rows[:at], (seq, name, kind, stub, digest), *rows[at + 1 :]], at + 1


HOW: list[Callable[[list[Row], random.Random], tuple[list[Row], int]]] = [
    *(an_edit, many_edits, a_removal, a_swap, a_shuffle, a_cut, an_insertion, another_end, a_stub)
]


def chained(rows: list[Row]) -> list[Row]:
    """The rows as the log itself would have written them, one behind the other."""
    digest, made = GENESIS, []
    for seq, (_, name, kind, body, _) in enumerate(rows, start=1):
        digest = link(digest, seq, body.encode())
        made.append((seq, name, kind, body, digest))
    return made


def numbered(rows: list[Row]) -> list[Row]:
    return [(seq, *row[1:4], row[4] or bytes(32)) for seq, row in enumerate(rows, start=1)]


def write(path: Path, rows: list[Row]) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("BEGIN")
        connection.execute("DELETE FROM events")
        connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?)", rows)
        connection.execute("COMMIT")


def test_every_mutation_is_found_and_the_first_bad_record_is_named(sealed: Sealed, tmp_path: Path) -> None:
    path, head = tmp_path / "log.db", tmp_path / "log.head"
    path.write_bytes(sealed.path.read_bytes())
    original = sealed.path.with_name("log.head").read_bytes()
    head.write_bytes(original)
    assert verify_log(path, Witness(sealed.filed, KEY.public)).ok

    for seed in range(MUTATIONS):
        dice = random.Random(seed)
        mutate, careful = dice.choice(HOW), dice.random() < 0.6
        changed, first = mutate(list(sealed.rows), dice)
        rows = chained(changed) if careful else numbered(changed)
        write(path, rows)
        end = rows[-1] if rows else (0, "", "", "", GENESIS)
        head.write_bytes(f"{end[0]:020d} {end[4].hex()}\n".encode() if careful else original)

        found = verify_log(path, Witness(sealed.filed, KEY.public))

        assert (found.ok, found.bad_seq) == (False, first), (seed, mutate.__name__, careful, found)
        assert found.problem


def test_a_log_that_only_grew_since_it_was_sealed_is_whole(sealed: Sealed, tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    for name in ("log.db", "log.head"):
        (tmp_path / name).write_bytes(sealed.path.with_name(name).read_bytes())
    with closing(SqliteLog(path)) as log:
        log.append([Event("agent.said", {"n": 0})])

    assert verify_log(path, Witness(sealed.filed, KEY.public)).ok


def test_a_cut_end_is_told_with_the_checkpoint_that_signed_it(sealed: Sealed, tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    path.write_bytes(sealed.path.read_bytes())
    rows = sealed.rows[:40]
    write(path, rows)
    (tmp_path / "log.head").write_text(f"{40:020d} {rows[-1][4].hex()}\n")

    found = verify_log(path, Witness(sealed.filed, KEY.public))

    assert "8 events that checkpoint c2 of 2026-02-02T02:40:00.000Z signed are gone" in found.problem


def test_a_checkpoint_of_another_key_is_not_believed(sealed: Sealed) -> None:
    forger = key_of(bytes(32))

    assert "is not signed by" in Witness(sealed.filed, forger.public).problem


@pytest.mark.parametrize("place", range(0, 400, 13))
def test_no_byte_of_a_checkpoint_can_be_changed(place: int, sealed: Sealed) -> None:
    note = sealed.filed[-1].note
    at = place % len(note)
    other = note[:at] + ("x" if note[at] != "x" else "y") + note[at + 1 :]

    assert Witness([Filed("c", other, b"")], KEY.public).problem


def test_a_sealer_does_not_sign_another_past(sealed: Sealed, tmp_path: Path) -> None:
    shelf = Memory()
    shelf.filed = list(sealed.filed)
    path = tmp_path / "log.db"
    with closing(SqliteLog(path)) as log:
        log.append([Event("agent.said", {"n": n}) for n in range(COUNT + 1)])
        sealer = Sealer(KEY, shelf, {}, tmp_path / "sealed")

        with pytest.raises(Exception, match="not the one that was sealed before"):
            sealer.seal(log, 0)
