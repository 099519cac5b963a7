"""The harness's stdin: what it is told, delivered without ever waiting for it.

Text to deliver arrives as files in `inbox/`, moved there whole by the sender. Closing stdin removes the
folder first: a folder that is not empty cannot be removed, so a text is either in before the end or refused,
never lost between.
"""

from __future__ import annotations

import errno
import os


class Feed:
    """One pipe to the harness with what is still to be written into it."""

    __slots__ = ("_ending", "_pending", "fd", "is_open")

    def __init__(self, fd: int) -> None:
        os.set_blocking(fd, False)
        self.fd = fd
        self.is_open = True
        self._pending = b""
        self._ending = False

    @property
    def wants(self) -> bool:
        """Whether something waits for the harness to read."""
        return self.is_open and bool(self._pending)

    def give(self, data: bytes) -> bool:
        """Deliver `data` after what was given before; False when the harness cannot be told any more."""
        if not self.is_open or self._ending:
            return False
        self._pending += data
        self.pump()
        return True

    def end(self) -> None:
        """Close stdin as soon as all that was given is delivered."""
        self._ending = True
        self.pump()

    def pump(self) -> None:
        """Write what fits now."""
        if not self.is_open:
            return
        try:
            while self._pending:
                self._pending = self._pending[os.write(self.fd, self._pending) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self.drop()  # the harness closed its end: whoever still tells it something is told so
            return
        if self._ending:
            self.drop()

    def drop(self) -> None:
        """Close stdin at once, whatever was still to be written."""
        if self.is_open:
            self.is_open = False
            self._pending = b""
            os.close(self.fd)


def take_inbox() -> list[bytes]:
    """The texts that have arrived, in the order of their names (which begin with the time), and out of the
    folder.
    """
    try:
        names = sorted(os.listdir("inbox"))
    except FileNotFoundError:
        return []
    texts = []
    for name in names:
        with open(f"inbox/{name}", "rb") as file:
            texts.append(file.read())
        _note_taken(name)
    return texts


def _note_taken(name: str) -> None:
    """Move a text out of the inbox. Its name stays, so that nobody sends it again who did not hear that it
    arrived. (Neither step needs room on the disk.)
    """
    try:
        os.rename(f"inbox/{name}", f"told/{name}")
        os.truncate(f"told/{name}", 0)
    except FileNotFoundError:  # the folder was made by a Fleet before this one
        os.unlink(f"inbox/{name}")


def close_inbox() -> bool:
    """Take no more texts; False when one has arrived that was not taken yet."""
    try:
        os.rmdir("inbox")
    except FileNotFoundError:
        return True
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise
    return True
