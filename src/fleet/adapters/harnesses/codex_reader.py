"""Reads what `codex_drive` prints, in the records of `codex exec --json`: one a line, made into agent events.

It tells the tokens of the whole conversation; what that had spent before this run began is told first, and
taken off. It tells no cost.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from fleet.adapters.harnesses import codex_tools
from fleet.adapters.harnesses.codex_end import failed
from fleet.adapters.harnesses.words import clean, count, note, parsed, rows, string
from fleet.ports.harness import (
    AgentEvent,
    Conversation,
    Finished,
    Message,
    Retrying,
    Stream,
    ToolReturned,
    Usage,
)

Json: TypeAlias = Mapping[str, Any]

_LONGEST_LINE = 1_100_000  # more than what is passed on of a line, which is 1 MB
_TEXT, _NOTE, _SUMMARY, _ID = 64 * 1024, 300, 200, 200
_KEPT_CALLS = 64  # so many calls may be open at once
_RETRY = re.compile(r"Reconnecting\.\.\. (\d+)/(\d+)(?: \((.*)\))?", re.DOTALL)
_CUT = re.compile(r'\{"type": ?"item\.completed", ?"item": ?\{"id": ?"([\w-]{1,100})"')
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_ROUTER = re.compile(r" ERROR codex_core::tools::router: error=(.+)")
_BY_HOOK = re.compile(r"(?:Command|Tool call) blocked by PreToolUse hook")
_QUIET = ("Reading prompt from stdin", "Reading additional input from stdin")


class CodexReader:
    """Reads one run. It holds totals, some ids and the last message, whatever it is fed."""

    def __init__(self) -> None:
        self._conversation = ""
        self._last = ""
        self._broken = 0
        self._open: OrderedDict[str, None] = OrderedDict()
        self._before = Usage()
        self._total = Usage()

    def feed(self, stream: Stream, line: str) -> list[AgentEvent]:
        """The events of this line."""
        if not line.strip():
            return []
        if stream == "err":
            return self._complained(line)
        record = parsed(line) if line.startswith("{") and len(line) <= _LONGEST_LINE else None
        kind = string(record, "type", _ID) if record is not None else ""
        if record is None or not kind:
            return self._salvaged(line)
        read = _READERS.get(kind)
        return read(self, record) if read else []

    def _salvaged(self, line: str) -> list[AgentEvent]:
        """What can still be told of a record that was cut off: that a tool came back."""
        found = _CUT.match(line[:_SUMMARY])
        if found is None or found[1] not in self._open:
            return [note(line)]
        del self._open[found[1]]
        return [ToolReturned(found[1], True, f"({len(line)} characters, not kept)")]

    def _complained(self, line: str) -> list[AgentEvent]:
        """On stderr it tells what kept it from beginning."""
        if line.startswith("Error: "):
            return [failed(line.removeprefix("Error: "))]
        if found := _ROUTER.search(_COLOUR.sub("", line[:_TEXT])):
            if _BY_HOOK.match(found[1]):
                return []  # `codex_drive` tells these
            self._broken += 1  # of such a call nothing else is told
            call: dict[str, Any] = {"id": f"broken-{self._broken}", "type": "refused_call"}
            call |= {"status": "failed", "error": {"message": found[1]}}
            return [codex_tools.called(call), codex_tools.returned(call)]
        return [] if line.startswith(_QUIET) else [note(line)]

    def _opened(self, record: Json) -> list[AgentEvent]:
        identity = string(record, "thread_id", _ID)
        if not identity or identity == self._conversation:
            return []
        self._conversation = identity
        return [Conversation(identity, string(record, "model", _ID), string(record, "version", _ID))]

    def _spent_before(self, record: Json) -> list[AgentEvent]:
        self._before = _tokens(record.get("usage"))
        return []

    def _started(self, record: Json) -> list[AgentEvent]:
        item = _item(record)
        if not codex_tools.is_tool(item):
            return []
        self._open[string(item, "id", _ID)] = None
        if len(self._open) > _KEPT_CALLS:
            self._open.popitem(last=False)
        return [codex_tools.called(item)]

    def _completed(self, record: Json) -> list[AgentEvent]:
        item = _item(record)
        if codex_tools.is_tool(item):
            known = string(item, "id", _ID) in self._open
            self._open.pop(string(item, "id", _ID), None)
            back = codex_tools.returned(item)
            return [back] if known else [codex_tools.called(item), back]
        match string(item, "type", _ID):
            case "agent_message" if text := string(item, "text", _TEXT).strip():
                self._last = text
                return [Message(text)]
            case "error" if text := string(item, "message", _NOTE):
                return [note(text)]
            case "todo_list":
                return _planned(item)
        return []

    def _failing(self, record: Json) -> list[AgentEvent]:
        """It tries again, or tells what `turn.failed` tells once more."""
        text = string(record, "message", _TEXT)
        if found := _RETRY.match(text):
            reason = clean((found[3] or "no answer")[:_SUMMARY])
            return [Retrying(f"{reason}, try {found[1][:9]} of {found[2][:9]}", 0)]
        return [note(text)] if text else []

    def _used(self, record: Json) -> list[AgentEvent]:
        """New totals; what a resumed conversation tells of before is no news."""
        now, before, was = _tokens(record.get("usage")), self._before, self._total
        total = Usage(
            input_tokens=max(was.input_tokens, now.input_tokens - before.input_tokens),
            output_tokens=max(was.output_tokens, now.output_tokens - before.output_tokens),
            cache_read_tokens=max(was.cache_read_tokens, now.cache_read_tokens - before.cache_read_tokens),
            cache_write_tokens=max(
                was.cache_write_tokens, now.cache_write_tokens - before.cache_write_tokens
            ),
            turns=was.turns,
        )
        if total == was:
            return []
        self._total = replace(total, turns=was.turns + 1)
        return [self._total]

    def _ended(self, record: Json) -> list[AgentEvent]:
        spent = self._used(record) if "usage" in record else []
        if not self._total.turns:  # its model answered and told no tokens
            self._total = replace(self._total, turns=1)
            spent = [self._total]
        return [*spent, Finished(True, self._last, "", "ok")]

    def _failed(self, record: Json) -> list[AgentEvent]:
        error = record.get("error")
        return [failed(string(error, "message", _TEXT) if isinstance(error, dict) else "")]


_Read: TypeAlias = Callable[[CodexReader, Json], list[AgentEvent]]
_READERS: Mapping[str, _Read] = {
    "fleet.spent": CodexReader._spent_before,
    "thread.started": CodexReader._opened,
    "item.started": CodexReader._started,
    "item.completed": CodexReader._completed,
    "error": CodexReader._failing,
    "usage": CodexReader._used,
    "turn.completed": CodexReader._ended,
    "turn.failed": CodexReader._failed,
}


def _item(record: Json) -> Json:
    item = record.get("item")
    return item if isinstance(item, dict) else {}


def _tokens(told: object) -> Usage:
    """Its figures as ours: its input tokens have the cached ones among them."""
    if not isinstance(told, dict):
        return Usage()
    read, written = count(told, "cached_input_tokens"), count(told, "cache_write_input_tokens")
    return Usage(
        input_tokens=max(0, count(told, "input_tokens") - read - written),
        output_tokens=count(told, "output_tokens"),
        cache_read_tokens=read,
        cache_write_tokens=written,
    )


def _planned(item: Json) -> list[AgentEvent]:
    todo = [step for step in rows(item.get("items")) if step.get("completed") is not True]
    return [note(f"planning: {string(todo[0], 'text', _NOTE)}")] if todo else []
