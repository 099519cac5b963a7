"""Many processes on one log: one order, nothing lost, whole groups, whatever is killed when."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fleet.adapters.logs.sqlite import SqliteLog
from fleet.model.errors import Temporary
from fleet.model.event import Event

Start = Callable[..., "subprocess.Popen[str]"]

GROUP = 7
APPENDER = """
log = SqliteLog(path)
print("ready", flush=True)
sys.stdin.readline()
name, groups, size = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
for n in range(groups):
    events = [Event("a.b", {"by": name, "n": n, "part": part}) for part in range(size)]
    print(log.append(events)[0].seq, flush=True)
"""
FOLLOWER = """
log = SqliteLog(path)
left = int(sys.argv[2])
with log.follow(0) as following:
    print("ready", flush=True)
    while left:
        events = following.wait(30)
        left -= len(events)
        print(*(event.seq for event in events), time.monotonic_ns(), flush=True)
"""
COUNTER = """
log = SqliteLog(path)
print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(sys.argv[2])):
    while True:
        end = log.head().seq
        try:
            log.append([Event("count", {"is": end + 1})], expected=end)
            break
        except FleetError as error:
            assert type(error).__name__ == "Conflict", error
"""


def ready(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"


def go(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()


def end(*processes: subprocess.Popen[str]) -> list[str]:
    outputs = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return outputs


def whole_groups(events: list[Event]) -> list[tuple[str, int]]:
    """Who appended which group, in the log's order; fails when one is not whole or not together."""
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    groups = [events[start : start + GROUP] for start in range(0, len(events), GROUP)]
    for group in groups:
        assert [event.data["part"] for event in group] == list(range(GROUP))
        assert len({(event.data["by"], event.data["n"]) for event in group}) == 1
    return [(group[0].data["by"], group[0].data["n"]) for group in groups]


def test_processes_that_append_at_once_lose_nothing_and_keep_their_order(start: Start, path: Path) -> None:
    appenders = [start(APPENDER, name, 40, GROUP) for name in "abcd"]
    ready(*appenders)
    go(*appenders)
    said = end(*appenders)

    log = SqliteLog(path)
    groups = whole_groups(list(log.read()))
    assert log.verify().ok
    for name, seqs in zip("abcd", said, strict=True):
        assert [n for by, n in groups if by == name] == list(range(40))
        assert [groups[int(seq) // GROUP] for seq in seqs.split()] == [(name, n) for n in range(40)]
    log.close()


def test_processes_that_open_a_new_log_at_the_same_moment_make_one(start: Start, path: Path) -> None:
    code = 'print("ready", flush=True); sys.stdin.readline(); SqliteLog(path).append([Event("a.b", {})])'
    openers = [start(code) for _ in range(6)]
    ready(*openers)
    go(*openers)
    end(*openers)

    log = SqliteLog(path)
    assert log.verify().events == 6
    log.close()


def test_expected_lets_one_process_win_each_round(start: Start, path: Path) -> None:
    counters = [start(COUNTER, 30) for _ in range(3)]
    ready(*counters)
    go(*counters)
    end(*counters)

    log = SqliteLog(path)
    assert [event.data["is"] for event in log.read()] == list(range(1, 91))
    log.close()


def test_a_follower_in_another_process_is_woken_at_once(start: Start, log: SqliteLog) -> None:
    follower = start(FOLLOWER, 20)
    ready(follower)
    assert follower.stdout is not None

    taken = []
    for _ in range(20):
        begin = time.monotonic_ns()
        log.append([Event("a.b", {})])
        taken.append(int(follower.stdout.readline().split()[-1]) - begin)

    # The bench measures it (0.3 ms). A loaded machine gets more here, but not what polling would take.
    assert sorted(taken)[10] < 500_000_000


def test_followers_see_all_that_other_processes_append_once_and_in_order(start: Start, path: Path) -> None:
    SqliteLog(path).close()
    followers = [start(FOLLOWER, 2 * 30 * GROUP) for _ in range(2)]
    appenders = [start(APPENDER, name, 30, GROUP) for name in "ab"]
    ready(*followers, *appenders)
    go(*appenders)

    for seen in end(*followers):
        seqs = [int(seq) for line in seen.splitlines() for seq in line.split()[:-1]]
        assert seqs == list(range(1, 2 * 30 * GROUP + 1))


@pytest.mark.parametrize("seed", range(4))
def test_killing_appenders_at_any_instant_leaves_whole_groups(seed: int, start: Start, path: Path) -> None:
    dice = random.Random(seed)
    promised: list[tuple[str, int]] = []
    for round_ in range(4):
        names = [f"{round_}-{n}" for n in range(2)]
        appenders = [start(APPENDER, name, 100_000, GROUP) for name in names]
        ready(*appenders)
        go(*appenders)
        time.sleep(dice.uniform(0, 0.03))  # the instant is what this test varies
        for appender in appenders:
            appender.send_signal(signal.SIGKILL)
        for name, appender in zip(names, appenders, strict=True):
            acknowledged = appender.communicate()[0].count("\n")
            promised += [(name, n) for n in range(acknowledged)]

    log = SqliteLog(path)
    assert log.verify().ok, log.verify().problem
    assert set(promised) <= set(whole_groups(list(log.read())))
    log.append([Event("after.all", {})])
    assert log.verify().ok
    log.close()


@pytest.mark.parametrize("seed", range(3))
def test_a_kill_while_the_log_is_made_leaves_nothing_to_clean(seed: int, start: Start, path: Path) -> None:
    dice = random.Random(seed)
    code = 'print("ready", flush=True); sys.stdin.readline(); SqliteLog(path).append([Event("a.b", {})])'
    for _ in range(3):
        opener = start(code)
        ready(opener)
        go(opener)
        time.sleep(dice.uniform(0, 0.004))  # the instant is what this test varies
        opener.kill()
        opener.wait()

    log = SqliteLog(path)
    log.append([Event("a.b", {})])
    assert log.verify().ok, log.verify().problem
    log.close()


def test_a_dead_followers_bell_is_taken_down_by_the_next_append(
    start: Start, log: SqliteLog, path: Path
) -> None:
    follower = start(FOLLOWER, 1)
    ready(follower)
    follower.kill()
    follower.wait()
    assert len(list((path.parent / "wake").iterdir())) == 1

    log.append([Event("a.b", {})])

    assert list((path.parent / "wake").iterdir()) == []


def test_a_writer_that_is_stopped_makes_others_say_busy_and_loses_nothing(start: Start, path: Path) -> None:
    holder = start(
        """
from fleet.adapters.logs.sqlite_file import begin_writing, connect
log = SqliteLog(path)
connection = connect(path, "rw", 1000)
begin_writing(connection, 1000)
print("ready", flush=True)
sys.stdin.readline()
"""
    )
    ready(holder)
    log = SqliteLog(path, busy_ms=20)
    with pytest.raises(Temporary, match="another process has been writing"):
        log.append([Event("a.b", {})])
    assert list(log.read()) == []  # readers are not held up

    holder.kill()
    holder.wait()

    assert log.append([Event("a.b", {})])[0].seq == 1
    log.close()
