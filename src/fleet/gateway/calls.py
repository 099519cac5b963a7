"""A call of a tool as a harness's hook tells it, made into what rules are about."""

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
from fleet.gateway.dialects import canonical
from fleet.model.permissions import Call
from fleet.model.text import clean

_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_PATHS = ("file_path", "notebook_path", "path")
_IN_FOLDERS = ("Glob", "Grep", "LS")
_ABOUT = 200
_SCHEME = re.compile(r"^(https?):[/\\]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Told:
    """One call: its id within the run, the call for the rules, and one line about it for people. `same` is
    what a call and its return have in common where the harness names neither ("" where it does).
    """

    id: str
    same: str
    call: Call
    about: str
    ok: bool = True


def told(said: Any, workspace: str, home: str, harness: str = "", hook: str = "") -> Told:
    """What a hook of this harness said. Raises `Refused` for what can't be a call. `hook` tells one asking
    from another, where the harness has no names for its calls.
    """
    said = canonical(harness, said)
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
        *_ids(said, tool, given, hook),
        call,
        _about(call, given),
        said.get("hook_event_name") != "PostToolUseFailure",
    )


def resolve(path: str) -> str:
    """The path as it is on the disk. One that can't be is left as it is."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return path


def _paths(tool: str, given: Mapping[str, Any], cwd: str) -> list[str]:
    found = [value for key in _PATHS if isinstance(value := given.get(key), str) and value]
    many = given.get("paths")
    found += [value for value in many if isinstance(value, str)] if isinstance(many, list) else []
    if not found and tool in _IN_FOLDERS:
        found = [cwd]
    return [resolve(str(Path(cwd, each).expanduser())) for each in found if "\0" not in each]


def _hosts(given: Mapping[str, Any]) -> list[str]:
    urls = given.get("urls")
    return [_host(url) for url in ([given.get("url")] if urls is None else urls) if isinstance(url, str)]


def _host(url: str) -> str:
    """The host that a browser would go to; NUL, which no rule names, for none."""
    try:
        return urlsplit(_SCHEME.sub(r"\1://", url.strip()).replace("\\", "/")).hostname or "\0"
    except ValueError:
        return "\0"


def _about(call: Call, given: Mapping[str, Any]) -> str:
    urls = given.get("urls") or ()
    words = call.command or next((path for path in (*call.paths, *urls, *_texts(given))), "")
    return clean(" ".join(words.split())[: _ABOUT * 2])[:_ABOUT]


def _texts(given: Mapping[str, Any]) -> list[str]:
    return [value for value in given.values() if isinstance(value, str) and value]


def _ids(said: Mapping[str, Any], tool: str, given: Mapping[str, Any], hook: str) -> tuple[str, str]:
    name = said.get("tool_use_id")
    if isinstance(name, str) and _NAME.fullmatch(name):
        return name, ""
    same = hashlib.sha256(json.dumps([tool, given, name], sort_keys=True).encode()).hexdigest()[:24]
    return (f"{same}-{hook}" if hook else same), same
