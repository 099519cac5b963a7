"""Reads what any program prints: each line of stdout is a message, each of stderr a note."""

from __future__ import annotations

import re

from fleet.adapters.harnesses.words import printable
from fleet.ports.harness import AgentEvent, Message, Note, Stream

_READ, _TEXT, _NOTE = 8000, 2000, 300
# Each message is an event of the log. A program that prints without end must not fill it: after so many lines
# only each hundredth is one, and the others are shown where people look, as notes.
_EACH, _THEN = 200, 100
_ESCAPE = re.compile(
    r"\x1b(?:"
    r"\[[0-?]*[ -/]*[@-~]"  # colours, moves of the cursor
    r"|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles, links, other strings
    r"|[@-~])"
)


class CommandReader:
    """Reads one run. It holds how many lines there were."""

    def __init__(self) -> None:
        self._lines = 0

    def feed(self, stream: Stream, line: str) -> list[AgentEvent]:
        """The event of this line."""
        text = _shown(line)
        if not text.strip():
            return []
        if stream == "err":
            return [Note(_bounded(text.strip(), len(line), _NOTE))]
        self._lines += 1
        if self._lines > _EACH and self._lines % _THEN:
            return [Note(_bounded(text, len(line), _NOTE))]
        return [Message(_bounded(text, len(line), _TEXT))]


def _shown(line: str) -> str:
    """What a terminal would show of the line: without colours, and the last state of a line that redraws
    itself.
    """
    text = _ESCAPE.sub("", line[:_READ]).rstrip()
    return printable(text.rpartition("\r")[2].expandtabs(4))


def _bounded(text: str, length: int, most: int) -> str:
    whole = len(text) <= most and length <= _READ
    return text if whole else f"{text[:most]} […] ({length} characters)"
