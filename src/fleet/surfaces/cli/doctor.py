"""`fleet doctor`: what is installed, what is missing, what each thing is for and how to get it."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from shutil import which
from typing import TYPE_CHECKING, Any

import typer

from fleet.model.errors import FleetError, UsageError
from fleet.surfaces.cli.doctor_tools import Finding, Tool, look_for
from fleet.surfaces.cli.options import Json
from fleet.surfaces.cli.output import ago, clean, print_json, say, style
from fleet.surfaces.cli.table import Column, print_table

if TYPE_CHECKING:
    from fleet.model.fleet import Fleet
    from fleet.ports.harness import Harness
    from fleet.wiring import Place

app = typer.Typer()

_BUILTINS = ("cd", "command", "eval", "exec", "exit", "export", "for", "if", "set", "trap", "until", "while")
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
    config, fleet = _config(place, list(known))
    harnesses_found = _harnesses(known, broken_harnesses(), fleet)
    found = [_python(), *_machine(place, fleet), *harnesses_found, *_absent_programs(fleet)]
    watcher, disk = _watcher(place), _workspaces(place)
    ok = config["state"] != "wrong" and all(each.ok for each in found if each.required)
    if json:
        print_json(
            {
                "ok": ok,
                "tools": [_plain(each) for each in found],
                "config": config,
                "watcher": watcher,
                "workspaces": disk,
            }
        )
    else:
        _tell(found, config, watcher)
        if disk:
            of = f" of the {_size(disk['limit'])} that they may" if disk["limit"] else ""
            say(f"Workspaces ({disk['count']}) take {_size(disk['bytes'])}{of}.")
    return 0 if ok else FleetError.exit_code


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", "tool", True, version, True, "Fleet itself", "", "")


def _machine(place: Place | None, fleet: Fleet | None) -> list[Finding]:
    """The tools, and what a forge needs; each is asked beside the others."""
    from fleet.surfaces.cli.doctor_forge import look_at_gh, look_at_login, look_at_repo
    from fleet.surfaces.cli.doctor_sandbox import look_at_sandbox

    path = os.environ.get("PATH", os.defpath)
    with ThreadPoolExecutor(8) as pool:
        walls = pool.submit(look_at_sandbox, fleet, path)
        tools = pool.map(lambda tool: look_for(tool, path), TOOLS)
        gh = pool.submit(look_at_gh, fleet)
        seen = pool.map(lambda repo: look_at_repo(place, fleet, repo), fleet.repos) if place and fleet else ()
        logins = (
            [pool.submit(look_at_login, place, fleet, *each) for each in fleet.logins]
            if place and fleet
            else []
        )
        return [*tools, walls.result(), gh.result(), *(each.result() for each in logins), *seen]


def _harnesses(known: Mapping[str, Harness], broken: Mapping[str, str], fleet: Fleet | None) -> list[Finding]:
    from fleet.engine.fit import detected, problem_of

    used = Counter(agent.harness for agent in fleet.agents) if fleet else Counter[str]()
    path = os.environ.get("PATH", os.defpath)
    with ThreadPoolExecutor(8) as pool:  # each starts its program to ask its version
        looked = dict(zip(known, pool.map(lambda each: detected(each, path), known.values()), strict=True))
    found = []
    for name in sorted({*known, *broken, *used}):
        needed = used.get(name, 0)
        purpose = (
            f"{needed} agent{'s' if needed != 1 else ''} of fleet.yaml"
            if needed
            else "agents, if you name it"
        )
        if name in known:
            seen = looked[name]
            problem, get = seen.problem, seen.fix
            for agent in fleet.agents if fleet else ():
                if agent.harness == name and not problem:
                    problem, get = problem_of(seen, agent)
            found.append(
                Finding(name, "harness", seen.found, seen.version, needed > 0, purpose, problem, get)
            )
            continue
        problem = broken.get(name, "there is no harness of that name")
        get = "install the package that brings it again" if name in broken else "correct it in fleet.yaml"
        found.append(Finding(name, "harness", False, "", needed > 0, purpose, problem, get))
    return found


def _absent_programs(fleet: Fleet | None) -> list[Finding]:
    """The programs that checks begin with and that are not there."""
    from fleet.model.shell import program_of

    path = os.environ.get("PATH", os.defpath)
    users: dict[str, list[str]] = {}
    for each in fleet.checks if fleet else ():
        program = program_of(each.command)
        if program and program not in _BUILTINS and which(program, path=path) is None:
            users.setdefault(program, []).append(each.name)
    return [
        Finding(
            program,
            "check",
            False,
            "",
            True,
            f"the check{'s' if len(names) > 1 else ''} {', '.join(names)} of fleet.yaml",
            f"there is no {program} on PATH",
            "install it, or correct the check in fleet.yaml",
        )
        for program, names in users.items()
    ]


def _config(place: Place | None, known: list[str]) -> tuple[dict[str, Any], Fleet | None]:
    """The state of fleet.yaml, and the fleet that it declares when it is right."""
    if place is None:
        return {"state": "missing", "file": "", "errors": [], "warnings": []}, None
    from fleet.surfaces.cli.config import examine

    report, fleet, error = examine(place.config, known)
    about = {"state": "wrong" if error else "right", "file": report["file"]}
    return about | {"errors": report["errors"], "warnings": report["warnings"]}, fleet


def _watcher(place: Place | None) -> dict[str, Any]:
    if place is None:
        return {"running": False}
    from fleet.wiring import watcher_status

    return watcher_status(place)


def _workspaces(place: Place | None) -> dict[str, Any]:
    if place is None:
        return {}
    from fleet.engine.disk_note import read_note

    return read_note(place.dot)


def _size(count: int) -> str:
    return f"{count / 1e9:.3g} GB" if count >= 1e9 else f"{count / 1e6:.3g} MB"


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
