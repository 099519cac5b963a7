"""What a scripted agent is told on its stdin: a prompt, later words from outside, one JSON line each."""

from __future__ import annotations

import json
import os
import select
import time
from typing import Any

_MOST = 16 * 1024 * 1024


class InputError(Exception):
    """What came in can't be understood."""


class Input:
    """Reads lines from a descriptor, without taking more than there is."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._buffer = b""
        self._ended = False

    def prompt(self) -> dict[str, Any]:
        """The first line. Raises `InputError` when it is no prompt."""
        line = self._line(None)
        try:
            record = json.loads(line or "")
        except ValueError as error:
            raise InputError(f"stdin holds no prompt: {error}") from error
        if not isinstance(record, dict) or record.get("type") != "prompt":
            raise InputError("stdin holds no prompt: the first line has another type")
        return record

    def words(self, seconds: float) -> str | None:
        """The next words from outside, None when none came in time or the input ended."""
        line = self._line(seconds)
        if line is None:
            return None
        try:
            record = json.loads(line)
        except ValueError:
            return line
        return str(record.get("text", "")) if isinstance(record, dict) else line

    def _line(self, seconds: float | None) -> str | None:
        until = None if seconds is None else time.monotonic() + seconds
        while b"\n" not in self._buffer and not self._ended:
            left = None if until is None else max(0.0, until - time.monotonic())
            if not select.select([self._descriptor], [], [], left)[0]:
                return None
            piece = os.read(self._descriptor, 65536)
            self._buffer += piece
            self._ended = not piece or len(self._buffer) > _MOST
        line, found, self._buffer = self._buffer.partition(b"\n")
        return line.decode("utf-8", "replace") if line or found else None
