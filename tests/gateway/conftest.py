"""A desk over a real log, served on a real socket and port; agents are real `fleet agent` processes."""

from __future__ import annotations

import asyncio
import hmac
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import fleet
from fleet.adapters.logs.sqlite import SqliteLog
from fleet.gateway.serve import Serving, serve
from fleet.gateway.server import build_app
from fleet.model.errors import FleetError
from fleet.model.event import Event
from fleet.model.state import Change, Item, Run, State

HEAD = "a" * 40


@dataclass
class LogDesk:
    """The watcher's part: a state, tokens, and a log. `fails` are errors for the next submits."""

    log: SqliteLog
    now: State
    tokens: dict[str, str]
    fails: list[FleetError] = field(default_factory=list)

    def state(self) -> State:
        return self.now

    def run_of(self, token: str) -> str | None:
        found = None
        for known, run in self.tokens.items():
            if hmac.compare_digest(known.encode(), token.encode()):
                found = run
        return found

    def is_at_home(self, process: int, run_id: str) -> bool:
        return True

    async def submit(self, events: Sequence[Event]) -> None:
        await asyncio.to_thread(self.log.append, events)
        if self.fails:
            raise self.fails.pop(0)

    def events(self) -> list[Event]:
        return list(self.log.read())


@dataclass
class Ended:
    code: int
    out: str
    err: str


def _run(number: int, agent: str, duty: str, **more: object) -> Run:
    run = Run(f"r{number}", "i1", duty, duty, 12, 1, 1, 0, state="running", agent=agent, cause=f"c{number}")
    for name, value in more.items():
        setattr(run, name, value)
    return run


@pytest.fixture
def state() -> State:
    """Issue 12 with change 13 by the developer; r1 changes, r2 reviews, r3 checks, r4 has ended."""
    made = State()
    made.items[12] = Item(12, "Add a note", "Please add\nNOTE.md", "mia", True, labels=["docs"])
    made.items[12].comments = [{"author": "joe", "text": "in English"}]
    made.changes[13] = Change(
        13, 12, "i1", "fleet/12-add-note", "main", HEAD, "agent/developer", "Add a note"
    )
    made.changes[13].reviews = [{"by": "tech-lead", "verdict": "request-changes", "text": "name the owner"}]
    made.changes[13].checks = {"head": HEAD, "results": [{"name": "test", "ok": False, "output": "1 failed"}]}
    made.runs["r1"] = _run(1, "developer", "change", change=13, feedback="name the owner")
    made.runs["r2"] = _run(2, "tech-lead", "review", change=13)
    made.runs["r3"] = _run(3, "qa", "check", change=13)
    made.runs["r4"] = _run(4, "developer", "change", state="ended")
    return made


@pytest.fixture
def desk(tmp_path: Path, state: State) -> Iterator[LogDesk]:
    log = SqliteLog(tmp_path / "log.db")
    tokens = {f"token-of-{run}": run for run in state.runs}
    yield LogDesk(log, state, tokens)
    log.close()


@pytest.fixture
def socket_path(tmp_path: Path) -> Path:
    return tmp_path / "gateway" / "agent.sock"


Open = Callable[..., "asynccontextmanager[Serving]"]


@pytest.fixture
def opened(desk: LogDesk, socket_path: Path):
    """Serve the desk within `async with opened(port=0)`."""

    @asynccontextmanager
    async def open_(port: int = 0) -> AsyncIterator[Serving]:
        serving = await serve(build_app(desk), build_app(desk, mcp=True), socket_path, port=port)
        try:
            yield serving
        finally:
            await serving.stop()

    return open_


@pytest.fixture
def agent(socket_path: Path):
    """Run the real `fleet agent …` for a run, and wait for its end."""

    async def call(run: str, *words: str, stdin: str = "", wait: str = "10", **env: str) -> Ended:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(fleet.__file__).parents[1]),
            "FLEET_SOCKET": str(socket_path),
            "FLEET_TOKEN": f"token-of-{run}",
            "FLEET_RUN": run,
            "FLEET_WAIT": wait,
            **env,
        }
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "fleet", "agent", *words),
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            env={name: value for name, value in environment.items() if value},
        )
        try:
            out, err = await asyncio.wait_for(process.communicate(stdin.encode()), 60)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return Ended(process.returncode or 0, out.decode(), err.decode())

    return call
