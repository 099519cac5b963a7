"""How fast the log is, beside raw SQLite in the same run, and how soon a follower knows.

Run it with `python bench/log_bench.py`; it prints a table and writes bench/results/log.json. The raw side
stores the same rows with the same settings and a SHA-256 over each body; its bodies are made beforehand, and
nothing is checked. Rounds of both sides alternate, so that a slow disk is slow for both. On a shared machine
read the ratios, not the rates.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from fleet.adapters.logs.canonical import canonical
from fleet.adapters.logs.sqlite import SqliteLog
from fleet.adapters.logs.sqlite_file import connect
from fleet.model.event import Event, to_cloudevent

RESULTS = Path(__file__).parent / "results"
ROUNDS = 7
EVENTS_PER_ROUND = {1: 400, 20: 4000, 200: 8000}
LATENCY_EVENTS = 200
READ_EVENTS = 20_000
_DATA = {
    "run": "r7",
    "agent": "developer",
    "job": "implement",
    "outcome": "done",
    "usage": {"input_tokens": 12034, "output_tokens": 3501, "cost": 123_456},
    "files": ["src/shop/cart.py", "tests/test_cart.py"],
}
_FOLLOWER = """
import sys, time
from pathlib import Path
from fleet.adapters.logs.sqlite import SqliteLog

log = SqliteLog(Path(sys.argv[1]), create=False)
left = int(sys.argv[2])
with log.follow(log.head().seq) as following:
    print("ready", flush=True)
    while left:
        for event in following.wait(30):
            print(time.monotonic_ns() - event.data["sent_ns"], flush=True)
            left -= 1
"""

Figures = dict[str, Any]


def measure() -> Figures:
    """Measure everything. Rates are events per second, latencies milliseconds.

    The latencies are from just before an append until a follower has the event, so the sync is in them.
    """
    RESULTS.mkdir(exist_ok=True)
    # On the disk of the project, since a scratch directory elsewhere may be in memory.
    with tempfile.TemporaryDirectory(prefix="scratch-", dir=RESULTS) as scratch:
        directory = Path(scratch)
        return {
            "append": {
                str(size): _compare(directory / str(size), size, count)
                for size, count in EVENTS_PER_ROUND.items()
            },
            **_reading(directory / "read" / "log.db"),
            "follow_ms": {
                "same_process": _latency_here(directory / "here" / "log.db"),
                "other_process": _latency_there(directory / "there" / "log.db"),
            },
        }


def table(figures: Figures) -> str:
    """The figures for people."""
    lines = [f"{'events/s, in groups of':28}{'fleet':>10}{'raw SQLite':>12}{'ratio':>8}"]
    for size, row in figures["append"].items():
        rates = f"{row['fleet_per_second']:>10,}{row['raw_per_second']:>12,}{row['ratio']:>8}"
        lines.append(f"{size:>28}{rates}")
    lines.append(f"{'read, events/s':28}{figures['read_per_second']:>10,}")
    lines.append(f"{'verify, events/s':28}{figures['verify_per_second']:>10,}")
    lines.append(f"\n{'follow, ms from append':28}{'median':>10}{'p95':>12}{'max':>8}")
    for name, row in figures["follow_ms"].items():
        lines.append(f"{name.replace('_', ' '):28}{row['median']:>10}{row['p95']:>12}{row['max']:>8}")
    return "\n".join(lines)


def _compare(directory: Path, size: int, count: int) -> Figures:
    directory.mkdir()
    with _fleet(directory / "log.db", size) as append, _raw(directory / "raw.db", size) as insert:
        append(size * 10)
        insert(size * 10)
        pairs = [(append(count), insert(count)) for _ in range(ROUNDS)]
    fleet_rate, raw_rate = (count / statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(raw_seconds / seconds for seconds, raw_seconds in pairs)
    return {
        "fleet_per_second": round(fleet_rate),
        "raw_per_second": round(raw_rate),
        "ratio": round(ratio, 2),
    }


@contextmanager
def _fleet(path: Path, size: int) -> Iterator[Callable[[int], float]]:
    """A function that appends so many events in groups of `size` and returns the seconds it took."""
    events = [_event() for _ in range(size)]
    with closing(SqliteLog(path)) as log:

        def append(count: int) -> float:
            begin = time.perf_counter()
            for _ in range(count // size):
                log.append(events)
            return time.perf_counter() - begin

        yield append


@contextmanager
def _raw(path: Path, size: int) -> Iterator[Callable[[int], float]]:
    """The same for plain SQLite with rows that are made already."""
    stored = replace(_event(), id="0" * 28, time=1)
    body = canonical(to_cloudevent(stored))
    seq = 0
    with closing(connect(path, "rwc", 1000)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(
            "CREATE TABLE raw (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, type TEXT, body TEXT, hash BLOB)"
        )

        def insert(count: int) -> float:
            nonlocal seq
            begin = time.perf_counter()
            for _ in range(count // size):
                rows = []
                for _ in range(size):
                    seq += 1
                    rows.append((seq, f"{seq:028x}", "run.ended", body, sha256(body.encode()).digest()))
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany("INSERT INTO raw VALUES (?, ?, ?, ?, ?)", rows)
                connection.execute("COMMIT")
            return time.perf_counter() - begin

        yield insert


def _event() -> Event:
    return Event("run.ended", _DATA, subject="issue/12", causation_id="4c1f", correlation_id="issue/12")


def _reading(path: Path) -> Figures:
    """How fast a state can be folded at most, and an audit be made."""
    with closing(SqliteLog(path)) as log:
        for _ in range(READ_EVENTS // 200):
            log.append([_event() for _ in range(200)])
        begin = time.perf_counter()
        count = sum(1 for _ in log.read())
        read = time.perf_counter()
        found = log.verify()
        verified = time.perf_counter()
    assert found.events == count == READ_EVENTS
    return {
        "read_per_second": round(count / (read - begin)),
        "verify_per_second": round(count / (verified - read)),
    }


def _latency_here(path: Path) -> Figures:
    """A follower in another thread of this process."""
    taken: list[float] = []
    seen = threading.Semaphore(0)

    with closing(SqliteLog(path)) as log, log.follow(0) as following:

        def follow() -> None:
            while len(taken) < LATENCY_EVENTS:
                for event in following.wait(30):
                    taken.append((time.monotonic_ns() - event.data["sent_ns"]) / 1e6)
                    seen.release()

        thread = threading.Thread(target=follow)
        thread.start()
        for _ in range(LATENCY_EVENTS):
            log.append([Event("bench.sent", {"sent_ns": time.monotonic_ns()})])
            seen.acquire()
        thread.join()
    return _spread(taken)


def _latency_there(path: Path) -> Figures:
    """A follower in another process."""
    command = [sys.executable, "-c", _FOLLOWER, str(path), str(LATENCY_EVENTS)]
    with (
        closing(SqliteLog(path)) as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as follower,
    ):
        lines = follower.stdout
        assert lines is not None
        assert lines.readline() == "ready\n"
        taken = []
        for _ in range(LATENCY_EVENTS):
            log.append([Event("bench.sent", {"sent_ns": time.monotonic_ns()})])
            taken.append(int(lines.readline()) / 1e6)
    return _spread(taken)


def _spread(taken: list[float]) -> Figures:
    p95 = statistics.quantiles(taken, n=20)[18]
    return {"median": round(statistics.median(taken), 2), "p95": round(p95, 2), "max": round(max(taken), 2)}


if __name__ == "__main__":
    measured = measure()
    (RESULTS / "log.json").write_text(json.dumps(measured, indent=2) + "\n")
    print(table(measured))
