"""How many processes a run has: the ceiling that a fork bomb meets."""

from __future__ import annotations

import os

from fleet.shim import tree

EVERY = 0.5  # seconds between two looks
_SURE = 10  # each so manieth look counts, whatever the kernel tells: others' threads may have gone meanwhile
_FEW = 500  # threads of a machine up to which that often is cheap


class Crowd:
    """Counts the run's processes, at most `most` of which it may have (0: no ceiling); the dead too, of whom
    there are many where they die faster than anybody can collect them.

    That means reading all of /proc, so it is mostly done only where so many can have come since that it would
    be too much: the kernel tells at once how many threads the machine has.
    """

    def __init__(self, most: int, now: float) -> None:
        self._most = most
        self.due: float | None = now + EVERY if most else None
        self._others = _threads()
        self._looks = 0

    def too_many(self, now: float) -> int:
        """How many there are, 0 where that is allowed, or where it is not time to look."""
        if self.due is None or now < self.due:
            return 0
        self.due = now + EVERY
        self._looks += 1
        threads = _threads()
        if self._looks % _sure(threads) and threads and threads - self._others <= self._most:
            return 0
        found = len(tree.descendants(dead=True))
        self._others = threads - found
        if found <= self._most:
            return 0
        self.due = None
        return found


def _sure(threads: int) -> int:
    """Each how manieth look counts. A count costs as much as the machine has processes, and each run's shim
    makes one: where there are twice as many runs, each counts a quarter as often, and all cost what they did.
    """
    return max(_SURE, _SURE * threads * threads // (_FEW * _FEW))


def _threads() -> int:
    """How many threads the machine has, 0 where that can't be told."""
    try:
        fd = os.open("/proc/loadavg", os.O_RDONLY)
    except OSError:
        return 0
    try:
        return int(os.read(fd, 256).split()[3].partition(b"/")[2])
    except (OSError, ValueError, IndexError):
        return 0
    finally:
        os.close(fd)
