"""Which lines of a run's output were never seen before in it. They are not kept: a few thousand of them leave
their marks in 8 KB, and one in a hundred is taken for known that is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

_BYTES = 8192
_MOST = 1_000  # lines of one output that are looked at, its last ones


class Lines:
    """The lines that one run has seen. A watcher that begins anew knows none."""

    def __init__(self) -> None:
        self._marks = bytearray()

    def fresh(self, lines: Sequence[str]) -> int:
        """How many of these were never seen before. From now on they were."""
        if not self._marks:
            self._marks = bytearray(_BYTES)
        marks, fresh = self._marks, 0
        for line in lines[-_MOST:]:
            digest = crc32(line.encode("utf-8", "replace"))
            known = True
            for place in (digest & 0xFFFF, digest >> 16):
                if not marks[place >> 3] >> (place & 7) & 1:
                    marks[place >> 3] |= 1 << (place & 7)
                    known = False
            fresh += not known
        return fresh
