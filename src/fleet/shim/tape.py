"""The transcript: what the harness said and was told, line by line, with times, byte for byte."""

from __future__ import annotations

import errno
import json
import os
import time

PIECE = 64 * 1024
"""Bytes of a line after which it is written in pieces, so that a line of any length takes little memory."""

Piece = tuple[bytes, bool]
"""Some bytes of one line (its line end left out), and whether the line is complete with them."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Cutter:
    """Cuts one byte stream into lines, and long lines into pieces."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[Piece]:
        """The pieces that are complete with `data`; what is left waits for the rest of its line."""
        text = self._buffer + data
        pieces: list[Piece] = []
        begin = 0
        while True:
            end = text.find(b"\n", begin)
            stop = end if end >= 0 else len(text)
            while stop - begin > PIECE:
                cut = _whole_character(text, begin + PIECE)
                pieces.append((text[begin:cut], False))
                begin = cut
            if end < 0:
                self._buffer = text[begin:]
                return pieces
            pieces.append((text[begin:end], True))
            begin = end + 1

    def rest(self) -> list[Piece]:
        """What stands in the last line, which the stream ended without ending."""
        text, self._buffer = self._buffer, b""
        return [(text, False)] if text else []


class Tape:
    """The file `transcript.jsonl`. Writing never raises: a disk that is full must not end the watch over a
    process.
    """

    __slots__ = ("_ceiling", "_fd", "_size", "error", "fault")

    def __init__(self, ceiling: int) -> None:
        self._fd = os.open("transcript.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._size = os.fstat(self._fd).st_size
        self._ceiling = ceiling
        self.fault = ""
        """Why nothing is recorded any more: `output` (the ceiling), `disk full`, `transcript failed`; ""
        while it is.
        """
        self.error = ""

    def write(self, stream: str, pieces: list[Piece]) -> None:
        """Record pieces of `out`, `err` or `in`, all with the time of now; dropped after a fault."""
        if self.fault or not pieces:
            return
        self._append(_lines(stream, pieces))
        if self._size > self._ceiling and not self.fault:
            self.fault = "output"
            self.error = f"the transcript grew over {self._ceiling} bytes"

    def note(self, text: str) -> None:
        """Record a remark of the shim's own, over the ceiling too."""
        self._append(_lines("shim", [(text.encode(errors="surrogateescape"), True)]))

    def _append(self, data: bytes) -> None:
        """Append whole lines. Those that got in before a failure stay: a reader may have had them already."""
        done = 0
        try:
            while done < len(data):
                done += os.write(self._fd, data[done:] if done else data)
        except OSError as error:
            self.fault = self.fault or ("disk full" if error.errno in _FULL else "transcript failed")
            self.error = self.error or f"the transcript could not be written: {error.strerror}"
            done = data.rfind(b"\n", 0, done) + 1
            self._cut(self._size + done)
        self._size += done

    def _cut(self, size: int) -> None:
        try:
            os.ftruncate(self._fd, size)
        except OSError:
            pass  # a torn line stays: readers tell it from a record


def _lines(stream: str, pieces: list[Piece]) -> bytes:
    r"""The records as text. Bytes that are no UTF-8 become \udcXX, from which they can be had back."""
    now = time.time_ns() // 1_000_000
    head = f'{{"t": {now}, "s": "{stream}", "d": '
    quote = json.encoder.encode_basestring_ascii
    return "".join(
        f'{head}{quote(text.decode("utf-8", "surrogateescape"))}, "nl": {"true" if complete else "false"}}}\n'
        for text, complete in pieces
    ).encode("ascii")


def _whole_character(text: bytes, cut: int) -> int:
    """The last place at or before `cut` that does not split a UTF-8 character (or `cut`, in what is no
    UTF-8).
    """
    for place in range(cut, cut - 4, -1):
        if text[place] & 0xC0 != 0x80:
            return place
    return cut
