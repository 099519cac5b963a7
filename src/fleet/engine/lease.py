"""One watcher a project: whoever holds the lock is it. The lock goes with its process, however that ends."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fleet.model.errors import FleetError

_LOOKS, _PAUSE_SECONDS = 20, 0.01


@contextmanager
def lease(path: Path) -> Iterator[None]:
    """Be the watcher of this project. Raises `FleetError` when there is one."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not _locked(handle):
            pid = os.pread(handle, 32, 0).decode("ascii", "replace").strip()
            held = f"process {pid or '(unknown)'} holds {path.name}"
            paused = _is_paused(pid)
            raise FleetError(
                "A watcher runs already for this project",
                why=f"{held}, and somebody has paused it" if paused else held,
                do=f"Let it go on: kill -CONT {pid}" if paused else "Look at it with: fleet watcher status",
            )
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    """Take the lock. Whoever asks `holder` has it for an instant, so one look is not enough."""
    for _ in range(_LOOKS):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE_SECONDS)
        else:
            return True
    return False


def _is_paused(pid: str) -> bool:
    """Whether a signal has stopped it (Linux; else never)."""
    try:
        stat = Path(f"/proc/{int(pid)}/stat").read_text(errors="replace")
    except (OSError, ValueError):
        return False
    return stat.rpartition(")")[2].split()[0] == "T"


def holder(path: Path) -> int | None:
    """The process id of the watcher that runs, None when none does."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.pread(handle, 32, 0).decode("ascii", "replace").strip()
        return int(text) if text.isdigit() else 0
    else:
        return None
    finally:
        os.close(handle)
