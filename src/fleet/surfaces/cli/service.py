"""`fleet watcher install|uninstall`: a watcher that starts by itself, after a crash and after a reboot."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fleet.model.errors import FleetError
from fleet.surfaces.cli import service_files as files

if TYPE_CHECKING:
    from fleet.wiring import Place

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_SECONDS = 60


def install(
    show: Annotated[bool, typer.Option("--print", help="Print the file; install nothing.")] = False,
    json: Json = False,
) -> int:
    """Have systemd (or launchd on macOS) start the watcher, now, at login and after a crash."""
    from fleet.surfaces.cli.output import print_json, say
    from fleet.surfaces.cli.people_only import people_only
    from fleet.wiring import find_place, load_fleet, watcher_status

    people_only("watcher install")
    place = find_place()
    fleet = load_fleet(place, check_harnesses=True)
    service = _service(place, fleet.name)
    target, text = _file(service)
    if show:
        sys.stdout.buffer.write(text)
        return 0
    running = watcher_status(place)
    installed = target.is_file() and target.read_bytes() == text
    if running["running"] and installed:
        if json:
            print_json({"service": service.name, "file": str(target)})
        else:
            say(f"{service.name} is there already ({target}), and a watcher runs (process {running['pid']}).")
        return 0
    if running["running"]:
        why = f"a watcher runs in the background (process {running['pid']})"
        raise FleetError("It can't be a service yet", why=why, do="First: fleet watcher stop")
    place.dot.mkdir(mode=0o700, exist_ok=True)  # what it prints goes there
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(text)
    _do(_start(service, target), f"{target} is there.")
    if json:
        print_json({"service": service.name, "file": str(target)})
        return 0
    say(f"The watcher is a service now: {service.name} ({target}).")
    if sys.platform != "darwin":
        say("It runs while you are logged in; to have it always: loginctl enable-linger")
    return 0


def uninstall(json: Json = False) -> int:
    """Take that back. The watcher ends; agents at work go on, and the next watcher adopts them."""
    from fleet.surfaces.cli.output import print_json, say
    from fleet.surfaces.cli.people_only import people_only
    from fleet.wiring import find_place, load_fleet

    people_only("watcher uninstall")
    place = find_place()
    service = _service(place, load_fleet(place).name)
    target, _ = _file(service)
    there = target.exists()
    if there:
        try:
            _do(_end(service), f"{target} is gone.")
        finally:
            target.unlink()
    if json:
        print_json({"service": service.name, "removed": there})
    else:
        say(f"{service.name} is gone." if there else f"There is no service {service.name}.")
    return 0


def _service(place: Place, project: str) -> files.Service:
    # -P: started in the project's folder, it must not import from there.
    argv = (sys.executable, "-P", "-m", "fleet", "watcher", "start", "--foreground")
    return files.Service(project, place.digest, str(place.root), argv, os.environ.get("PATH", os.defpath))


def _file(service: files.Service) -> tuple[Path, bytes]:
    if sys.platform == "darwin":
        return Path.home() / "Library/LaunchAgents" / f"{service.name}.plist", files.launchd_plist(service)
    given = os.environ.get("XDG_CONFIG_HOME", "")
    folder = Path(given) if given.startswith("/") else Path.home() / ".config"
    return folder / "systemd/user" / f"{service.name}.service", files.systemd_unit(service).encode()


def _start(service: files.Service, target: Path) -> Sequence[tuple[str, ...]]:
    if sys.platform == "darwin":
        return files.launchd_start(str(target), os.getuid())
    return files.systemd_start(service.name)


def _end(service: files.Service) -> Sequence[tuple[str, ...]]:
    if sys.platform == "darwin":
        return files.launchd_end(service.name, os.getuid())
    return files.systemd_end(service.name)


def _do(commands: Sequence[tuple[str, ...]], file: str) -> None:
    """Run them. Where they can't be, the person is told what is done (`file`) and what is left to do."""
    for at, words in enumerate(commands):
        try:
            done = subprocess.run(
                words, capture_output=True, encoding="utf-8", errors="replace", timeout=_SECONDS, check=False
            )
            why = (done.stderr.strip() or f"exit code {done.returncode}") if done.returncode else ""
        except (OSError, subprocess.TimeoutExpired) as error:
            why = str(error)
        if why:
            left = " && ".join(" ".join(each) for each in commands[at:])
            raise FleetError(f"{words[0]} does not do it", why=why.splitlines()[0], do=f"{file} Then: {left}")
