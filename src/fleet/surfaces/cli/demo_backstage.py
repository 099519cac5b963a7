"""What runs behind `fleet demo`, and how all of it ends: the scratch folder, the watcher, the agents.

Whatever way the demo ends, nothing is left: by itself, by Ctrl-C and by SIGTERM it tidies up itself, and
where it is killed a minder does, a shell that waits for the demo's end and for nothing else.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from fleet.model.errors import FleetError
from fleet.wiring import Place, open_sessions, open_terminal

_PATIENCE = 15.0  # seconds for the agents to end: their shims kill what refuses after ten
_FLEET = (sys.executable, "-P", "-m", "fleet")  # -P: nothing is imported from the project's own folder

# It is told a line once all is tidied; no line before the end means that the demo was killed.
_MINDER = """
read -r _ && exit 0
folder=$1 keep=$2; shift 2
for root in "$folder"/*/; do (cd "$root" && exec "$@" watcher stop --agents); done
[ "$keep" ] && exit 0
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    rm -rf "$folder"; [ -e "$folder" ] || exit 0; sleep 0.5
done
"""


class Ended(BaseException):
    """The demo was told to end, by this signal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


@contextmanager
def scratch(*, keep: bool) -> Iterator[Path]:
    """A folder for the demo. With the block everything ends that runs for a project in it, and with `keep`
    off the folder goes too. Within, SIGINT, SIGTERM and SIGHUP raise `Ended`.
    """
    folder = Path(tempfile.mkdtemp(prefix="fleet-demo-"))
    minder = subprocess.Popen(
        ["sh", "-c", _MINDER, "minder", str(folder), "keep" if keep else "", *_FLEET],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    before = {
        number: signal.signal(number, _end) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield folder
    finally:
        for number in before:
            signal.signal(number, signal.SIG_IGN)  # what follows is short, and must not be left half-done
        for config in folder.glob("*/fleet.yaml"):
            end_agents(Place(config.parent))
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
        assert minder.stdin is not None
        with suppress(BrokenPipeError):
            minder.stdin.write(b"tidied\n")
            minder.stdin.close()
        minder.wait()
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, frame: FrameType | None) -> None:
    del frame
    raise Ended(number)


@contextmanager
def watcher(place: Place) -> Iterator[subprocess.Popen[bytes]]:
    """A watcher of the project, as `fleet watcher start` is one, for the length of the block."""
    place.dot.mkdir(mode=0o700, exist_ok=True)
    with place.watcher_log.open("ab") as log:
        process = subprocess.Popen(
            [*_FLEET, "watcher", "start", "--foreground"],
            cwd=place.root,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def complaint(place: Place) -> FleetError:
    """Why the watcher has ended too early, by its own last words."""
    said = place.watcher_log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return FleetError(
        "The demo's watcher has ended before the story did",
        why=said[-1] if said else "it did not say why",
        do="Look at it: fleet demo --keep, then fleet watcher logs there.",
    )


def _close_terminals(place: Place, keys: list[str]) -> None:
    """They end by themselves about a second after their sessions; nobody shall see them until then."""
    terminal = open_terminal(place, place.root.name)
    for key in keys:
        terminal.close(key)


def end_agents(place: Place) -> list[str]:
    """End every session of the project, agents and checks, and wait until they have. Returns which lived."""
    if not place.runs.is_dir():
        return []
    sessions = open_sessions(place)
    until = time.monotonic() + _PATIENCE
    try:
        live = [key for key in sessions.keys() if sessions.alive(key)]  # noqa: SIM118  # no mapping
        for key in live:
            sessions.stop(key, "person")
        for key in live:
            descriptor = sessions.watch(key)
            if descriptor is not None:
                select.select([descriptor], [], [], max(0.0, until - time.monotonic()))
                os.close(descriptor)
            sessions.exit(key)
        _close_terminals(place, sessions.keys())
        return live
    finally:
        sessions.close()
