"""`fleet watcher …`: the control plane of a project, in the background or in the foreground."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fleet.model.errors import FleetError, UsageError, WatcherDown
from fleet.surfaces.cli.service import install, uninstall

if TYPE_CHECKING:
    from fleet.wiring import Place

app = typer.Typer(help="The control plane: start, stop, status, logs, as a service.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Step = Annotated[bool, typer.Option("--step", help="Hold every handoff until a person lets it go on.")]
LogFormat = Annotated[
    str,
    typer.Option("--log-format", metavar="text|json", help="How what happens is printed, or logged."),
]
_STOP_SECONDS = 30.0


@app.command()
def start(
    foreground: Annotated[bool, typer.Option("--foreground", help="Stay, and print what happens.")] = False,
    until_idle: Annotated[
        bool,
        typer.Option("--until-idle", help="Stay until nothing is left to do (3: a person is needed)."),
    ] = False,
    step: Step = False,
    log_format: LogFormat = "text",
    json: Json = False,
    ready_fd: Annotated[int, typer.Option("--ready-fd", hidden=True)] = -1,
) -> int:
    """Start the watcher. Agents that are at work already are adopted."""
    from fleet.surfaces.cli.people_only import people_only
    from fleet.wiring import find_place

    people_only("watcher start")
    lines = _is_json(log_format)
    place = find_place()
    if not foreground and not until_idle:
        return _start_behind(place, step=step, json=json, lines=lines)
    from fleet.surfaces.cli.watch_here import watch_here

    return watch_here(place, step=step, until_idle=until_idle, json=json, ready_fd=ready_fd, lines=lines)


@app.command()
def stop(
    agents: Annotated[bool, typer.Option("--agents", help="Stop the agents at work too.")] = False,
    json: Json = False,
) -> int:
    """Stop the watcher. Agents go on with what they do, and the next watcher adopts them."""
    from fleet.surfaces.cli.output import print_json, say
    from fleet.surfaces.cli.people_only import people_only
    from fleet.wiring import find_place

    people_only("watcher stop")
    place = find_place()
    pid = _end_watcher(place)
    stopped = _stop_agents(place) if agents else []
    if json:
        print_json({"stopped": bool(pid), "pid": pid, "agents": stopped})
    else:
        say(f"The watcher (process {pid}) has ended." if pid else "No watcher runs.")
        if stopped:
            say(f"Stopped: {', '.join(stopped)}")
    return 0


@app.command()
def restart(step: Step = False, log_format: LogFormat = "text", json: Json = False) -> int:
    """Stop the watcher, and start one that reads fleet.yaml anew."""
    from fleet.surfaces.cli.people_only import people_only
    from fleet.wiring import find_place

    people_only("watcher restart")
    lines = _is_json(log_format)
    place = find_place()
    _end_watcher(place)
    return _start_behind(place, step=step, json=json, lines=lines)


@app.command()
def status(json: Json = False) -> int:
    """Whether a watcher runs, and since when. Exit code 4 when none does."""
    from fleet.surfaces.cli.output import moment, print_json, say
    from fleet.wiring import find_place, watcher_status

    found = watcher_status(find_place())
    if json:
        print_json(found)
    elif found["running"]:
        since = moment(found["started"])
        say(f"The watcher runs: process {found['pid']}, since {since}, port {found['port']}.")
    else:
        say("No watcher runs. Start one with: fleet watcher start")
    return 0 if found["running"] else WatcherDown.exit_code


@app.command()
def logs(
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on as it grows.")] = False,
    lines: Annotated[int, typer.Option("-n", "--lines", help="How many of the last lines.", min=0)] = 50,
) -> int:
    """What the watcher in the background has printed."""
    from fleet.wiring import find_place

    place = find_place()
    if not place.watcher_log.exists():
        raise FleetError("There is no watcher log yet", do="Start one with: fleet watcher start")
    more = ["-F"] if follow else []
    os.execvp("tail", ["tail", "-n", str(lines), *more, str(place.watcher_log)])  # noqa: S606


app.command()(install)
app.command()(uninstall)


def _is_json(log_format: str) -> bool:
    if log_format not in ("text", "json"):
        raise UsageError(f"There is no log format {log_format!r}", do="Use one of: text, json.")
    return log_format == "json"


def _start_behind(place: Place, *, step: bool, json: bool, lines: bool) -> int:
    """Start a watcher that needs no terminal, and wait for its word that it serves."""
    from fleet.surfaces.cli.output import print_json, say
    from fleet.wiring import load_fleet, watcher_status

    found = watcher_status(place)
    before = found["running"]
    if not before:
        load_fleet(place, check_harnesses=True)  # mistakes are told here, where they are read
        problem = _spawn(place, step=step, lines=lines)
        found = watcher_status(place)
        before = problem and found["running"]  # another one was faster
        if problem and not before:
            why = problem.strip().splitlines()[-1] if problem.strip() else "it ended without a word"
            raise FleetError("The watcher did not start", why=why, do="See: fleet watcher logs")
    if json:
        print_json(found)
    else:
        say(f"The watcher runs{' already' if before else ''} (process {found['pid']}). See: fleet status")
    return 0


def _spawn(place: Place, *, step: bool, lines: bool) -> str:
    """Start the process; returns what it complains about, or nothing once it is ready."""
    import subprocess
    import sys

    place.dot.mkdir(mode=0o700, exist_ok=True)
    heard, said = os.pipe()
    # -P: started in the project's folder, it must not import from there.
    argv = [sys.executable, "-P", "-m", "fleet", "watcher", "start", "--foreground", "--ready-fd", str(said)]
    size = place.watcher_log.stat().st_size if place.watcher_log.exists() else 0
    with place.watcher_log.open("ab") as log:
        process = subprocess.Popen(
            argv + (["--step"] if step else []) + (["--log-format", "json"] if lines else []),
            cwd=place.root,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(said,),
            start_new_session=True,
        )
    os.close(said)
    with os.fdopen(heard, "rb") as answer:
        if answer.read():  # until it is ready, or has ended
            return ""
    process.wait()
    with place.watcher_log.open("rb") as log:
        log.seek(size)
        return log.read(20_000).decode("utf-8", "replace") or " "


def _end_watcher(place: Place) -> int:
    """Ask the watcher to end and wait for it; returns its process id, 0 when none ran."""
    from fleet.surfaces.cli.watching import await_end
    from fleet.wiring import watcher_status

    found: dict[str, Any] = watcher_status(place)
    if not found["running"]:
        return 0
    pid = int(found["pid"])
    os.kill(pid, signal.SIGTERM)
    os.kill(pid, signal.SIGCONT)  # one that somebody has paused could not hear it
    if not await_end(place, pid, _STOP_SECONDS):
        raise FleetError(
            f"The watcher (process {pid}) has not ended within {_STOP_SECONDS:g} s",
            do=f"Nothing is lost when it is killed: kill -9 {pid}",
        )
    return pid


def _stop_agents(place: Place) -> list[str]:
    from fleet.wiring import open_sessions

    sessions = open_sessions(place)
    try:
        live = [key for key in sessions.keys() if sessions.alive(key)]  # noqa: SIM118  # no mapping
        for key in live:
            sessions.stop(key, "person")
        return live
    finally:
        sessions.close()
