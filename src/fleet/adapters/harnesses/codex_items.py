"""Items of Codex's app server as records of `codex exec --json`, which `codex_reader` reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fleet.ports.harness import OUTPUT_KEPT

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")
_NAMES = {
    "commandExecution": ("command", "status", "exitCode"),
    "fileChange": ("status",),
    "mcpToolCall": ("server", "tool", "arguments", "status", "result", "error"),
    "webSearch": ("query",),
    "collabAgentToolCall": ("tool", "prompt", "status"),
    "imageView": ("path",),
    "agentMessage": ("text",),
}
_MOST_CHANGES = 50


def item_of(told: Mapping[str, Any]) -> dict[str, Any] | None:
    """The item as a record has it; None for one that people are not told of."""
    kind = told.get("type")
    if kind == "contextCompaction":
        return {"type": "error", "message": "the conversation had become long and was summed up"}
    if kind not in _NAMES:
        return None
    snake = "collab_tool_call" if kind == "collabAgentToolCall" else _snake(kind)
    item: dict[str, Any] = {"id": told.get("id", ""), "type": snake}
    item |= {_snake(name): told[name] for name in _NAMES[kind] if told.get(name) is not None}
    if isinstance(item.get("status"), str):
        item["status"] = _snake(item["status"])
    if kind == "commandExecution":
        item["aggregated_output"] = str(told.get("aggregatedOutput") or "")[-OUTPUT_KEPT:]
    elif kind == "fileChange":
        item["changes"] = [_change(each) for each in (told.get("changes") or [])[:_MOST_CHANGES]]
    return item


def refusal(call: str, why: str) -> dict[str, Any]:
    """A call that was refused before it was made: Codex tells no item of it."""
    return {"id": call, "type": "refused_call", "status": "declined", "error": {"message": why}}


def usage_of(told: Mapping[str, Any]) -> dict[str, Any]:
    """Totals of a conversation's tokens."""
    names = ("inputTokens", "cachedInputTokens", "cacheWriteInputTokens", "outputTokens")
    return {_snake(name): told.get(name, 0) for name in names}


def _change(told: Mapping[str, Any]) -> dict[str, Any]:
    kind = told.get("kind")
    return {"path": told.get("path", ""), "kind": kind.get("type") if isinstance(kind, dict) else kind}


def _snake(name: str) -> str:
    return _CAPITAL.sub("_", name).lower()
