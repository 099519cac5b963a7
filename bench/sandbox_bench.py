"""How much later a program acts in a sandbox than in a session without one.

Run it with `python bench/sandbox_bench.py`. Both sides start the same program by turns, in sessions; it
writes down when it acts, and what is timed is from the order to start it until then. On a shared machine
read the ratios, not the times.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

from fleet.adapters.sandboxes.bwrap import BwrapSandbox
from fleet.adapters.sessions.shim_sessions import ShimSessions
from fleet.ports.sandbox import Room
from fleet.ports.session import Command

STARTS = 40


def measure() -> dict[str, float]:
    """Medians in ms: the first trial, what `wrap` takes, and when the program acts with and without."""
    path = os.environ.get("PATH", os.defpath)
    with tempfile.TemporaryDirectory(prefix="fleet-bench-") as scratch:
        place = Path(scratch)
        (place / "workspace").mkdir()
        sandbox = BwrapSandbox(path, place / "sandbox")
        begin = time.perf_counter()
        if problem := sandbox.problem():
            raise SystemExit(problem)
        trial = (time.perf_counter() - begin) * 1000
        room = Room(str(place / "workspace"), "/home", path, hidden=(scratch,))
        sessions = ShimSessions(place / "runs")
        found: dict[str, list[float]] = {"wrap": [], "with": [], "without": []}
        for number in range(STARTS):
            for kind in ("with", "without"):
                out = place / "workspace" / f"{kind}-{number}"
                argv: tuple[str, ...] = ("/bin/sh", "-c", f"date +%s%N > {out}")
                wall, begin = time.time_ns(), time.perf_counter()
                if kind == "with":
                    argv = sandbox.wrap(argv, room)
                    found["wrap"].append((time.perf_counter() - begin) * 1000)
                key = f"{kind}-{number}"
                sessions.start(key, Command(argv, {"PATH": path}, room.workspace))
                while sessions.exit(key) is None:
                    time.sleep(0.001)
                found[kind].append((int(out.read_text()) - wall) / 1e6)
        sessions.close()
    medians = {f"{name}_ms": round(statistics.median(times), 1) for name, times in found.items()}
    added = round(medians["with_ms"] - medians["without_ms"], 1)
    return {"trial_ms": round(trial, 1), **medians, "added_ms": added}


if __name__ == "__main__":
    print("\n".join(f"{name.replace('_', ' '):28}{value:>10}" for name, value in measure().items()))
