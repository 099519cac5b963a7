"""A FIFO by which shims wake the one who follows them: each writes its key, the follower sleeps until one
does.
"""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path


class WakeFifo:
    """The following end. One follower at a time: a second one would take wakes away from the first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = self._opened()
        self._room = fcntl.fcntl(self._fd, fcntl.F_GETPIPE_SZ) if hasattr(fcntl, "F_GETPIPE_SZ") else 4096
        self._rest = b""
        self._lock = threading.Lock()

    def _opened(self) -> int:
        if not self.path.exists():
            try:
                os.mkfifo(self.path, 0o600)
            except FileExistsError:
                pass  # made by another one meanwhile
        # Open for writing too, so that it does not report its end each time the last shim has closed it.
        return os.open(self.path, os.O_RDWR | os.O_NONBLOCK)

    def mend(self) -> bool:
        """Make it anew where somebody has removed it; whether that was so. The descriptor stays the same."""
        try:
            if os.path.samestat(self.path.stat(), os.fstat(self._fd)):
                return False
        except FileNotFoundError:
            pass
        fresh = self._opened()
        os.dup2(fresh, self._fd, inheritable=False)
        os.close(fresh)
        return True

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._fd

    def drain(self) -> tuple[set[str], bool]:
        """The keys that were rung for, and whether others may be missing, as there was no room for them.

        Never blocks.
        """
        with self._lock:
            data = self._rest
            while True:
                try:
                    chunk = os.read(self._fd, 65536)
                except BlockingIOError:
                    break
                data += chunk
            *lines, self._rest = data.split(b"\n")
            keys = {line.decode(errors="replace") for line in lines if line}
            return keys, len(data) > self._room // 2

    def ring(self, key: str) -> None:
        """Wake the follower from within this process."""
        try:
            os.write(self._fd, f"{key}\n".encode())
        except BlockingIOError:
            pass  # so much is unread that it is awake anyway, and told to look at every key

    def close(self) -> None:
        """Follow no more."""
        os.close(self._fd)
