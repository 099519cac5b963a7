"""What Fleet adds to each call of a tool: the hook, from its start to its end, with the event durable.

`python bench/hook_bench.py` asks 200 times. The floor beside it: starting the same Python with nothing to do.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from fleet.adapters.logs.sqlite import SqliteLog
from fleet.engine.journal import Journal
from fleet.gateway.hooks import Hooks, command
from fleet.gateway.serve import serve
from fleet.gateway.server import build_app
from fleet.model.event import Event
from fleet.model.permissions import Permissions
from fleet.model.state import Run, State

TIMES = 200
_RULES = Permissions(deny=("Bash(git push *)", "Read(.env)"), allow=("Bash(git *)", "Bash(head *)", "Read"))
_COMMAND = "git status && git log --oneline | head -5"


class _Desk:
    """The gateway's watcher: a real log, one run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = Journal(SqliteLog(folder / "log.db", clock=self.now), self.now)
        self.journal.state.runs["r7"] = Run("r7", "i1", "code", "change", 1, 1, 1, 0, "running", "dev")

    def state(self) -> State:
        return self.journal.state

    def run_of(self, token: str) -> str | None:
        return "r7" if token == "token" else None

    def is_at_home(self, process: int, run_id: str) -> bool:
        return True

    def rules(self, run_id: str) -> tuple[Permissions, str, str] | None:
        return _RULES, str(self.folder), "/home/you"

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    async def submit(self, events: Sequence[Event]) -> None:
        await self.journal.record(events)


def measure(times: int = TIMES) -> dict[str, float]:
    """Milliseconds: the median and the 95th percentile of both."""
    with tempfile.TemporaryDirectory(prefix="fleet-hook-") as folder:
        ready, stop = threading.Event(), threading.Event()
        server = threading.Thread(target=lambda: asyncio.run(_serve(Path(folder), ready, stop)))
        server.start()
        try:
            ready.wait(30)
            env = {
                "FLEET_SOCKET": f"{folder}/gateway/g.sock",
                "FLEET_TOKEN": "token",
                "PATH": os.environ["PATH"],
            }
            asked = _timed(lambda number: _ask(env, number), times)
        finally:
            stop.set()
            server.join()
    floor = _timed(
        lambda _: subprocess.run(["sh", "-c", f"{sys.executable} -I -S -c 0 || exit 2"], check=True), times
    )
    return {"hook": asked[0], "hook_p95": asked[1], "floor": floor[0], "floor_p95": floor[1]}


def _ask(env: dict[str, str], number: int) -> None:
    said = {"tool_name": "Bash", "tool_use_id": f"t{number}", "tool_input": {"command": _COMMAND}}
    line = f"{' '.join(command())} before || exit 2"
    done = subprocess.run(
        ["sh", "-c", line], input=json.dumps(said).encode(), env=env, capture_output=True, check=True
    )
    assert b'"allow"' in done.stdout


async def _serve(folder: Path, ready: threading.Event, stop: threading.Event) -> None:
    desk = _Desk(folder)
    routes = (Hooks(desk).routes(),)
    serving = await serve(build_app(desk, routes=routes), build_app(desk), folder / "gateway" / "g.sock")
    ready.set()
    while not stop.is_set():
        desk.journal.wake.clear()
        await desk.journal.write_facts()
        try:
            await asyncio.wait_for(desk.journal.wake.wait(), 0.2)
        except TimeoutError:
            continue
    await serving.stop()
    desk.journal.close()


def _timed(once: Callable[[int], object], times: int) -> tuple[float, float]:
    took = []
    for number in range(times):
        begin = time.perf_counter()
        once(number)
        took.append((time.perf_counter() - begin) * 1000)
    return statistics.median(took), statistics.quantiles(took, n=20)[-1]


if __name__ == "__main__":
    print(json.dumps({name: round(value, 1) for name, value in measure().items()}))
