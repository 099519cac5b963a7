"""Reads what `copilot --output-format json` prints: one JSON record a line, made into agent events.

What it used is told at its end, by model, by the `copilot_run` around it. It tells no cost in money.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from fleet.adapters.harnesses.words import calling, clean, count, inside, note, parsed, string
from fleet.ports.harness import (
    OUTPUT_KEPT,
    AgentEvent,
    Conversation,
    Finished,
    FinishKind,
    Message,
    ModelUsage,
    Stream,
    ToolCalled,
    ToolReturned,
    Usage,
)

Json: TypeAlias = Mapping[str, Any]

_LONGEST_LINE = 1_100_000  # more than what is passed on of a line, which is 1 MB
_TEXT, _NOTE, _SUMMARY, _ID, _MOST = 64 * 1024, 300, 200, 200, 2000
_MOST_MODELS = 16
_LOGIN = re.compile(
    r"No authentication|not (?:logged|authenticated)|log ?in|authenticat|credit balance|billing",
    re.IGNORECASE,
)
_BUSY = re.compile(
    r"rate.?limit|quota|overloaded|unavailable|timed? ?out|fetch failed|ECONN|failed to get response",
    re.IGNORECASE,
)
_FULL = re.compile(r"prompt (?:is|as) too long|context (?:window|length|limit)", re.IGNORECASE)
_KINDS: Mapping[str, FinishKind] = {
    "authentication": "auth",
    "authorization": "auth",
    "quota": "overloaded",
    "rate_limit": "overloaded",
    "context_limit": "limit",
}
_LINES: Mapping[str, tuple[str, str]] = {
    "bash": ("running ", "command"),
    "create": ("writing ", "path"),
    "edit": ("editing ", "path"),
    "glob": ("looking for ", "pattern"),
    "grep": ("searching for ", "pattern"),
    "skill": ("using the skill ", "skill"),
    "task": ("asking a subagent: ", "description"),
    "view": ("reading ", "path"),
    "web_fetch": ("fetching ", "url"),
}
_IN_IT = ("user.", "assistant.")
"""How records begin that are of a conversation."""


class CopilotReader:
    """Reads one run. It holds totals, an id, the last message and the last error, whatever it is fed."""

    def __init__(self) -> None:
        self._named = self._conversation = ""
        self._last = ""
        self._wrong: tuple[FinishKind, str] | None = None
        self._before: dict[str, ModelUsage] = {}
        self._total = Usage()
        self._turns = 0

    def feed(self, stream: Stream, line: str) -> list[AgentEvent]:
        """The events of this line."""
        if not line.strip():
            return []
        if stream == "err":
            return self._complained(line)
        record = parsed(line) if line.startswith("{") and len(line) <= _LONGEST_LINE else None
        kind = string(record, "type", _ID) if record is not None else ""
        if record is None or not kind:
            return [note(line)]
        # Until it has been told something there is nothing of the conversation that can be gone on with.
        found = self._opened(self._named) if kind.startswith(_IN_IT) else []
        read = _READERS.get(kind)
        return [*found, *read(self, record)] if read else found

    def _complained(self, line: str) -> list[AgentEvent]:
        """On stderr it tells what kept it from beginning."""
        if line.startswith("Error: "):
            text = clean(line[:_MOST].removeprefix("Error: "))
            return [Finished(False, "", text, _kind("", 0, text))]
        return [note(line)]

    def _begun(self, record: Json) -> list[AgentEvent]:
        self._before = {each.model: each for each in _models(record)}
        self._named = string(record, "conversation", _ID)
        return []

    def _opened(self, identity: str) -> list[AgentEvent]:
        if not identity or identity == self._conversation:
            return []
        self._conversation = identity
        return [Conversation(identity, "", "")]

    def _said(self, record: Json) -> list[AgentEvent]:
        self._turns += 1
        text = string(inside(record, "data"), "content", _TEXT).strip()
        if not text:
            return []
        self._last = text
        return [Message(text)]

    def _called(self, record: Json) -> list[AgentEvent]:
        data = inside(record, "data")
        name, given = string(data, "toolName", _SUMMARY), inside(data, "arguments")
        summary = clean(calling(name, given, _LINES, "fleet-"))[:_SUMMARY]
        return [ToolCalled(string(data, "toolCallId", _ID), name, summary, given)]

    def _returned(self, record: Json) -> list[AgentEvent]:
        data = inside(record, "data")
        code = inside(data, "shellExecution").get("exitCode")
        ok = data.get("success") is True and not (type(code) is int and code != 0)
        text = string(inside(data, "result"), "content", 1 << 20)[-OUTPUT_KEPT:]
        text = text or string(inside(data, "error"), "message", _MOST)
        shown = clean(text[-_MOST:])
        shown = shown if len(shown) <= _SUMMARY else f"…{shown[-_SUMMARY:]}"
        return [ToolReturned(string(data, "toolCallId", _ID), ok, shown, text)]

    def _failed(self, record: Json) -> list[AgentEvent]:
        data = inside(record, "data")
        text = clean(string(data, "message", _MOST)) or "it gave no reason"
        self._wrong = (_kind(string(data, "errorType", _ID), count(data, "statusCode"), text), text)
        return [note(text)]

    def _ended(self, record: Json) -> list[AgentEvent]:
        found = self._opened(string(record, "sessionId", _ID))
        code = record.get("exitCode")
        if code == 0 and type(code) is int and self._wrong is None:
            return [*found, Finished(True, self._last, "", "ok")]
        kind, text = self._wrong or ("error", f"it ended with exit code {count(record, 'exitCode')}")
        self._wrong = None
        return [*found, Finished(False, "", text, kind)]

    def _used(self, record: Json) -> list[AgentEvent]:
        models = [self._since(each) for each in _models(record)]
        was = self._total
        self._total = Usage(
            input_tokens=max(was.input_tokens, sum(each.input_tokens for each in models)),
            output_tokens=max(was.output_tokens, sum(each.output_tokens for each in models)),
            cache_read_tokens=max(was.cache_read_tokens, sum(each.cache_read_tokens for each in models)),
            cache_write_tokens=max(was.cache_write_tokens, sum(each.cache_write_tokens for each in models)),
            turns=max(was.turns, self._turns),
            by_model=tuple(models),
        )
        return [self._total]

    def _since(self, now: ModelUsage) -> ModelUsage:
        """What of a conversation's use is this run's."""
        was = self._before.get(now.model, ModelUsage(now.model))
        return ModelUsage(
            now.model,
            max(0, now.input_tokens - was.input_tokens),
            max(0, now.output_tokens - was.output_tokens),
            max(0, now.cache_read_tokens - was.cache_read_tokens),
            max(0, now.cache_write_tokens - was.cache_write_tokens),
        )


_Read: TypeAlias = Callable[[CopilotReader, Json], list[AgentEvent]]
_READERS: Mapping[str, _Read] = {
    "assistant.message": CopilotReader._said,
    "tool.execution_start": CopilotReader._called,
    "tool.execution_complete": CopilotReader._returned,
    "session.error": CopilotReader._failed,
    "result": CopilotReader._ended,
    "fleet.begun": CopilotReader._begun,
    "fleet.used": CopilotReader._used,
}


def _models(record: Json) -> list[ModelUsage]:
    return [
        ModelUsage(name[:_ID], *_tokens(inside(told, "usage")))
        for name, told in list(inside(record, "models").items())[:_MOST_MODELS]
        if isinstance(told, dict)
    ]


def _kind(name: str, status: int, text: str) -> FinishKind:
    if name in _KINDS:
        return _KINDS[name]
    if status in (401, 402, 403):
        return "auth"
    if _FULL.search(text):
        return "limit"
    if status in (408, 409, 429) or status >= 500 or _BUSY.search(text):
        return "overloaded"
    return "auth" if _LOGIN.search(text) else "error"


def _tokens(told: Json) -> tuple[int, int, int, int]:
    """Its figures as ours: its input tokens have the cached ones among them."""
    read, written = count(told, "cacheReadTokens"), count(told, "cacheWriteTokens")
    return max(0, count(told, "inputTokens") - read - written), count(told, "outputTokens"), read, written
