"""One short line for each tool call of Claude Code, as a person reads it: "editing src/shop/cart.py"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.adapters.harnesses.words import clean, string

_MOST = 400
_LINES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "Agent": ("asking a subagent: ", ("description", "prompt")),
    "Bash": ("running ", ("command",)),
    "Edit": ("editing ", ("file_path",)),
    "Glob": ("looking for ", ("pattern",)),
    "Grep": ("searching for ", ("pattern",)),
    "MultiEdit": ("editing ", ("file_path",)),
    "NotebookEdit": ("editing ", ("notebook_path",)),
    "Read": ("reading ", ("file_path",)),
    "Skill": ("using the skill ", ("skill", "command")),
    "Task": ("asking a subagent: ", ("description", "prompt")),
    "TaskCreate": ("planning: ", ("subject", "description")),
    "TodoWrite": ("planning", ()),
    "WebFetch": ("fetching ", ("url",)),
    "WebSearch": ("searching the web for ", ("query",)),
    "Write": ("writing ", ("file_path",)),
}


def summary_of(name: str, given: Mapping[str, Any], workspace: str) -> str:
    """What the call does. Files of the workspace are named from there."""
    if name.startswith("mcp__"):
        server, _, tool = name.removeprefix("mcp__").partition("__")
        return _with(f"calling {server} {tool}".strip(), _first_text(given))
    line, keys = _LINES.get(name, ("", ()))
    if not line:
        return _with(f"calling {name or 'a tool'}", _first_text(given))
    value = next((text for key in keys if (text := string(given, key, _MOST))), "")
    if keys and keys[0].endswith("_path"):
        value = _within(value, workspace)
    return f"{line}{clean(value)}".rstrip(": ")


def _within(path: str, workspace: str) -> str:
    return path.removeprefix(f"{workspace.rstrip('/')}/") if workspace else path


def _with(line: str, detail: str) -> str:
    return f"{line}: {detail}" if detail else line


def _first_text(given: Mapping[str, Any]) -> str:
    return next((clean(value[:_MOST]) for value in given.values() if isinstance(value, str) and value), "")
