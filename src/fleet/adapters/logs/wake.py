"""Bells: how an append wakes the followers in all processes at once, without anybody polling.

Every follower has a FIFO in `<log dir>/wake/`; an appender writes one byte into each after its commit. A
follower opens its FIFO for reading and writing and only then gives it its name, so a listed one always has a
reader; when opening one says "no reader" (ENXIO), its follower is dead and the file is removed by whoever
noticed.
"""

from __future__ import annotations

import errno
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

_UNFINISHED = "."  # the names of FIFOs that are not yet listened to begin so
_STALE_SECONDS = 60


class Bell:
    """Something a follower listens to. `fileno` is readable after it was rung, until it is hushed."""

    def __init__(self, reader: int, writer: int, path: Path | None = None) -> None:
        self._reader = reader
        self._writer = writer
        self._path = path
        self._closed = False

    @classmethod
    def inside(cls) -> Bell:
        """A bell for one process: an anonymous pipe."""
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        return cls(reader, writer)

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._reader

    def ring(self) -> None:
        """Make `fileno` readable. A full pipe is awake already."""
        try:
            os.write(self._writer, b"\0")
        except BlockingIOError:
            return

    def hush(self) -> None:
        """Forget all rings so far. Look for events after this, never before: then none is missed."""
        try:
            while len(os.read(self._reader, 65536)) == 65536:
                pass
        except BlockingIOError:
            return

    def close(self) -> None:
        """Take the bell down. May be repeated."""
        if self._closed:
            return
        self._closed = True
        if self._path is not None:
            self._path.unlink(missing_ok=True)
        os.close(self._reader)
        if self._writer != self._reader:
            os.close(self._writer)
        # The numbers may soon belong to other files, which must not be read or written by mistake.
        self._reader = self._writer = -1


class Bells:
    """The folder `directory` with the bells of all followers of one log. It is made with the first bell."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def hang(self) -> Bell:
        """A new bell that every appender will ring from now on."""
        self._directory.mkdir(mode=0o700, exist_ok=True)
        self._sweep()
        name = f"{os.getpid()}-{secrets.token_hex(6)}"
        unfinished = self._directory / f"{_UNFINISHED}{name}"
        os.mkfifo(unfinished, 0o600)
        descriptor = os.open(unfinished, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        path = self._directory / name
        unfinished.rename(path)
        return Bell(descriptor, descriptor, path)

    def ring(self) -> None:
        """Ring every bell, and take down those whose follower is dead."""
        try:
            # Once per append, and at half the price of Path.iterdir.
            names = os.listdir(self._directory)  # noqa: PTH208
        except OSError:
            return  # nobody has ever followed, or this process has no descriptor left: see _ring_one
        for name in names:
            if not name.startswith(_UNFINISHED):
                self._ring_one(f"{self._directory}/{name}")

    def _ring_one(self, path: str) -> None:
        """Ring one bell. What goes wrong is not the append's concern: a follower also looks by itself."""
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            if error.errno == errno.ENXIO:
                with suppress(OSError):
                    Path(path).unlink()
            return
        try:
            os.write(descriptor, b"\0")
        except OSError:
            pass  # awake already, or gone this instant
        finally:
            os.close(descriptor)

    def _sweep(self) -> None:
        """Remove what a follower left that was killed while it made its bell."""
        old = time.time() - _STALE_SECONDS
        for path in self._directory.glob(f"{_UNFINISHED}*"):
            try:
                if path.stat().st_mtime < old:
                    path.unlink(missing_ok=True)
            except FileNotFoundError:
                continue
