"""The anchor: a small file beside the log that says how far the log has come, so that a cut end is noticed.

A hash chain without its last records is still a valid chain. So every appender notes seq and hash of the end
in `log.head`, after its commit and before it lets the next one write. The note is never ahead of what is
synced in the log; a kill between commit and note leaves it one group behind, which the next append mends.
Whoever can write both files can still forge both: the anchor is against accidents and against hands that know
only the database.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fleet.adapters.logs.record import GENESIS
from fleet.model.errors import Permanent
from fleet.ports.log import Head

_FORM = re.compile(rb"([0-9]{20}) ([0-9a-f]{64})\n")
_RESTORE = (
    "run `fleet audit verify`; restore log.db and log.head from a copy, or move both away to start anew"
)


class Anchor:
    """The file at `path`. Its size never changes, so rewriting it in place needs no room and no rename."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self) -> None:
        """Write the anchor of the empty log, unless there is one. Durable, as this happens once.

        The file gets its name when it is whole, so a kill or a full disk leaves no half-written anchor, which
        every later append would refuse. One process at a time may call this.
        """
        if self.path.exists():
            return
        unfinished = self.path.with_name(f"{self.path.name}.new")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            note = _note(Head(0, GENESIS.hex()))
            if os.write(descriptor, note) < len(note):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        unfinished.rename(self.path)
        directory = os.open(self.path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def read(self) -> Head | None:
        """What is noted; None when there is no file. Raises `Permanent` when it holds something else."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            return self._parse(os.pread(descriptor, 200, 0))
        finally:
            os.close(descriptor)

    @contextmanager
    def held(self) -> Iterator[Held]:
        """Hold the anchor from before a commit until after its note, so that notes never go backwards.

        The caller has the log's write lock already, and who holds this one never waits for another: no
        deadlock. Raises `Permanent` when the file is missing or holds something else.
        """
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            raise Permanent(
                "Nothing was appended: the log's anchor log.head is missing.",
                why="without it nobody could tell whether the end of the log was cut off",
                do=_RESTORE,
            ) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield Held(descriptor, self._parse(os.pread(descriptor, 200, 0)))
        finally:
            os.close(descriptor)  # which also lets go of the lock

    def _parse(self, content: bytes) -> Head:
        match = _FORM.fullmatch(content)
        if match is None:
            raise Permanent("The log's anchor log.head cannot be read.", why="it was damaged", do=_RESTORE)
        return Head(int(match[1]), match[2].decode())


class Held:
    """The anchor while its lock is held. `noted` is what it says."""

    def __init__(self, descriptor: int, noted: Head) -> None:
        self._descriptor = descriptor
        self.noted = noted

    def note(self, head: Head) -> None:
        """Note the new end of the log.

        An error here is no error of the append, which is durable by now: the older note still holds, and the
        next append writes a new one.
        """
        try:
            os.pwrite(self._descriptor, _note(head), 0)
        except OSError:
            return


def cut_off(noted: Head, last: int) -> Permanent:
    """The error that says the log ends before its anchor."""
    return Permanent(
        "Nothing was appended: the end of the log was cut off.",
        why=f"log.head was written at record {noted.seq}, but the log ends with record {last}",
        do=_RESTORE,
    )


def other_record(noted: Head) -> Permanent:
    """The error that says the anchored record is a different one now."""
    return Permanent(
        "Nothing was appended: the log is not the one that log.head was written for.",
        why=f"record {noted.seq} has another hash than noted",
        do=_RESTORE,
    )


def _note(head: Head) -> bytes:
    return f"{head.seq:020d} {head.hash}\n".encode()
