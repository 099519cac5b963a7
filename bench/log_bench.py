"""How fast the log is, beside raw SQLite in the same run, and how soon a follower in another process knows.

Run it with `python bench/log_bench.py`. The raw side stores the same rows with the same settings and a
SHA-256 over each body; its bodies are made beforehand, and nothing is checked. Rounds of both sides alternate,
so that a slow disk is slow for both. On a shared machine read the ratios, not the rates.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

from fleet.adapters.logs.sqlite import SqliteLog
from fleet.adapters.logs.sqlite_file import connect
from fleet.model.event import Event

ROUNDS = 5
EVENTS_PER_ROUND = {1: 400, 20: 4000, 200: 8000}
LATENCY_EVENTS = 200
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


def run() -> dict[str, object]:
    """Measure everything. Rates are events per second, latencies milliseconds."""
    with tempfile.TemporaryDirectory(prefix="fleet-bench-", dir=Path.cwd()) as scratch:
        directory = Path(scratch)
        groups = {
            str(size): _compare(directory / str(size), size, count)
            for size, count in EVENTS_PER_ROUND.items()
        }
        return {"append": groups, "follow_ms": _latency(directory / "follow" / "log.db")}


def _compare(directory: Path, size: int, count: int) -> dict[str, float]:
    directory.mkdir()
    ours, raw = _fleet(directory / "fleet" / "log.db", size), _raw(directory / "raw.db", size)
    with ours as append, raw as insert:
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


@contextlib.contextmanager
def _fleet(path: Path, size: int) -> Iterator[Callable[[int], float]]:
    """A function that appends so many events in groups of `size` and returns the seconds it took."""
    log = SqliteLog(path)
    events = [_event() for _ in range(size)]

    def append(count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count // size):
            log.append(events)
        return time.perf_counter() - begin

    yield append
    log.close()


@contextlib.contextmanager
def _raw(path: Path, size: int) -> Iterator[Callable[[int], float]]:
    """The same for plain SQLite with rows that are made already."""
    connection = connect(path, "rwc", 1000)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(
        "CREATE TABLE raw (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, type TEXT, body TEXT, hash BLOB)"
    )
    body = json.dumps(
        {"id": "0" * 24, "time": "2026-01-01T00:00:00.000Z", "type": "run.ended", "data": _DATA}
    )
    seq = 0

    def insert(count: int) -> float:
        nonlocal seq
        begin = time.perf_counter()
        for _ in range(count // size):
            rows = []
            for _ in range(size):
                seq += 1
                digest = sha256(body.encode()).digest()
                rows.append((seq, f"{seq:028x}", "run.ended", body, digest))
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO raw VALUES (?, ?, ?, ?, ?)", rows)
            connection.execute("COMMIT")
        return time.perf_counter() - begin

    yield insert
    connection.close()


def _event() -> Event:
    return Event("run.ended", _DATA, subject="issue/12", causation_id="4c1f", correlation_id="issue/12")


def _latency(path: Path) -> dict[str, float]:
    """From just before an append to the moment when a follower in another process has the event, synced."""
    log = SqliteLog(path)
    command = [sys.executable, "-c", _FOLLOWER, str(path), str(LATENCY_EVENTS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as follower:
        lines = follower.stdout
        assert lines is not None
        assert lines.readline() == "ready\n"
        taken = []
        for _ in range(LATENCY_EVENTS):
            log.append([Event("bench.sent", {"sent_ns": time.monotonic_ns()})])
            taken.append(int(lines.readline()) / 1e6)
    log.close()
    p95 = statistics.quantiles(taken, n=20)[18]
    return {"median": round(statistics.median(taken), 2), "p95": round(p95, 2), "max": round(max(taken), 2)}


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
