"""What an agent tells of a tool call by the Agent Client Protocol, as a call that rules are about.

The protocol has kinds of tools and no names: what is executed counts as `Bash`, what edits, deletes and moves
as `Edit`, what reads and searches as `Read` and `Grep`, what fetches as `WebFetch`. A call of which it can't
be told what it is about is none that rules could allow.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_TOOLS = {"edit": "Edit", "delete": "Edit", "move": "Edit", "read": "Read", "search": "Grep"}
_PATH = re.compile(
    r"(?:(?:abs|file|old|new|dir|source|target|dest|notebook)_?)?path|file|filename|directory", re.IGNORECASE
)
_COMMAND = ("command", "cmd")
_FOLDER = ("cwd", "workdir", "working_directory", "dir_path", "directory")
_URL = ("url", "uri")
_NAMED = re.compile(r"[A-Za-z_][\w-]{0,99}")
_SHELL = re.compile(r"(?:/\S*/)?(?:ba|z|da)?sh -l?c")


def call_of(
    kind: str, title: str, given: Mapping[str, Any], places: Iterable[str], workspace: Path
) -> dict[str, Any] | None:
    """The call in the form of a hook; None where it can't be told what it is about."""
    if kind == "execute":
        command = next((text for name in _COMMAND if (text := _line(given.get(name)))), "")
        folder = _first(given, _FOLDER)
        said = {"tool_name": "Bash", "tool_input": {"command": command}}
        return {**said, "cwd": str(workspace / folder)} if command else None
    if kind in _TOOLS:
        paths = paths_of(given, places, workspace)
        said = {"tool_name": _TOOLS[kind], "tool_input": {"paths": paths}, "cwd": str(workspace)}
        return said if paths or kind == "search" else None
    if kind == "fetch":
        url = _first(given, _URL)
        return {"tool_name": "WebFetch", "tool_input": {"url": url}} if url else None
    name = title if _NAMED.fullmatch(title) else kind or "other"
    return {"tool_name": name, "tool_input": dict(given)}


def paths_of(given: Mapping[str, Any], places: Iterable[str], workspace: Path) -> list[str]:
    """All files that a call names, absolute."""
    found = list(places)
    for name, value in given.items():
        if _PATH.fullmatch(name) and isinstance(value, str) and value:
            found.append(value)
        elif name in ("paths", "files") and isinstance(value, list):
            found += [each for each in value if isinstance(each, str)]
    return list(dict.fromkeys(str(workspace / each) for each in found))


def _first(given: Mapping[str, Any], names: Iterable[str]) -> str:
    found = (given.get(name) for name in names)
    return next((value for value in found if isinstance(value, str) and value), "")


def _line(command: object) -> str:
    if isinstance(command, list) and all(isinstance(word, str) for word in command):
        words: list[str] = command
        # A shell and its script are the script.
        return words[2] if len(words) == 3 and _SHELL.fullmatch(" ".join(words[:2])) else shlex.join(words)
    return command.strip() if isinstance(command, str) else ""
