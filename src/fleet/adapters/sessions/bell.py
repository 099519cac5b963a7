"""A FIFO by which shims wake the one who follows them: each writes its key, the follower sleeps until one
does.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path


class WakeFifo:
    """The following end. One follower at a time: a second one would take wakes away from the first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            try:
                os.mkfifo(path, 0o600)
            except FileExistsError:
                pass  # made by another one meanwhile
        # Open for writing too, so that it does not report its end each time the last shim has closed it.
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self._rest = b""
        self._lock = threading.Lock()

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._fd

    def drain(self) -> set[str]:
        """The keys that were rung for. Never blocks."""
        with self._lock:
            data = self._rest
            while True:
                try:
                    chunk = os.read(self._fd, 65536)
                except BlockingIOError:
                    break
                data += chunk
            *lines, self._rest = data.split(b"\n")
            return {line.decode(errors="replace") for line in lines if line}

    def ring(self, key: str) -> None:
        """Wake the follower from within this process."""
        try:
            os.write(self._fd, f"{key}\n".encode())
        except BlockingIOError:
            pass  # so much is unread that it is awake anyway

    def close(self) -> None:
        """Follow no more."""
        os.close(self._fd)
