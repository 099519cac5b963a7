"""What the machine does to a log: full disks, used-up descriptors, missing rights, strange files."""

from __future__ import annotations

import os
import resource
import select
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from fleet.adapters.logs.sqlite import SqliteLog
from fleet.adapters.logs.sqlite_file import telling
from fleet.model.errors import FleetError, Permanent, Temporary
from fleet.model.event import Event

Start = Callable[..., "subprocess.Popen[str]"]
# A limit on the size of files is a full disk that needs no rights to make.
FILLER = """
import resource
log = SqliteLog(path, clock=lambda: 1_770_000_000_000)
log.append([Event("a.b", {"n": 0})])
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
n = 0
try:
    while True:
        log.append([Event("a.b", {"n": n, "part": part, "text": "x" * 300}) for part in range(5)])
        n += 1
except FleetError as error:
    print(type(error).__name__, n, error.why, flush=True)
try:
    log.append([Event("a.b", {})] * 50)
except FleetError as error:
    print(type(error).__name__, log.verify().ok, flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(log.append([Event("a.b", {"n": "room"})])[0].seq, log.verify().ok, flush=True)
"""


def test_a_full_disk_is_temporary_and_loses_nothing(start: Start, path: Path) -> None:
    first, second, third = start(FILLER).communicate()[0].splitlines()

    kind, groups, why = first.split(" ", 2)
    assert (kind, why) == ("Temporary", "the disk, or what you may use of it, is full")
    assert second == "Temporary True"
    assert third == f"{1 + int(groups) * 5 + 1} True"
    with closing(SqliteLog(path)) as log:
        assert log.verify().ok
        parts = [event.data["part"] for event in log.read() if "part" in event.data]
        assert parts == [0, 1, 2, 3, 4] * int(groups)


def test_a_disk_that_is_full_when_the_log_is_made_leaves_nothing_that_is_believed(
    start: Start, path: Path
) -> None:
    for size in (0, 40, 86, 4096, 40_000):
        code = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))\n"
        code += "try: SqliteLog(path).append([Event('a.b', {})]); print('Done')\n"
        code += "except FleetError as error: print(type(error).__name__)\n"
        assert start(code).communicate()[0].strip() in ("Temporary", "Done")

    with closing(SqliteLog(path)) as log:
        log.append([Event("a.b", {})])
        assert log.verify().ok


def test_an_anchor_that_was_left_unfinished_is_not_believed(path: Path) -> None:
    path.with_name("log.head.new").write_bytes(b"0000")

    with closing(SqliteLog(path)) as log:
        log.append([Event("a.b", {})])
        assert log.verify().ok
    assert not path.with_name("log.head.new").exists()


def test_an_append_that_is_durable_succeeds_even_when_no_bell_can_be_rung(log: SqliteLog) -> None:
    log.append([Event("a.b", {})])
    with log.follow(1) as following, no_descriptor_left(spare=1):  # one is what the anchor needs
        log.append([Event("a.b", {})])
        assert [event.seq for event in following.poll()] == [2]


def test_used_up_descriptors_are_told_and_leave_nothing_behind(log: SqliteLog) -> None:
    log.append([Event("a.b", {})])
    with no_descriptor_left(spare=0), pytest.raises(Temporary, match="Too many open files"):
        log.append([Event("a.b", {})])

    assert log.append([Event("a.b", {})])[0].seq == 2
    assert log.verify().ok


@pytest.mark.parametrize("what", ["a file", "a dangling link", "a folder"])
def test_what_is_no_bell_among_the_bells_disturbs_nobody(what: str, log: SqliteLog, path: Path) -> None:
    with log.follow(0) as following:
        thing = path.parent / "wake" / "thing"
        if what == "a file":
            thing.touch()
        elif what == "a folder":
            thing.mkdir()
        else:
            thing.symlink_to("nowhere")

        log.append([Event("a.b", {})])

        assert len(following.wait(10)) == 1


def test_a_follower_whose_bell_was_removed_still_sees_everything(path: Path) -> None:
    with closing(SqliteLog(path, safety_seconds=0.01)) as log, log.follow(0) as following:
        for bell in (path.parent / "wake").iterdir():
            bell.unlink()

        log.append([Event("a.b", {})])

        assert len(following.wait(10)) == 1


def test_a_bell_that_holds_no_more_rings_blocks_nobody(log: SqliteLog, path: Path) -> None:
    with log.follow(0) as following:
        (bell,) = (path.parent / "wake").iterdir()
        descriptor = os.open(bell, os.O_WRONLY | os.O_NONBLOCK)
        with suppress(BlockingIOError):
            while True:
                os.write(descriptor, b"\0" * 4096)
        os.close(descriptor)

        log.append([Event("a.b", {})])

        assert len(following.poll()) == 1
        assert not select.select([following], [], [], 0)[0]


def test_a_closed_follower_leaves_no_bell(log: SqliteLog, path: Path) -> None:
    log.follow(0).close()

    assert list((path.parent / "wake").iterdir()) == []


def test_a_log_that_must_be_there_is_not_made(path: Path) -> None:
    with pytest.raises(Permanent, match="There is no event log"):
        SqliteLog(path, create=False)
    assert not path.exists()


def test_the_database_of_another_program_is_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()

    with pytest.raises(Permanent, match="is not an event log of Fleet"):
        SqliteLog(path)
    assert path.read_bytes() == before


def test_a_newer_format_is_refused(path: Path) -> None:
    SqliteLog(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")

    with pytest.raises(Permanent, match="has the format 99, and this Fleet knows 1"):
        SqliteLog(path)


def test_a_new_log_is_not_begun_beside_the_anchor_of_one_that_is_gone(path: Path) -> None:
    with closing(SqliteLog(path)) as log:
        log.append([Event("a.b", {})])
    path.unlink()

    with closing(SqliteLog(path)) as log, pytest.raises(Permanent, match="the end of the log was cut off"):
        log.append([Event("a.b", {})])


@pytest.mark.parametrize(
    ("raised", "kind", "says"),
    [
        (OSError(28, "No space left on device"), Temporary, "full"),
        (OSError(122, "Disk quota exceeded"), Temporary, "full"),
        (OSError(23, "Too many open files in system"), Temporary, "Too many open files"),
        (PermissionError(13, "Permission denied"), Permanent, "Permission denied"),
    ],
)
def test_errors_of_the_file_system_say_what_to_do(
    raised: OSError, kind: type[FleetError], says: str, path: Path
) -> None:
    with pytest.raises(kind, match=says) as told, telling(path, "append to"):
        raise raised

    assert told.value.do


@contextmanager
def no_descriptor_left(spare: int) -> Iterator[None]:
    """Let this process open just `spare` more files at a time."""
    probe = os.open("/", os.O_RDONLY)
    os.close(probe)  # the lowest number that is free
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (probe + spare, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
