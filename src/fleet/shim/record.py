"""What the shim leaves behind for others: the exit record, and a poke that says that there is news."""

from __future__ import annotations

import json
import os
from typing import Any

_BETWEEN_POKES = 0.02
_LONGEST_ERROR = 1000


class Ending:
    """How a run ended. Memory in KiB, processor time in ms, of all processes of the run that were reaped."""

    __slots__ = ("code", "cpu_ms", "error", "max_rss_kb", "reason", "signal")

    def __init__(self, reason: str, *, error: str = "") -> None:
        self.reason = reason
        self.error = error
        self.code: int | None = None
        self.signal: int | None = None
        self.max_rss_kb = 0
        self.cpu_ms = 0


class Bell:
    """Pokes the FIFO of whoever follows this run; for output at most every 20 ms, the last one never left
    out.
    """

    __slots__ = ("_due", "_last", "_line", "_path")

    def __init__(self, path: str, key: str) -> None:
        self._path = path
        self._line = f"{key}\n".encode()
        self._last = 0.0
        self._due: float | None = None

    def ring(self, now: float) -> None:
        """There is news: poke now, or as soon as the last poke is 20 ms ago."""
        if self._due is None:
            self._due = max(now, self._last + _BETWEEN_POKES)
        self.ring_if_due(now)

    def ring_if_due(self, now: float) -> None:
        """Make up for a poke that was put off."""
        if self._due is not None and now >= self._due:
            self._last, self._due = now, None
            self.ring_now()

    @property
    def due(self) -> float | None:
        """When a put-off poke is due (monotonic seconds), None without one."""
        return self._due

    def ring_now(self) -> None:
        """Poke. Failing is fine: nobody listens (ENXIO, ENOENT), or so much is unread (EAGAIN) that the
        listener is awake anyway; and a follower that comes later reads the files first.
        """
        if not self._path:
            return
        try:
            fd = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return
        try:
            os.write(fd, self._line)
        except OSError:
            pass
        finally:
            os.close(fd)


def read_command() -> dict[str, Any]:
    """The file `command.json`: everything about the run that is not needed to start it."""
    with open("command.json", encoding="utf-8") as file:
        command: dict[str, Any] = json.load(file)
    return command


def write_exit(ending: Ending, started: int, ended: int) -> None:
    """Turn the room that was taken at the start into `exit.json`: no new block is needed, so a full disk does
    not matter. Times are ms since the epoch. The end of the text is blanks, which JSON allows.
    """
    keep = _LONGEST_ERROR
    text = json.dumps(
        {
            "reason": ending.reason[-keep:],
            "code": ending.code,
            "signal": ending.signal,
            "error": ending.error[-keep:],
            "started": started,
            "ended": ended,
            "max_rss_kb": ending.max_rss_kb,
            "cpu_ms": ending.cpu_ms,
        }
    )
    fd = os.open("exit.tmp", os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)
    os.rename("exit.tmp", "exit.json")
