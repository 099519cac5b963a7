"""Reads what Claude Code prints in stream-json: one JSON record a line, made into agent events.

A `result` is no end yet: an agent that was steered, or whose background task came back, goes on to another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from fleet.adapters.harnesses.claude_code_end import end_of, end_of_cut
from fleet.adapters.harnesses.claude_code_tools import summary_of
from fleet.adapters.harnesses.claude_code_usage import Meter
from fleet.adapters.harnesses.words import clean, count, note, parsed, rows, string, words
from fleet.ports.harness import (
    OUTPUT_KEPT,
    AgentEvent,
    Conversation,
    Message,
    Note,
    Retrying,
    Stream,
    ToolCalled,
    ToolReturned,
)

Json: TypeAlias = Mapping[str, Any]

_LONGEST_LINE = 1_100_000  # more than what is passed on of a line, which is 1 MB
_TEXT, _NOTE, _SUMMARY, _ID = 64 * 1024, 300, 200, 200
_UNATTENDED = ("bypassPermissions", "dontAsk")


class ClaudeCodeReader:
    """Reads one run. It holds totals, some ids and the last error, whatever it is fed."""

    def __init__(self) -> None:
        self._meter = Meter()
        self._conversation = Conversation("", "", "")
        self._workspace = ""
        self._error = ""
        self._resets = 0  # seconds since the epoch: when the provider's limit is over

    def feed(self, stream: Stream, line: str) -> list[AgentEvent]:
        """The events of this line."""
        if not line.strip():
            return []
        if stream == "err" or not line.startswith("{"):
            return [note(line)]
        record = parsed(line) if len(line) <= _LONGEST_LINE else None
        if record is None:
            return _salvaged(line)
        kind = string(record, "type", _ID)
        if not kind:
            return [note(line)]
        read = _READERS.get(kind)
        return read(self, record) if read else []

    def _system(self, record: Json) -> list[AgentEvent]:
        read = _SYSTEM.get(string(record, "subtype", _ID))
        return read(self, record) if read else []

    def _opened(self, record: Json) -> list[AgentEvent]:
        """Each turn begins with it; it is news when it is another conversation, or another model."""
        opened = Conversation(
            string(record, "session_id", _ID),
            string(record, "model", _ID),
            string(record, "claude_code_version", _ID),
        )
        if opened == self._conversation:
            return []
        self._conversation = opened
        self._workspace = string(record, "cwd", 4096)
        return [opened, *_warnings(record)]

    def _retries(self, record: Json) -> list[AgentEvent]:
        status, wait = count(record, "error_status"), record.get("retry_delay_ms")
        reason = clean(string(record, "error", _SUMMARY)) or "no answer"
        tried = f"try {count(record, 'attempt')} of {count(record, 'max_retries')}"
        text = f"{reason} ({status}), {tried}" if status else f"{reason}, {tried}"
        sane = isinstance(wait, int | float) and 0 <= wait < 1e9
        return [Retrying(text, int(wait) if wait and sane else 0)]

    def _remarks(self, record: Json) -> list[AgentEvent]:
        text = (
            words(record.get("content"), _NOTE)
            or string(record, "text", _NOTE)
            or string(record, "summary", _NOTE)
        )
        return [note(text)] if text else []

    def _compacted(self, _record: Json) -> list[AgentEvent]:
        return [Note("the conversation had become long and was summed up")]

    def _limited(self, record: Json) -> list[AgentEvent]:
        info = record.get("rate_limit_info")
        status = string(info, "status", _SUMMARY) if isinstance(info, dict) else ""
        if isinstance(info, dict) and status == "rejected":
            self._resets = count(info, "resetsAt")
        return [] if status in ("", "allowed") else [note(f"the provider's rate limit: {status}")]

    def _answered(self, record: Json) -> list[AgentEvent]:
        message = record.get("message")
        if not isinstance(message, dict):
            return []
        if message.get("model") == "<synthetic>":  # the CLI's own words, which tell of an error
            self._error = string(record, "error", _SUMMARY)
            text = words(message.get("content"), _NOTE)
            return [note(text)] if text else []
        events: list[AgentEvent] = []
        for block in rows(message.get("content")):
            match block.get("type"):
                case "text" if text := string(block, "text", _TEXT).strip():
                    events.append(Message(text))
                case "tool_use" | "server_tool_use" | "mcp_tool_use":
                    events.append(self._called(block))
        spent = self._meter.answered(message, own=record.get("parent_tool_use_id") is None)
        return [*events, spent] if spent else events

    def _called(self, block: Json) -> ToolCalled:
        name, given = string(block, "name", _SUMMARY), block.get("input")
        given = given if isinstance(given, dict) else {}
        summary = clean(summary_of(name, given, self._workspace))[:_SUMMARY]
        return ToolCalled(string(block, "id", _ID), name, summary, given)

    def _returned(self, record: Json) -> list[AgentEvent]:
        message = record.get("message")
        content = message.get("content") if isinstance(message, dict) else None
        return [
            ToolReturned(
                string(block, "tool_use_id", _ID),
                block.get("is_error") is not True,
                clean(words(block.get("content"), _SUMMARY)),
                words(block.get("content"), 1 << 20)[-OUTPUT_KEPT:],
            )
            for block in rows(content)
            if block.get("type") == "tool_result"
        ]

    def _ended(self, record: Json) -> list[AgentEvent]:
        error, self._error = self._error, ""
        end = end_of(record, error)
        if end.kind == "overloaded" and 0 < self._resets < 1 << 33:
            end = replace(end, error=f"{end.error} (resets at {self._resets})")
        return [self._meter.ended(record), end]


_Read: TypeAlias = Callable[[ClaudeCodeReader, Json], list[AgentEvent]]
_READERS: Mapping[str, _Read] = {
    "system": ClaudeCodeReader._system,
    "assistant": ClaudeCodeReader._answered,
    "user": ClaudeCodeReader._returned,
    "result": ClaudeCodeReader._ended,
    "rate_limit_event": ClaudeCodeReader._limited,
}
_SYSTEM: Mapping[str, _Read] = {
    "init": ClaudeCodeReader._opened,
    "api_retry": ClaudeCodeReader._retries,
    "compact_boundary": ClaudeCodeReader._compacted,
    "informational": ClaudeCodeReader._remarks,
    "model_fallback": ClaudeCodeReader._remarks,
    "model_refusal_fallback": ClaudeCodeReader._remarks,
    "notification": ClaudeCodeReader._remarks,
    "task_notification": ClaudeCodeReader._remarks,
}


def _salvaged(line: str) -> list[AgentEvent]:
    """What can still be told of a record that was cut off: that a tool came back, or how the run ended."""
    head = line[:2000]
    if line.startswith('{"type":"user"') and (found := re.search(r'"tool_use_id":"([\w-]{1,200})"', head)):
        return [ToolReturned(found[1], '"is_error":true' not in head, f"({len(line)} characters, not kept)")]
    if line.startswith('{"type":"result"') or '"total_cost_usd":' in head:  # newer versions begin with that
        return [end_of_cut(line)]
    return [note(line)]


def _warnings(record: Json) -> list[AgentEvent]:
    """What of its start a person should know: servers that are not there, tools that will be refused."""
    notes: list[AgentEvent] = []
    missing = [
        f"{clean(string(server, 'name', 80))} ({clean(string(server, 'status', 40))})"
        for server in rows(record.get("mcp_servers"))[:20]
        if server.get("status") not in ("connected", "disabled")
    ]
    if missing:
        notes.append(note(f"MCP servers that are not connected: {', '.join(missing)}"))
    mode = string(record, "permissionMode", 40)
    if mode and mode not in _UNATTENDED:
        notes.append(
            note(f"a policy set the permission mode to {mode}: tools that would have to ask are refused")
        )
    return notes
