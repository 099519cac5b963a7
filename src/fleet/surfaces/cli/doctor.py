"""`fleet doctor`: what is installed, what is missing, what each thing is for and how to get it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from shutil import which
from typing import TYPE_CHECKING, Any

import typer

from fleet.model.errors import FleetError, UsageError
from fleet.surfaces.cli.options import Json
from fleet.surfaces.cli.output import ago, clean, print_json, say, style
from fleet.surfaces.cli.table import Column, print_table

if TYPE_CHECKING:
    from fleet.ports.harness import Harness
    from fleet.wiring import Place

app = typer.Typer()

_SECONDS = 10
_VERSION = re.compile(r"\d+(?:\.\d+)+")


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that Fleet or an agent uses."""

    name: str
    ask: tuple[str, ...]
    purpose: str
    get: str
    required: bool = False
    oldest: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one thing. `problem` is "" when all is well, `get` how to get it or mend it."""

    name: str
    kind: str
    found: bool
    version: str
    required: bool
    purpose: str
    problem: str
    get: str

    @property
    def ok(self) -> bool:
        """Whether it is there and fit."""
        return self.found and not self.problem


_DEBIAN = "apt-get install {} (or your system's way)"
TOOLS = (
    Tool(
        "git",
        ("--version",),
        "workspaces, changes, merges",
        _DEBIAN.format("git"),
        required=True,
        oldest=(2, 38),
    ),
    Tool("tmux", ("-V",), "looking into a live run: fleet attach", _DEBIAN.format("tmux")),
    Tool("node", ("--version",), "Claude Code and other agents from npm", _DEBIAN.format("nodejs npm")),
    Tool("bwrap", ("--version",), "sandboxes, in a later version", _DEBIAN.format("bubblewrap")),
    Tool("gh", ("--version",), "the forge github, in a later version", _DEBIAN.format("gh")),
)


@app.command()
def doctor(json: Json = False) -> int:
    """Look for what Fleet needs. Exits with 1 when something required is missing or wrong."""
    from fleet.wiring import broken_harnesses, find_place, harnesses

    try:
        place: Place | None = find_place()
    except UsageError:
        place = None
    known = harnesses()
    config, used = _config(place, list(known))
    found = [_python(), *_tools(TOOLS), *_harnesses(known, broken_harnesses(), used)]
    watcher = _watcher(place)
    ok = config["state"] != "wrong" and all(each.ok for each in found if each.required)
    if json:
        print_json(
            {"ok": ok, "tools": [_plain(each) for each in found], "config": config, "watcher": watcher}
        )
    else:
        _tell(found, config, watcher)
    return 0 if ok else FleetError.exit_code


def look_for(tool: Tool, path: str) -> Finding:
    """Look for one program along `path` and ask its version."""
    program = which(tool.name, path=path)
    if program is None:
        return _finding(tool, False, "", f"there is no {tool.name} on PATH")
    said = _answer([program, *tool.ask])
    version = _VERSION.search(said)
    if version is None:
        return _finding(tool, True, "", f"{program} {' '.join(tool.ask)} says no version")
    number = tuple(int(part) for part in version[0].split("."))
    if number < tool.oldest:
        least = ".".join(map(str, tool.oldest))
        return _finding(tool, True, version[0], f"it is older than {least}")
    return _finding(tool, True, version[0], "")


def _finding(tool: Tool, found: bool, version: str, problem: str) -> Finding:
    get = tool.get if problem else ""
    return Finding(tool.name, "tool", found, version, tool.required, tool.purpose, problem, get)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", "tool", True, version, True, "Fleet itself", "", "")


def _tools(tools: tuple[Tool, ...]) -> list[Finding]:
    path = os.environ.get("PATH", os.defpath)
    with ThreadPoolExecutor(len(tools)) as pool:
        return list(pool.map(lambda tool: look_for(tool, path), tools))


def _harnesses(
    known: Mapping[str, Harness], broken: Mapping[str, str], used: Mapping[str, int]
) -> list[Finding]:
    path = os.environ.get("PATH", os.defpath)
    found = []
    for name in sorted({*known, *broken, *used}):
        needed = used.get(name, 0)
        purpose = (
            f"{needed} agent{'s' if needed != 1 else ''} of fleet.yaml"
            if needed
            else "agents, if you name it"
        )
        if name in known:
            seen = known[name].detect(path)
            found.append(
                Finding(
                    name, "harness", seen.found, seen.version, needed > 0, purpose, seen.problem, seen.fix
                )
            )
            continue
        problem = broken.get(name, "there is no harness of that name")
        get = "install the package that brings it again" if name in broken else "correct it in fleet.yaml"
        found.append(Finding(name, "harness", False, "", needed > 0, purpose, problem, get))
    return found


def _config(place: Place | None, known: list[str]) -> tuple[dict[str, Any], dict[str, int]]:
    """The state of fleet.yaml, and how many agents use each harness."""
    if place is None:
        return {"state": "missing", "file": "", "errors": [], "warnings": []}, {}
    from fleet.surfaces.cli.config import examine

    report, fleet, error = examine(place.config, known)
    used: dict[str, int] = {}
    for agent in fleet.agents if fleet else ():
        used[agent.harness] = used.get(agent.harness, 0) + 1
    about = {"state": "wrong" if error else "right", "file": report["file"]}
    return about | {"errors": report["errors"], "warnings": report["warnings"]}, used


def _watcher(place: Place | None) -> dict[str, Any]:
    if place is None:
        return {"running": False}
    from fleet.wiring import watcher_status

    return watcher_status(place)


def _answer(argv: list[str]) -> str:
    """What a program prints, bounded in time and size; a process that it leaves behind can't hold us up."""
    with tempfile.TemporaryFile() as answer:
        try:
            subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=answer,
                stderr=subprocess.STDOUT,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        answer.seek(0)
        return answer.read(2000).decode("utf-8", "replace")


def _plain(each: Finding) -> dict[str, Any]:
    names = ("name", "kind", "found", "version", "ok", "required", "purpose", "problem", "get")
    return {name: getattr(each, name) for name in names}


def _tell(found: list[Finding], config: Mapping[str, Any], watcher: Mapping[str, Any]) -> None:
    print_table(
        ["", "what", "version", Column("for", least=16)],
        [[_mark(each), each.name, each.version or "-", each.purpose] for each in found],
        styles={"ok": "green", "missing": "red", "wrong": "red", "not here": "dim"},
    )
    for each in found:
        if not each.ok:
            say()
            say(f"{style(each.name, 'bold')}: {clean(each.problem)}")
            say(f"  {clean(each.get)}")
    say()
    _tell_config(config)
    if watcher["running"]:
        import time

        since = ago(int(watcher["started"]), time.time_ns() // 1_000_000) if watcher.get("started") else ""
        say(f"The watcher runs: process {watcher['pid']}{f', started {since}' if since else ''}.")
    elif config["state"] != "missing":
        say("The watcher does not run. Start it with: fleet watcher start")


def _tell_config(config: Mapping[str, Any]) -> None:
    if config["state"] == "missing":
        say("There is no fleet.yaml here or above. Write one with: fleet init")
    elif config["state"] == "right":
        say(f"{clean(config['file'])} is right.")
        for each in config["warnings"]:
            say(f"  {style('warning:', 'yellow')} {clean(each)}")
    else:
        say(f"{clean(config['file'])} is {style('wrong', 'red')}:")
        for each in config["errors"]:
            say(f"  {clean(each['text'])}")


def _mark(each: Finding) -> str:
    if each.ok:
        return "ok"
    if each.required:
        return "wrong" if each.found else "missing"
    return "wrong" if each.found else "not here"
