"""A run's transcript for reading: what the agent said and did, instead of its harness's own records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Literal

from fleet.model.text import clean
from fleet.ports.harness import (
    AgentEvent,
    Conversation,
    Finished,
    Message,
    Note,
    Reader,
    Retrying,
    ToolCalled,
    ToolReturned,
)
from fleet.ports.session import Record

EntryKind = Literal["message", "tool", "result", "note", "retry", "conversation", "finished"]

LONGEST_LINE = 8 << 20
"""Characters of one line of output that are kept for the harness's reader; what is over is left out."""

_LONGEST_SHOWN = 2_000
_MOST_LINES = 400
_SIGNS: dict[EntryKind, str] = {
    "message": "●",
    "tool": "▸",
    "note": "·",
    "retry": "…",
    "conversation": "·",
    "finished": "■",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened in a run. `t` is ms since the epoch; `text` may have many lines; `ok` is False
    for what failed.
    """

    t: int
    kind: EntryKind
    text: str
    ok: bool = True


class Transcript:
    """Turns the records of a session into entries, piece by piece, as they come.

    It holds at most one unfinished line of each stream, so its memory is bounded as the reader's is.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._parts: dict[str, list[str]] = {}
        self._sizes: dict[str, int] = {}

    def feed(self, records: Iterable[Record]) -> list[Entry]:
        """The entries that these records complete. What the session was told (its prompt) is left out."""
        found: list[Entry] = []
        for record in records:
            if record.stream == "shim":
                found.append(Entry(record.t, "note", record.text))
            elif record.stream in ("out", "err"):
                line = self._line(record)
                if line is not None:
                    events = self._reader.feed("out" if record.stream == "out" else "err", line)
                    found += [entry for event in events if (entry := entry_of(event, record.t)) is not None]
        return found

    def _line(self, record: Record) -> str | None:
        """The whole line that ends with this record, None while it does not end."""
        parts = self._parts.setdefault(record.stream, [])
        size = self._sizes.get(record.stream, 0)
        if size < LONGEST_LINE:
            parts.append(record.text[: LONGEST_LINE - size])
        self._sizes[record.stream] = size + len(record.text)
        if not record.complete:
            return None
        self._parts[record.stream], self._sizes[record.stream] = [], 0
        return "".join(parts)


def entry_of(event: AgentEvent, t_ms: int) -> Entry | None:
    """An agent event as an entry; None for what is only counted (usage)."""
    match event:
        case Message():
            return Entry(t_ms, "message", event.text)
        case ToolCalled():
            return Entry(t_ms, "tool", f"{event.name}: {event.summary}" if event.summary else event.name)
        case ToolReturned():
            text = event.summary or ("done" if event.ok else "it failed")
            return Entry(t_ms, "result", text, event.ok)
        case Retrying():
            return Entry(
                t_ms, "retry", f"asks its model again in {event.wait_ms / 1000:g} s: {event.reason}", False
            )
        case Finished():
            text = f"finished: {event.text}" if event.ok else f"ended ({event.kind}): {event.error}"
            return Entry(t_ms, "finished", text.strip().removesuffix(":"), event.ok)
        case Note():
            return Entry(t_ms, "note", event.text)
        case Conversation():
            about = " ".join(part for part in (event.model, event.version) if part)
            return Entry(t_ms, "conversation", f"conversation {event.id} ({about})" if about else event.id)
        case _:
            return None


def entry_lines(entry: Entry, zone: tzinfo | None = None) -> list[str]:
    """An entry as lines to read, with the time of day in `zone` (default: the machine's own)."""
    time = datetime.fromtimestamp(entry.t / 1000, tz=UTC).astimezone(zone).strftime("%H:%M:%S")
    sign = ("  ✓" if entry.ok else "  ✗") if entry.kind == "result" else _SIGNS[entry.kind]
    head = f"{time}  {sign} "
    lines = clean(entry.text, keep_lines=True).expandtabs(4).strip().split("\n")
    shown = [_bounded(line.rstrip()) for line in lines[:_MOST_LINES]]
    if len(lines) > _MOST_LINES:
        shown.append(f"[… {len(lines) - _MOST_LINES} lines more]")
    return [f"{head if at == 0 else ' ' * len(head)}{line}".rstrip() for at, line in enumerate(shown)]


def lines_of(event: AgentEvent, t_ms: int, zone: tzinfo | None = None) -> list[str]:
    """An agent event as lines to read, without control characters; none for what is only counted."""
    entry = entry_of(event, t_ms)
    return entry_lines(entry, zone) if entry is not None else []


def _bounded(line: str) -> str:
    if len(line) <= _LONGEST_SHOWN:
        return line
    return f"{line[:_LONGEST_SHOWN]} [… {len(line) - _LONGEST_SHOWN} characters more]"
