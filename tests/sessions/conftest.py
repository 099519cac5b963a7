"""Real sessions in a folder of their own. After each test all are ended and nothing is left."""

from __future__ import annotations

import contextlib
import os
import select
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleet.adapters.sessions.processes import MARK
from fleet.adapters.sessions.run_folder import RunFolder, Session
from fleet.adapters.sessions.shim_sessions import ShimSessions
from fleet.ports.session import Command, Exit, Record

PATIENCE = 20.0


class Runs:
    """ShimSessions in the folder `root`, with short words for what tests do with them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.here = root.parent
        self.sessions = ShimSessions(root)

    def start(self, argv: tuple[str, ...], key="r1", *, env=None, cwd="", grace=0.2, **more) -> str:
        path = "/usr/local/bin:/usr/bin:/bin"
        command = Command(
            argv, {"PATH": path, **(env or {})}, cwd or str(self.here), grace_seconds=grace, **more
        )
        self.sessions.start(key, command)
        return key

    def shell(self, script: str, key="r1", **more) -> str:
        return self.start(("/bin/sh", "-c", script), key, **more)

    def python(self, script: str, key="r1", **more) -> str:
        return self.start((sys.executable, "-I", "-S", "-c", script), key, **more)

    def end(self, key="r1") -> Exit:
        """How it ended; waits for the end of its supervisor."""
        self.await_readable(self.sessions.watch(key))
        told = self.sessions.exit(key)
        assert told is not None
        return told

    def await_readable(self, fd: int | None) -> None:
        """Wait for the end that this descriptor tells, and close it."""
        if fd is not None:
            assert readable(fd, PATIENCE), "it does not end"
            os.close(fd)

    def hear(self, words: str, key="r1") -> None:
        """Wait until the program has said `words`."""
        while words not in self.said(key):
            assert readable(self.sessions.wakes(), PATIENCE), f"{key} does not say {words!r}"
            self.sessions.drain()

    def records(self, key="r1") -> list[Record]:
        found, offset = [], 0
        while (page := self.sessions.read(key, offset))[0]:
            found, offset = found + page[0], page[1]
        return found

    def said(self, key="r1", stream="out") -> str:
        lines = (one for one in self.records(key) if one.stream == stream)
        return "".join(one.text + ("\n" if one.complete else "") for one in lines)

    def session(self, key="r1") -> Session:
        found = RunFolder(self.root, key).session()
        assert found is not None
        return found

    def processes(self, key="r1") -> set[int]:
        """Every living process with the session's mark."""
        mark = f"{MARK}={RunFolder(self.root, key).mark()}".encode()
        found = set()
        for path in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                if mark in path.read_bytes().split(b"\0"):
                    found.add(int(path.parent.name))
        return found


def readable(fd: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


@pytest.fixture
def runs(tmp_path) -> Iterator[Runs]:
    runs = Runs(tmp_path / "runs")
    yield runs
    keys = runs.sessions.keys()
    for key in keys:
        runs.sessions.stop(key, "the test is over")
    for key in keys:
        runs.end(key)
        assert not runs.processes(key), f"{key} has left processes behind"
    runs.sessions.close()
