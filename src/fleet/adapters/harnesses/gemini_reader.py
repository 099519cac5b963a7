"""Reads what `gemini --output-format stream-json` prints: one JSON record a line, made into agent events.

What the agent says comes in pieces, which are put together until something else comes. Tokens are told at the
end alone, by model, and are those of this run. It tells no cost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from fleet.adapters.harnesses.gemini_end import failed
from fleet.adapters.harnesses.gemini_shell import seems_failed
from fleet.adapters.harnesses.words import calling, clean, count, inside, note, parsed, string
from fleet.ports.harness import (
    OUTPUT_KEPT,
    AgentEvent,
    Conversation,
    Finished,
    Message,
    ModelUsage,
    Retrying,
    Stream,
    ToolCalled,
    ToolReturned,
    Usage,
)

Json: TypeAlias = Mapping[str, Any]

_LONGEST_LINE = 1_100_000  # more than what is passed on of a line, which is 1 MB
_TEXT, _NOTE, _SUMMARY, _ID, _MOST = 64 * 1024, 300, 200, 200, 2000
_MOST_MODELS = 16
_KEPT_CALLS = 32  # so many commands may be under way at once
_RETRY = re.compile(
    r"Attempt (\d{1,4}) failed(.{0,300}?)\. Retrying (?:with backoff|after (\d{1,9})ms)", re.DOTALL
)
# What it always says, and the places in its program where something went wrong.
_QUIET = re.compile(
    r"Warning: (?:256-color|True color)|YOLO mode is enabled|Ripgrep is not available|\[STARTUP\]"
    r"|Loaded cached credentials|Approval mode overridden|\s+at |\s*[\]})]|Data collection is disabled"
)
_LINES: Mapping[str, tuple[str, str]] = {
    "activate_skill": ("using the skill ", "name"),
    "glob": ("looking for ", "pattern"),
    "google_web_search": ("searching the web for ", "query"),
    "grep_search": ("searching for ", "pattern"),
    "invoke_agent": ("asking a subagent: ", "prompt"),
    "list_directory": ("looking into ", "dir_path"),
    "read_file": ("reading ", "file_path"),
    "replace": ("editing ", "file_path"),
    "run_shell_command": ("running ", "command"),
    "web_fetch": ("fetching ", "prompt"),
    "write_file": ("writing ", "file_path"),
    "write_todos": ("planning", ""),
}


class GeminiReader:
    """Reads one run. It holds totals, an id and the last message, whatever it is fed."""

    def __init__(self) -> None:
        self._conversation = ""
        self._said = ""
        self._last = ""
        self._shells: list[str] = []
        self._wrong = ""
        self._retried = False
        self._total = Usage()

    def feed(self, stream: Stream, line: str) -> list[AgentEvent]:
        """The events of this line."""
        if not line.strip():
            return []
        if stream == "err":
            events = _complained(line)
            self._retried = self._retried or any(isinstance(event, Retrying) for event in events)
            return events
        record = parsed(line) if line.startswith("{") and len(line) <= _LONGEST_LINE else None
        kind = string(record, "type", _ID) if record is not None else ""
        if record is None or not kind:
            return [*self._spoken(), note(line)]
        if kind == "message":
            return self._piece(record)
        read = _READERS.get(kind)
        return [*self._spoken(), *(read(self, record) if read else [])]

    def _piece(self, record: Json) -> list[AgentEvent]:
        if record.get("role") != "assistant":
            return []  # what it was told
        piece = string(record, "content", _TEXT)
        if record.get("delta") is True:
            self._said = (self._said + piece)[:_TEXT]
            return []
        before, self._said = self._spoken(), piece
        return [*before, *self._spoken()]

    def _spoken(self) -> list[AgentEvent]:
        """What was said until now, as one message."""
        text, self._said = self._said.strip(), ""
        if not text:
            return []
        self._last, self._retried = text, False
        return [Message(text)]

    def _opened(self, record: Json) -> list[AgentEvent]:
        identity = string(record, "session_id", _ID)
        if not identity or identity == self._conversation:
            return []
        self._conversation = identity
        return [Conversation(identity, string(record, "model", _ID), "")]

    def _called(self, record: Json) -> list[AgentEvent]:
        self._retried = False
        name, given = string(record, "tool_name", _SUMMARY), inside(record, "parameters")
        identity = string(record, "tool_id", _ID)
        if name == "run_shell_command":
            self._shells = [*self._shells[1 - _KEPT_CALLS :], identity]
        return [
            ToolCalled(identity, name, clean(calling(name, given, _LINES, "mcp_fleet_"))[:_SUMMARY], given)
        ]

    def _returned(self, record: Json) -> list[AgentEvent]:
        ok = string(record, "status", _ID) == "success"
        error = inside(record, "error")
        text = string(record, "output", 1 << 20)[-OUTPUT_KEPT:] or string(error, "message", _MOST)
        if string(record, "tool_id", _ID) in self._shells:  # its status is that of the tool alone
            ok = ok and not seems_failed(text)
        shown = clean(text[-_MOST:])
        shown = shown if len(shown) <= _SUMMARY else f"…{shown[-_SUMMARY:]}"
        return [ToolReturned(string(record, "tool_id", _ID), ok, shown, text)]

    def _warned(self, record: Json) -> list[AgentEvent]:
        text = clean(string(record, "message", _MOST))
        if string(record, "severity", _ID) == "error" or text.startswith("Loop detected"):
            self._wrong = text
        return [note(text)] if text else []

    def _ended(self, record: Json) -> list[AgentEvent]:
        self._total = _higher(self._total, _usage(inside(record, "stats")))
        error = string(inside(record, "error"), "message", _TEXT)
        if string(record, "status", _ID) == "success" and not error and not self._wrong:
            if self._total == Usage():  # its model answered and told no tokens
                self._total = Usage(turns=1)
            return [self._total, Finished(True, self._last, "", "ok")]
        told = failed(error or self._wrong, string(inside(record, "error"), "type", _ID))
        if told.kind == "error" and self._retried:  # the last words have no status, its tries before had
            told = replace(told, kind="overloaded")
        self._wrong = ""
        return [self._total, told]


_Read: TypeAlias = Callable[[GeminiReader, Json], list[AgentEvent]]
_READERS: Mapping[str, _Read] = {
    "init": GeminiReader._opened,
    "tool_use": GeminiReader._called,
    "tool_result": GeminiReader._returned,
    "error": GeminiReader._warned,
    "result": GeminiReader._ended,
}


def _complained(line: str) -> list[AgentEvent]:
    if line.startswith("Error: "):
        return [failed(line[:_TEXT].removeprefix("Error: "), "")]
    if found := _RETRY.search(line[:_MOST]):
        reason = clean(found[2]).strip(": ").removeprefix("with ") or "no answer"
        return [Retrying(f"{reason}, try {found[1]}", int(found[3] or 0))]
    return [] if _QUIET.match(line) else [note(line)]


def _usage(stats: Json) -> Usage:
    """Its figures as ours: its input tokens have the cached ones among them."""
    models = [
        ModelUsage(name[:_ID], *_tokens(told))
        for name, told in list(inside(stats, "models").items())[:_MOST_MODELS]
        if isinstance(told, dict)
    ]
    taken, given, cached = _tokens(stats)
    used = tuple(each for each in models if each.input_tokens + each.output_tokens + each.cache_read_tokens)
    return Usage(taken, given, cached, by_model=used)


def _tokens(told: Json) -> tuple[int, int, int]:
    cached = count(told, "cached")
    return max(0, count(told, "input_tokens") - cached), count(told, "output_tokens"), cached


def _higher(was: Usage, now: Usage) -> Usage:
    return Usage(
        input_tokens=max(was.input_tokens, now.input_tokens),
        output_tokens=max(was.output_tokens, now.output_tokens),
        cache_read_tokens=max(was.cache_read_tokens, now.cache_read_tokens),
        turns=max(was.turns, now.turns),
        by_model=now.by_model or was.by_model,
    )
