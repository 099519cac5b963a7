"""How each harness tells of a call of a tool, in one place: its tools in the words of Claude Code's, in which
rules are written, and which of a call's fields is the command, which the file and which the address.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from fleet.gateway.answers import Refused
from fleet.gateway.patches import codex_call


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool: its name in rules, and what its fields mean. `globs` are patterns of files, which count as
    far as they name something; `prose` is a text with addresses in it, `keys` what is typed into a running
    program, `patch` a patch whose lines name files.
    """

    name: str
    command: str = ""
    folder: str = ""
    paths: tuple[str, ...] = ()
    globs: tuple[str, ...] = ()
    url: str = ""
    prose: str = ""
    keys: str = ""
    patch: str = ""


_GEMINI = {
    "activate_skill": Tool("Skill"),
    "glob": Tool("Glob", paths=("dir_path",), globs=("pattern",)),
    "google_web_search": Tool("WebSearch"),
    "grep_search": Tool("Grep", paths=("dir_path",), globs=("include_pattern",)),
    "invoke_agent": Tool("Agent"),
    "list_directory": Tool("LS", paths=("dir_path",)),
    "read_file": Tool("Read", paths=("file_path",)),
    "read_many_files": Tool("Read", globs=("include",)),
    "replace": Tool("Edit", paths=("file_path",)),
    "run_shell_command": Tool("Bash", command="command", folder="dir_path"),
    "web_fetch": Tool("WebFetch", url="url", prose="prompt"),
    "write_file": Tool("Write", paths=("file_path",)),
    "write_todos": Tool("TodoWrite"),
}
_OPENCODE = {
    "apply_patch": Tool("Edit", patch="patchText"),
    "bash": Tool("Bash", command="command", folder="workdir"),
    "edit": Tool("Edit", paths=("filePath",)),
    "glob": Tool("Glob", paths=("path",), globs=("pattern",)),
    "grep": Tool("Grep", paths=("path",), globs=("include",)),
    "list": Tool("LS", paths=("path",)),
    "lsp": Tool("Read", paths=("filePath",)),
    "multiedit": Tool("MultiEdit", paths=("filePath",)),
    "read": Tool("Read", paths=("filePath",)),
    "skill": Tool("Skill"),
    "task": Tool("Agent"),
    "todowrite": Tool("TodoWrite"),
    "webfetch": Tool("WebFetch", url="url"),
    "websearch": Tool("WebSearch"),
    "write": Tool("Write", paths=("filePath",)),
}
_COPILOT = {
    "apply_patch": Tool("Edit", patch="input"),
    "bash": Tool("Bash", command="command"),
    "create": Tool("Write", paths=("path",)),
    "edit": Tool("Edit", paths=("path",)),
    "glob": Tool("Glob", paths=("paths",), globs=("pattern",)),
    "grep": Tool("Grep", paths=("paths",), globs=("glob",)),
    "rg": Tool("Grep", paths=("paths",), globs=("glob",)),
    "skill": Tool("Skill"),
    "str_replace_editor": Tool("Edit", paths=("path",)),
    "task": Tool("Agent"),
    "view": Tool("Read", paths=("path",)),
    "web_fetch": Tool("WebFetch", url="url"),
    "web_search": Tool("WebSearch"),
    "write_bash": Tool("Bash", keys="input"),
}
_DOOR = re.compile(r"fleet-(done|review|ask|emit|propose|context|budget)")  # Copilot's `server-tool`
_PATCHED = re.compile(r"^\s*\*\*\* (?:(?:Add|Update|Delete) File|Move to): *(.+?)\s*$", re.MULTILINE)
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[/\\]{2}\S*[^\s.,;:!?)\]}'\"]")
_CLAIMS = re.compile(r"[A-Z]|mcp__")
"""Names by which rules know tools: what a harness calls so by chance must not pass for them."""
_TELLING = {"Bash": "command", "Edit": "paths", "MultiEdit": "paths", "Read": "paths", "Write": "paths"}
"""What has to be known of a call of these, or else no rule can be about it."""
_KEY = re.compile(r"\{\w+\}")
_WILD = re.compile(r"[*?\[{]")
_PLAIN = re.compile(r"[^A-Za-z0-9_-]")
_OWN = ("file_path", "notebook_path", "path", "paths", "command", "url", "urls")
"""Fields that have a meaning where rules are applied, so that a harness's own of that name are left out."""


def canonical(harness: str, said: Any) -> Any:
    """What a harness's hook said, as Claude Code's would. Raises `Refused` for what can't be a call."""
    if not isinstance(said, dict):
        raise Refused("This is no call of a tool")
    if harness == "gemini":
        return _gemini(said)
    if harness == "opencode":
        name = _of_server(str(said.get("tool_name")), said.get("servers"))
        return _told(said, name, said.get("tool_input"), _OPENCODE)
    if harness == "copilot":
        return _copilot(said)
    return codex_call(said) if harness == "codex" else said


def answer(harness: str, permit: str, why: str) -> dict[str, Any]:
    """What the hook prints before a call, in the form that the harness understands."""
    if harness == "codex" and permit == "allow":
        return {}  # it has no word for a call that is let go
    if harness == "gemini":
        return {"decision": permit, "reason": why}
    decision = {"permissionDecision": permit, "permissionDecisionReason": why}
    if harness == "copilot":
        return decision
    return {"hookSpecificOutput": {"hookEventName": "PreToolUse", **decision}}


def _gemini(said: Mapping[str, Any]) -> dict[str, Any]:
    name, server = str(said.get("tool_name")), said.get("mcp_context")
    if isinstance(server, dict):
        name = f"mcp__{_plain(server.get('server_name'))}__{_plain(server.get('tool_name'))}"
    path, cwd = _text(_dict(said.get("tool_input")), "file_path"), said.get("cwd")
    if path.startswith("@"):
        raise Refused("A path with @ may be of another file. Give it without")
    if name == "replace" and isinstance(cwd, str) and not os.path.lexists(PurePosixPath(cwd, path)):
        # It looks for a file of that name elsewhere, of which nobody was told.
        raise Refused("There is no such file. Give its whole path, or write a new one by write_file")
    back = said.get("tool_response")
    failed = isinstance(back, dict) and bool(back.get("error"))
    return _told(said, name, said.get("tool_input"), _GEMINI, failed)


def _copilot(said: Mapping[str, Any]) -> dict[str, Any]:
    name, given, back = str(said.get("toolName")), said.get("toolArgs"), said.get("toolResult")
    door = _DOOR.fullmatch(name)
    failed = "error" in said or (isinstance(back, dict) and back.get("resultType") != "success")
    if isinstance(given, str):  # a patch comes as it is
        given = {"input": given}
    return _told(said, f"mcp__fleet__{door[1]}" if door else name, given, _COPILOT, failed)


def _told(
    said: Mapping[str, Any], name: str, given: Any, tools: Mapping[str, Tool], failed: bool = False
) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise Refused("This is no call of a tool")
    tool = tools.get(name)
    if tool is None and _CLAIMS.match(name) and name in (said.get("tool_name"), said.get("toolName")):
        raise Refused(f"{name} is no tool that rules can be about")
    found: dict[str, Any] = dict(said) | {"tool_name": name, "tool_input": given}
    cwd = said.get("cwd")
    if tool is not None:
        found["tool_name"] = tool.name
        found["tool_input"] = meant = _meant(tool, given)
        wanted = "urls" if tool.url else _TELLING.get(tool.name)
        if wanted and wanted not in meant:
            raise Refused(f"It can't be told what this call of {name} is about")
        folder = given.get(tool.folder)
        if tool.folder and isinstance(folder, str) and isinstance(cwd, str):
            found["cwd"] = str(PurePosixPath(cwd, folder))
    if failed:
        found["hook_event_name"] = "PostToolUseFailure"
    return found


def _meant(tool: Tool, given: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: value for name, value in given.items() if name not in _OWN}
    if command := _text(given, tool.command):
        found["command"] = command
    if typed := _text(given, tool.keys):
        found["command"] = _KEY.sub("\n", typed).strip()
    paths = [path for name in tool.paths for path in _texts(given.get(name))]
    folder = next(iter(paths), "")
    paths += [each for name in tool.globs for text in _texts(given.get(name)) if (each := _led(folder, text))]
    paths += _PATCHED.findall(_text(given, tool.patch))
    if any("\0" in path for path in paths):
        raise Refused("No file has such a name")
    if paths:
        found["paths"] = paths
    urls = [*_texts(given.get(tool.url)), *_ADDRESS.findall(_text(given, tool.prose))]
    if urls:
        found["urls"] = urls
    return found


def _led(folder: str, pattern: str) -> str:
    """The file or folder that a pattern names for certain; "" for one that begins with a wildcard."""
    wild = _WILD.search(pattern)
    fixed = pattern[: wild.start()].rpartition("/")[0] if wild else pattern
    return str(PurePosixPath(folder, fixed)) if fixed else "/" if pattern.startswith("/") else ""


def _of_server(name: str, servers: object) -> str:
    """A tool of an MCP server, whose names opencode joins: `db_drop` of the server `db`."""
    known = [_plain(each) for each in _texts(servers)]
    fitting = [server for server in known if name.startswith(f"{server}_")]
    if not fitting:
        return name
    server = max(fitting, key=len)
    return f"mcp__{server}__{name[len(server) + 1 :]}"


def _plain(name: object) -> str:
    return _PLAIN.sub("_", str(name))


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name) if name else None
    return value if isinstance(value, str) else ""


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, list):
        yield from (each for each in value if isinstance(each, str) and each)
