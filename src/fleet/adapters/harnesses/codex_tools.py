"""Items of Codex as tool calls: what each one does, in one short line, and what came of it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from fleet.adapters.harnesses.words import clean, rows, string, words
from fleet.ports.harness import OUTPUT_KEPT, ToolCalled, ToolReturned

Json = Mapping[str, Any]

_SUMMARY, _ID, _MOST = 200, 200, 2000
_KINDS = (
    *("command_execution", "file_change", "mcp_tool_call", "web_search", "collab_tool_call", "image_view"),
    "refused_call",
)
_SHELL = re.compile(r"(?:\S*/)?(?:ba|z|da)?sh -l?c ")
_WORKSPACE = re.compile(r"^/.*?/\.fleet/workspaces/[^/]+/")
_CHANGES = {"add": "writing", "delete": "deleting", "update": "editing"}


def is_tool(item: Json) -> bool:
    """Whether the item is a tool call."""
    return string(item, "type", _ID) in _KINDS


def called(item: Json) -> ToolCalled:
    """The call that the item is."""
    name, summary, given = _told(item)
    return ToolCalled(string(item, "id", _ID), name, clean(summary)[:_SUMMARY], given)


def returned(item: Json) -> ToolReturned:
    """What came of it. Output is summed up by its end, which tells more than its beginning."""
    failed = string(item, "status", _ID) in ("failed", "declined")
    code = item.get("exit_code")
    failed = failed or (type(code) is int and code != 0)
    text = string(item, "aggregated_output", 1 << 20)[-OUTPUT_KEPT:].strip()
    error, result = item.get("error"), item.get("result")
    if isinstance(error, dict):
        text = string(error, "message", _MOST)
    elif isinstance(result, dict):
        text = words(result.get("content"), _MOST)
    shown = clean(text[-_MOST:])
    shown = shown if len(shown) <= _SUMMARY else f"…{shown[-_SUMMARY:]}"
    return ToolReturned(string(item, "id", _ID), not failed, shown, text)


def _told(item: Json) -> tuple[str, str, Json]:
    """The tool's name, the line, and the call's input."""
    match string(item, "type", _ID):
        case "command_execution":
            command = string(item, "command", 16_000)
            return "shell", f"running {_inner(command)}", {"command": command}
        case "file_change":
            changes = rows(item.get("changes"))[:50]
            return "file_change", _changed(changes), {"changes": changes}
        case "mcp_tool_call":
            server, tool = string(item, "server", _SUMMARY), string(item, "tool", _SUMMARY)
            given = item.get("arguments")
            given = given if isinstance(given, dict) else {}
            first = next((value for value in given.values() if isinstance(value, str) and value), "")
            line = f"calling {server} {tool}: {first[:_MOST]}".removesuffix(": ")
            return f"mcp__{server}__{tool}", line, given
        case "web_search":
            query = string(item, "query", _MOST)
            return "web_search", f"searching the web for {query}", {"query": query}
        case "image_view":
            path = string(item, "path", _MOST)
            return "view_image", f"looking at {_WORKSPACE.sub('', path)}", {"path": path}
        case "refused_call":
            return "tool", "calling a tool, which was not done", {}
        case _:
            prompt = string(item, "prompt", _MOST)
            return string(item, "tool", _SUMMARY), f"asking a subagent: {prompt}", {"prompt": prompt}


def _inner(command: str) -> str:
    """The command without the shell that it is run by."""
    if not _SHELL.match(command):
        return command
    try:
        return shlex.split(command)[2]
    except (ValueError, IndexError):
        return _SHELL.sub("", command, count=1)


def _changed(changes: list[Json]) -> str:
    """Files by what is done to them; those of a workspace are named from there."""
    by: dict[str, list[str]] = {}
    for change in changes:
        verb = _CHANGES.get(string(change, "kind", _ID), "editing")
        by.setdefault(verb, []).append(_WORKSPACE.sub("", string(change, "path", 4096)))
    return ", ".join(f"{verb} {' '.join(paths)}" for verb, paths in by.items()) or "editing"
