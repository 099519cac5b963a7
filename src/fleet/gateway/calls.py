"""A call of a tool as a harness's hook tells it, and the answer in the form that the hook prints.

The form is that of Claude Code's hooks, which other harnesses have taken over.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fleet.gateway.answers import Refused
from fleet.model.permissions import Call
from fleet.model.text import clean

_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_PATHS = ("file_path", "notebook_path", "path")
_IN_FOLDERS = ("Glob", "Grep", "LS")
_ABOUT = 200


@dataclass(frozen=True, slots=True)
class Told:
    """One call: its id within the run, the call for the rules, and one line about it for people."""

    id: str
    call: Call
    about: str
    ok: bool = True


def told(said: Any, workspace: str, home: str) -> Told:
    """What a hook said. Raises `Refused` for what can't be a call."""
    if not isinstance(said, dict) or not isinstance(said.get("tool_name"), str):
        raise Refused("This is no call of a tool")
    tool, given = said["tool_name"], said.get("tool_input")
    if not _NAME.fullmatch(tool) or not isinstance(given, dict):
        raise Refused("This is no call of a tool")
    cwd = said.get("cwd")
    cwd = cwd if isinstance(cwd, str) and cwd.startswith("/") else workspace
    command = given.get("command")
    call = Call(
        tool,
        command if isinstance(command, str) else "",
        tuple(_paths(tool, given, cwd)),
        tuple(_hosts(given)),
        workspace,
        home,
        os.path.realpath(cwd),
    )
    return Told(
        _id(said, tool, given), call, _about(call, given), said.get("hook_event_name") != "PostToolUseFailure"
    )


def resolve(path: str) -> str:
    """The path as it is on the disk. One that can't be is left as it is."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return path


def verdict(permit: str, why: str) -> dict[str, Any]:
    """What the hook prints before a call."""
    return {
        "hookSpecificOutput": {
            "hookEventName": "PreToolUse",
            "permissionDecision": permit,
            "permissionDecisionReason": why,
        }
    }


def _paths(tool: str, given: Mapping[str, Any], cwd: str) -> list[str]:
    found = [value for key in _PATHS if isinstance(value := given.get(key), str) and value]
    many = given.get("paths")
    found += [value for value in many if isinstance(value, str)] if isinstance(many, list) else []
    if not found and tool in _IN_FOLDERS:
        found = [cwd]
    return [resolve(str(Path(cwd, each).expanduser())) for each in found if "\0" not in each]


def _hosts(given: Mapping[str, Any]) -> list[str]:
    url = given.get("url")
    if not isinstance(url, str):
        return []
    try:
        return [urlsplit(url).hostname or "\0"]
    except ValueError:
        return ["\0"]


def _about(call: Call, given: Mapping[str, Any]) -> str:
    words = call.command or next((path for path in call.paths), "") or next(iter(_texts(given)), "")
    return clean(" ".join(words.split())[: _ABOUT * 2])[:_ABOUT]


def _texts(given: Mapping[str, Any]) -> list[str]:
    return [value for value in given.values() if isinstance(value, str) and value]


def _id(said: Mapping[str, Any], tool: str, given: Mapping[str, Any]) -> str:
    name = said.get("tool_use_id")
    if isinstance(name, str) and _NAME.fullmatch(name):
        return name
    return hashlib.sha256(json.dumps([tool, given, name], sort_keys=True).encode()).hexdigest()[:24]
