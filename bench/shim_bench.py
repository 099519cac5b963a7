"""What a session costs: the shim's memory, and how much later a program starts in one than by fork and exec.

Run it with `python bench/shim_bench.py`. Memory is that of shims whose program has said something. Both sides
start the same program by turns; it writes down when it acts, and what is timed is from the order to start it
until then. On a shared machine read the ratios, not the times.
"""

from __future__ import annotations

import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from fleet.adapters.sessions.shim_sessions import ShimSessions
from fleet.ports.session import Command

LIVE = 20
STARTS = 60
BURST = 40
_ENV = {"PATH": "/usr/bin:/bin"}
_SAY = "date +%s%N > "
"""The program of both sides: it writes the time (ns) of its first act into a file."""


def measure() -> dict[str, float]:
    """Measure everything. Memory in MiB, latencies in ms, rates per second."""
    with tempfile.TemporaryDirectory(prefix="fleet-bench-") as scratch:
        sessions = ShimSessions(Path(scratch) / "runs")
        try:
            return {
                **_memory(sessions),
                **_latency(sessions, Path(scratch)),
                "sessions_per_second": _rate(sessions),
            }
        finally:
            _end_all(sessions)
            sessions.close()


def _memory(sessions: ShimSessions) -> dict[str, float]:
    command = Command(("/bin/sh", "-c", "echo hello; exec sleep 600"), _ENV, "/")
    pids = [sessions.start(f"m{n}", command).pid for n in range(LIVE)]
    while not all(sessions.read(f"m{n}", 0)[0] for n in range(LIVE)):
        time.sleep(0.001)
    found = [_kib_of(pid) for pid in pids]
    _end_all(sessions)
    return {
        "shim_rss_mib": round(statistics.median(one["Rss"] for one in found) / 1024, 1),
        "shim_pss_mib": round(statistics.median(one["Pss"] for one in found) / 1024, 1),
        "shim_rss_most_mib": round(max(one["Rss"] for one in found) / 1024, 1),
    }


def _latency(sessions: ShimSessions, scratch: Path) -> dict[str, float]:
    ours, plain, returned = [], [], []
    for n in range(STARTS):
        argv = ("/bin/sh", "-c", f"{_SAY}{scratch}/ours-{n}")
        begin, wall = time.perf_counter(), time.time_ns()
        sessions.start(f"s{n}", Command(argv, _ENV, "/"))
        returned.append((time.perf_counter() - begin) * 1000)
        _await_end(sessions, f"s{n}")
        ours.append((int((scratch / f"ours-{n}").read_text()) - wall) / 1e6)

        wall = time.time_ns()
        subprocess.run(["/bin/sh", "-c", f"{_SAY}{scratch}/plain-{n}"], env=_ENV, check=True)
        plain.append((int((scratch / f"plain-{n}").read_text()) - wall) / 1e6)
    return {
        "start_returns_ms": round(statistics.median(returned), 1),
        "program_acts_ms": round(statistics.median(ours), 1),
        "program_acts_p95_ms": round(statistics.quantiles(ours, n=20)[18], 1),
        "plain_program_acts_ms": round(statistics.median(plain), 1),
        "ratio_to_plain": round(statistics.median(ours) / statistics.median(plain), 1),
    }


def _rate(sessions: ShimSessions) -> float:
    """Whole short sessions, one after the other started, until all have ended."""
    begin = time.perf_counter()
    for n in range(BURST):
        sessions.start(f"b{n}", Command(("/bin/true",), _ENV, "/"))
    for n in range(BURST):
        _await_end(sessions, f"b{n}")
    return round(BURST / (time.perf_counter() - begin), 1)


def _end_all(sessions: ShimSessions) -> None:
    live = [key for key in sessions.keys() if sessions.exit(key) is None]  # noqa: SIM118  # no mapping
    for key in live:
        sessions.stop(key, "measured")
    for key in live:
        _await_end(sessions, key)


def _kib_of(pid: int) -> dict[str, int]:
    """Memory of a process by the kernel's names, in KiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}


def _await_end(sessions: ShimSessions, key: str) -> None:
    while sessions.exit(key) is None:
        time.sleep(0.001)


def table(figures: dict[str, float]) -> str:
    """The figures for people."""
    return "\n".join(f"{name.replace('_', ' '):28}{value:>10}" for name, value in figures.items())


if __name__ == "__main__":
    print(table(measure()))
