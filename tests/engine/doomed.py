"""Watchers that are killed at a moment of one's choice: a program that is told by lines on its stdin.

A line is `<n> <root>`: be the watcher of that project, in a process of its own that SIGKILLs itself at its
n-th boundary (0: never). The answer is a line `<exit code> <boundaries> <the last one>`. A boundary is just
before a deed, just after it (and before its events are in the log), or just after the log has taken events.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import fleet.gateway.mcp  # the heavy parts are loaded once, for all watchers
import fleet.gateway.serve  # noqa: F401
from fleet.adapters.logs.sqlite import SqliteLog
from fleet.engine import perform
from fleet.surfaces.cli.watch_here import watch_here
from fleet.wiring import Place


class Boundaries:
    """Counts them, says where it is, and ends the process at the one that was chosen."""

    def __init__(self, chosen: int, tell: int) -> None:
        self.chosen = chosen
        self.tell = tell
        self.count = 0

    def reach(self, name: str) -> None:
        self.count += 1
        os.pwrite(self.tell, f"{self.count} {name}".encode().ljust(100), 0)
        if self.count == self.chosen:
            os.kill(os.getpid(), signal.SIGKILL)

    def install(self) -> None:
        for kind, deed in list(perform.DEEDS.items()):
            perform.DEEDS[kind] = self._around(kind, deed)  # type: ignore[index]
        append = SqliteLog.append

        def appended(log, events, expected=None):
            stored = append(log, events, expected)
            self.reach(f"after append of {stored[-1].type if stored else 'nothing'}")
            return stored

        SqliteLog.append = appended  # type: ignore[method-assign]

    def _around(self, kind, deed):
        async def surrounded(parts, state, wish):
            self.reach(f"before {kind}")
            outcome = await deed(parts, state, wish)
            self.reach(f"after {kind}")
            return outcome

        return surrounded


def be_watcher(root: Path, chosen: int, tell: int) -> int:
    """The life of one watcher."""
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(os.open(root.parent / "watcher.err", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
    Boundaries(chosen, tell).install()
    return watch_here(Place(root), step=False, until_idle=True, json=True, ready_fd=-1)


def main() -> None:
    for line in iter(sys.stdin.readline, ""):
        chosen, _, root = line.strip().partition(" ")
        tell = os.memfd_create("boundaries")
        child = os.fork()
        if child == 0:
            code = 99
            try:
                code = be_watcher(Path(root), int(chosen), tell)
            finally:
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        last = os.pread(tell, 200, 0).decode().strip() or "0 none"
        os.close(tell)
        sys.stdout.write(f"{code} {last}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
