"""Reads what `acp_drive` prints of an agent that speaks the Agent Client Protocol."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, get_args

from fleet.adapters.harnesses.words import clean, count, micros, note, parsed, string
from fleet.ports.harness import (
    OUTPUT_KEPT,
    AgentEvent,
    Conversation,
    Finished,
    FinishKind,
    Message,
    Retrying,
    Stream,
    ToolCalled,
    ToolReturned,
    Usage,
)

Json: TypeAlias = Mapping[str, Any]

_LONGEST_LINE = 1_100_000  # more than what is passed on of a line, which is 1 MB
_TEXT, _NOTE, _SUMMARY, _ID, _MOST = 64 * 1024, 300, 200, 200, 2000
_WORKSPACE = re.compile(r"^/.*?/\.fleet/workspaces/[^/]+/")
_LINES = {
    "read": "reading ",
    "edit": "editing ",
    "delete": "deleting ",
    "move": "moving ",
    "search": "searching for ",
    "execute": "running ",
    "fetch": "fetching ",
}
_KINDS: tuple[str, ...] = get_args(FinishKind)


class AcpReader:
    """Reads one run. It holds totals and an id, whatever it is fed."""

    def __init__(self) -> None:
        self._conversation = ""
        self._total = Usage()

    def feed(self, stream: Stream, line: str) -> list[AgentEvent]:
        """The events of this line."""
        if not line.strip():
            return []
        if stream == "err" or not line.startswith("{") or len(line) > _LONGEST_LINE:
            return [note(line)]
        record = parsed(line)
        kind = string(record, "type", _ID) if record is not None else ""
        if record is None or not kind:
            return [note(line)]
        read = _READERS.get(kind)
        return read(self, record) if read else []

    def _opened(self, record: Json) -> list[AgentEvent]:
        identity = string(record, "id", _ID)
        if not identity or identity == self._conversation:
            return []
        self._conversation = identity
        return [Conversation(identity, "", string(record, "version", _ID))]

    def _said(self, record: Json) -> list[AgentEvent]:
        text = string(record, "text", _TEXT).strip()
        return [Message(text)] if text else []

    def _called(self, record: Json) -> list[AgentEvent]:
        given = record.get("input")
        given = given if isinstance(given, dict) else {}
        kind, identity = string(record, "kind", _SUMMARY), string(record, "id", _ID)
        return [ToolCalled(identity, kind or "other", clean(_summary(kind, record, given))[:_SUMMARY], given)]

    def _returned(self, record: Json) -> list[AgentEvent]:
        text = string(record, "output", 1 << 20)[-OUTPUT_KEPT:]
        shown = clean(text[-_MOST:])
        shown = shown if len(shown) <= _SUMMARY else f"…{shown[-_SUMMARY:]}"
        return [ToolReturned(string(record, "id", _ID), record.get("ok") is True, shown, text)]

    def _asking(self, record: Json) -> list[AgentEvent]:
        title = clean(string(record, "title", _SUMMARY))
        reason = f"asks a person whether it may: {title} (fleet say: allow, or deny)"
        return [Retrying(reason, count(record, "seconds") * 1000)]

    def _permitted(self, record: Json) -> list[AgentEvent]:
        title = clean(string(record, "title", _SUMMARY))
        return [] if record.get("allowed") is True else [note(f"was refused: {title}")]

    def _used(self, record: Json) -> list[AgentEvent]:
        was = self._total
        self._total = Usage(
            input_tokens=was.input_tokens + count(record, "input"),
            output_tokens=was.output_tokens + count(record, "output"),
            cache_read_tokens=was.cache_read_tokens + count(record, "cache_read"),
            cache_write_tokens=was.cache_write_tokens + count(record, "cache_write"),
            cost_micros=was.cost_micros,
            turns=was.turns + 1,
        )
        return [self._total]

    def _paid(self, record: Json) -> list[AgentEvent]:
        was, paid = self._total, micros(record.get("dollars"))
        if paid <= (was.cost_micros or 0):
            return []
        self._total = Usage(
            *(was.input_tokens, was.output_tokens, was.cache_read_tokens, was.cache_write_tokens),
            cost_micros=paid,
            turns=was.turns,
        )
        return [self._total]

    def _noted(self, record: Json) -> list[AgentEvent]:
        text = string(record, "text", _NOTE)
        return [note(f"planning: {text}" if record.get("type") == "plan" else text)] if text else []

    def _ended(self, record: Json) -> list[AgentEvent]:
        kind, error = string(record, "kind", _ID), clean(string(record, "error", _MOST))
        if record.get("ok") is True and kind == "ok":
            return [Finished(True, string(record, "text", _TEXT), "", "ok")]
        known: Any = kind if kind in _KINDS and kind != "ok" else "error"
        return [Finished(False, "", error or "it gave no reason", known)]


_Read: TypeAlias = Callable[[AcpReader, Json], list[AgentEvent]]
_READERS: Mapping[str, _Read] = {
    "session": AcpReader._opened,
    "text": AcpReader._said,
    "tool": AcpReader._called,
    "tool_result": AcpReader._returned,
    "asking": AcpReader._asking,
    "permission": AcpReader._permitted,
    "usage": AcpReader._used,
    "cost": AcpReader._paid,
    "note": AcpReader._noted,
    "plan": AcpReader._noted,
    "result": AcpReader._ended,
}


def _summary(kind: str, record: Json, given: Json) -> str:
    title = string(record, "title", _MOST)
    paths = record.get("paths")
    first = paths[0] if isinstance(paths, list) and paths and isinstance(paths[0], str) else ""
    command = string(given, "command", _MOST)
    if kind == "execute" and command:
        return f"running {command}"
    if kind in ("read", "edit", "delete") and first:
        return f"{_LINES[kind]}{_WORKSPACE.sub('', first[:_MOST])}"
    return title or f"{_LINES.get(kind, 'using a tool ')}{first[:_MOST]}".strip()
