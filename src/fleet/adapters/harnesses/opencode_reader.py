"""Reads what `opencode run --format json` prints: one JSON record a line, made into agent events.

A step is one answer of the model with the tools that it called; each tells what it cost. A tool is told of
when it has come back. It ends with a step whose reason is not that tools were called, or with an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from fleet.adapters.harnesses.words import calling, clean, count, inside, micros, note, parsed, string
from fleet.ports.harness import (
    OUTPUT_KEPT,
    AgentEvent,
    Conversation,
    Finished,
    FinishKind,
    Message,
    Stream,
    ToolCalled,
    ToolReturned,
    Usage,
)

Json: TypeAlias = Mapping[str, Any]

_LONGEST_LINE = 1_100_000  # more than what is passed on of a line, which is 1 MB
_TEXT, _NOTE, _SUMMARY, _ID, _MOST = 64 * 1024, 300, 200, 200, 2000
_ASKED = re.compile(r"permission requested: (.*?)(?:; auto-rejecting|$)", re.DOTALL)
_LINES: Mapping[str, tuple[str, str]] = {
    "bash": ("running ", "command"),
    "edit": ("editing ", "filePath"),
    "glob": ("looking for ", "pattern"),
    "grep": ("searching for ", "pattern"),
    "read": ("reading ", "filePath"),
    "skill": ("using the skill ", "name"),
    "task": ("asking a subagent: ", "description"),
    "todowrite": ("planning", ""),
    "webfetch": ("fetching ", "url"),
    "websearch": ("searching the web for ", "query"),
    "write": ("writing ", "filePath"),
}
_BILL = re.compile(r"credit balance|billing|insufficient.quota", re.IGNORECASE)
_ERRORS: Mapping[str, FinishKind] = {
    "ProviderAuthError": "auth",
    "ContextOverflowError": "limit",
    "MessageOutputLengthError": "limit",
}


class OpencodeReader:
    """Reads one run. It holds totals, an id and the last message, whatever it is fed."""

    def __init__(self) -> None:
        self._conversation = ""
        self._last = ""
        self._total = Usage()

    def feed(self, stream: Stream, line: str) -> list[AgentEvent]:
        """The events of this line."""
        if not line.strip():
            return []
        if stream == "err":
            return _complained(line)
        if not line.startswith("{") or len(line) > _LONGEST_LINE:
            return [note(line)]
        record = parsed(line)
        kind = string(record, "type", _ID) if record is not None else ""
        if record is None or not kind:
            return [note(line)]
        read = _READERS.get(kind)
        return [*self._opened(record), *(read(self, record) if read else [])]

    def _opened(self, record: Json) -> list[AgentEvent]:
        """Each record names the conversation; it is news once."""
        identity = string(record, "sessionID", _ID)
        if not identity or identity == self._conversation:
            return []
        self._conversation = identity
        return [Conversation(identity, "", "")]

    def _said(self, record: Json) -> list[AgentEvent]:
        text = string(_part(record), "text", _TEXT).strip()
        if not text:
            return []
        self._last = text
        return [Message(text)]

    def _used(self, record: Json) -> list[AgentEvent]:
        part = _part(record)
        state, name = inside(part, "state"), string(part, "tool", _SUMMARY)
        identity, given = string(part, "callID", _ID), inside(state, "input")
        called = ToolCalled(identity, name, clean(calling(name, given, _LINES, "fleet_"))[:_SUMMARY], given)
        code = inside(state, "metadata").get("exit")
        failed = string(state, "status", _ID) == "error" or (type(code) is int and code != 0)
        text = string(state, "error", _MOST) or string(state, "output", 1 << 20)[-OUTPUT_KEPT:]
        shown = clean(text[-_MOST:])
        shown = shown if len(shown) <= _SUMMARY else f"…{shown[-_SUMMARY:]}"
        return [called, ToolReturned(identity, not failed, shown, text)]

    def _stepped(self, record: Json) -> list[AgentEvent]:
        part = _part(record)
        self._total = _plus(self._total, part)
        reason = string(part, "reason", _ID)
        match reason:
            case "" | "tool-calls":
                return [self._total]
            case "length":
                return [self._total, Finished(False, "", "its answer became too long", "limit")]
            case "content-filter" | "error":
                return [self._total, Finished(False, "", f"its model ended with: {reason}", "error")]
        return [self._total, Finished(True, self._last, "", "ok")]

    def _failed(self, record: Json) -> list[AgentEvent]:
        error = inside(record, "error")
        data, name = inside(error, "data"), string(error, "name", _ID)
        text = clean(string(data, "message", _MOST)) or clean(name) or "it gave no reason"
        return [Finished(False, "", text, _kind(name, count(data, "statusCode"), data))]


_Read: TypeAlias = Callable[[OpencodeReader, Json], list[AgentEvent]]
_READERS: Mapping[str, _Read] = {
    "text": OpencodeReader._said,
    "tool_use": OpencodeReader._used,
    "step_finish": OpencodeReader._stepped,
    "error": OpencodeReader._failed,
}


def _kind(name: str, status: int, data: Json) -> FinishKind:
    if name in _ERRORS:
        return _ERRORS[name]
    if status in (401, 402, 403) or _BILL.search(string(data, "message", _MOST)):
        return "auth"
    if status in (408, 409, 429) or status >= 500 or data.get("isRetryable") is True:
        return "overloaded"
    return "error"


def _plus(total: Usage, step: Json) -> Usage:
    """The totals with this step. A cost of nothing is none that is known: the model has no price then."""
    tokens = inside(step, "tokens")
    cache, paid = inside(tokens, "cache"), micros(step.get("cost"))
    return Usage(
        input_tokens=total.input_tokens + count(tokens, "input"),
        output_tokens=total.output_tokens + count(tokens, "output") + count(tokens, "reasoning"),
        cache_read_tokens=total.cache_read_tokens + count(cache, "read"),
        cache_write_tokens=total.cache_write_tokens + count(cache, "write"),
        cost_micros=(total.cost_micros or 0) + paid if paid else total.cost_micros,
        turns=total.turns + 1,
    )


def _complained(line: str) -> list[AgentEvent]:
    """What would have to ask is refused, and that ends the run, which is told on stderr alone."""
    found = _ASKED.search(line[:_MOST])
    if found is None:
        return [note(line)]
    text = f"it had to ask for a permission, which was refused: {clean(found[1])[:_SUMMARY]}"
    return [Finished(False, "", text, "error")]


def _part(record: Json) -> Json:
    return inside(record, "part")
