"""The line by which a program's turn is known to be over."""

from __future__ import annotations

import json
import re

_LONGEST = 1 << 20  # bytes of a line that is read as a document


class Mark:
    """What the last line of a turn looks like: how it begins, or, where that is a JSON object, a line that is
    an object too and has all of it. In which order a program writes its names down is its own business.
    """

    __slots__ = ("_begin", "_found", "_hit", "_kept", "_pairs", "_size", "_within", "seen")

    def __init__(self, text: str) -> None:
        self._begin = text.encode(errors="surrogateescape")
        self._found: dict[str, object] = _object(self._begin)
        quoted = (b"%s\\s*:\\s*%s" % pair for pair in map(_quoted, self._found.items()))
        self._pairs = tuple(re.compile(each) for each in quoted)
        self._within = self._hit = False
        self._kept: list[bytes] = []
        self._size = 0
        self.seen = False
        """Whether such a line went by; for the owner to reset."""

    def look(self, text: bytes, complete: bool) -> None:
        """Look at the next piece of a line."""
        if not self._begin:
            return
        if not self._within:
            self._hit, self._kept, self._size = False, [], 0
            self._hit = not self._pairs and text.startswith(self._begin)
        if self._pairs:
            self._hit = self._hit or all(pair.search(text) for pair in self._pairs)
            self._size += len(text)
            if self._size <= _LONGEST:
                self._kept.append(text)
        self._within = not complete
        if complete and self._hit:
            self.seen = self.seen or self._fits()
        if complete:
            self._kept = []

    def _fits(self) -> bool:
        """Whether the line has it at its top, as far as it can be told: one that is too long is believed."""
        if not self._pairs or self._size > _LONGEST:
            return True
        return self._found.items() <= _object(b"".join(self._kept)).items()


def _object(text: bytes) -> dict[str, object]:
    """The JSON object in the text, of whose values the plain ones are looked at; {} when it is none."""
    if not text.lstrip().startswith(b"{"):
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    plain = (str, int, float, bool, type(None))
    return {key: value for key, value in found.items() if isinstance(value, plain)}


def _quoted(pair: tuple[str, object]) -> tuple[bytes, bytes]:
    name, value = (re.escape(json.dumps(each).encode()) for each in pair)
    return name, value
