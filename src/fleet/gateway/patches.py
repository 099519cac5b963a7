"""Codex's calls, and the files that its patches are about: it has no tool that edits. It runs `apply_patch`
with a patch, as a tool, or as a command that it knows by its form and carries out by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fleet.gateway.answers import Refused
from fleet.policy.shell import Unreadable
from fleet.policy.unwrap import everything, program

_PROGRAMS = ("apply_patch", "applypatch")
_FORM = re.compile(
    r"\s*(?:cd\s+(?P<folder>[\w./-]+)\s*&&\s*)?apply_?patch\s+<<\s*"
    r"(?P<quote>['\"])(?P<end>\w+)(?P=quote)[ \t]*\n(?P<patch>.*?)\n(?P=end)\s*",
    re.DOTALL,
)
_FILE = re.compile(
    r"^[ \t]*\*\*\*[ \t]*(?:(?:Add|Update|Delete) File|Move to):[ \t]*(\S.*?)[ \t\r]*$", re.MULTILINE
)
_UNCLEAR = "It can't be told what this patch changes"
_PLAINLY = "Write it as: apply_patch <<'EOF', then the patch, then EOF, and nothing else."


def codex_call(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """A call as Codex's hook told it, with the names that rules have for its tools.

    Raises `Refused` for a patch that can't be read.
    """
    tool, given = said.get("tool_name"), said.get("tool_input")
    if tool == "view_image":
        return {**said, "tool_name": "Read"}
    command = given.get("command") if isinstance(given, dict) else None
    if tool not in ("Bash", "apply_patch") or not isinstance(command, str):
        return said
    paths = _files(command) if tool == "apply_patch" else edited(command)
    return said if paths is None else {**said, "tool_name": "Edit", "tool_input": {"paths": list(paths)}}


def edited(command: str) -> tuple[str, ...] | None:
    """The files that a command edits by a patch; None for one that applies none."""
    if not any(name in command for name in _PROGRAMS):
        return None
    if found := _FORM.fullmatch(command):
        folder = found["folder"]
        files = _files(found["patch"])
        return tuple(f"{folder}/{path}" if folder and path[0] != "/" else path for path in files)
    try:
        ran = [program(simple) for simple, _ in everything(command)]
    except Unreadable:
        return None  # the rules themselves refuse that
    if any(name in _PROGRAMS for name in ran):
        raise Refused(f"{_UNCLEAR}. {_PLAINLY}")
    return None


def _files(patch: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(_FILE.findall(patch)))
    if not found:
        raise Refused(_UNCLEAR)
    return found
