"""What strikes in a night. Each blow says in a few words what it did, or nothing when there was nobody."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.faults.night import Night

Blow = Callable[[Night], str]


def the_watcher_is_killed(night: Night) -> str:
    """kill -9; the next one is started by whoever looks after it."""
    return _signal_watcher(night, signal.SIGKILL)


def the_watcher_is_asked_to_end(night: Night) -> str:
    """SIGTERM, as `fleet watcher stop` does."""
    return _signal_watcher(night, signal.SIGTERM)


def the_watcher_is_paused(night: Night) -> str:
    """SIGSTOP for a while."""
    said = _signal_watcher(night, signal.SIGSTOP)
    if said and night.watcher:
        night.paused[night.watcher.pid] = time.monotonic() + night.dice.uniform(0.3, 4)
    return said


def a_shim_is_killed(night: Night) -> str:
    """kill -9 of a session's own process."""
    return _signal_one(night, "shim", signal.SIGKILL)


def a_shim_is_paused(night: Night) -> str:
    """SIGSTOP for a while."""
    return _signal_one(night, "shim", signal.SIGSTOP, night.dice.uniform(0.3, 4))


def a_shim_stands_still(night: Night) -> str:
    """SIGSTOP for ever."""
    return _signal_one(night, "shim", signal.SIGSTOP)


def an_agent_is_killed(night: Night) -> str:
    """kill -9 of the program."""
    return _signal_one(night, "child", signal.SIGKILL)


def an_agent_is_asked_to_end(night: Night) -> str:
    """SIGTERM to the program."""
    return _signal_one(night, "child", signal.SIGTERM)


def an_agent_is_paused(night: Night) -> str:
    """SIGSTOP for a while."""
    return _signal_one(night, "child", signal.SIGSTOP, night.dice.uniform(0.3, 4))


def an_agent_stands_still(night: Night) -> str:
    """SIGSTOP for ever."""
    return _signal_one(night, "child", signal.SIGSTOP)


def any_process_is_killed(night: Night) -> str:
    """kill -9 of whatever the night has started: helpers of git, tails, sandboxes."""
    found = night.processes()
    if not found:
        return ""
    pid = night.dice.choice(sorted(found))
    return _send(pid, signal.SIGKILL, found[pid])


def tmux_is_gone(night: Night) -> str:
    """kill -9 of the server that shows the sessions."""
    pids = [pid for pid, words in sorted(night.processes().items()) if words.startswith("tmux ")]
    return _send(night.dice.choice(pids), signal.SIGKILL, "tmux") if pids else ""


def the_disk_is_full_for_the_watcher(night: Night) -> str:
    """No file of it, or of what it starts, grows any more; for a while."""
    return _full(night, night.watcher.pid if night.watcher else 0, "the watcher")


def the_disk_is_full_for_a_shim(night: Night) -> str:
    """Its transcript does not grow any more; for ever."""
    found = _session(night)
    return _full(night, found[1]["shim"]["pid"], f"the shim of {found[0]}", passes=False) if found else ""


def the_clock_is_moved(night: Night) -> str:
    """The watcher's clock jumps, ahead or back."""
    now = int(night.clock.read_text() or 0)
    jump = night.dice.choice((-3_600_000, -60_000, 60_000, 3_600_000))
    draft = night.clock.with_suffix(".new")
    draft.write_text(str(now + jump))
    draft.replace(night.clock)
    return f"the clock by {jump // 1000} s"


def the_model_has_a_bad_hour(night: Night) -> str:
    """429, 500, 529, half streams, malformed JSON and silence, for part of the requests."""
    night.mind.weather = night.dice.choice((0, 20, 50))
    return f"the model, {night.mind.weather} %"


BLOWS: Mapping[str, Blow] = {
    blow.__name__: blow
    for blow in (
        the_watcher_is_killed,
        the_watcher_is_asked_to_end,
        the_watcher_is_paused,
        a_shim_is_killed,
        a_shim_is_paused,
        a_shim_stands_still,
        an_agent_is_killed,
        an_agent_is_asked_to_end,
        an_agent_is_paused,
        an_agent_stands_still,
        any_process_is_killed,
        tmux_is_gone,
        the_disk_is_full_for_the_watcher,
        the_disk_is_full_for_a_shim,
        the_clock_is_moved,
        the_model_has_a_bad_hour,
    )
}


def _signal_watcher(night: Night, number: signal.Signals) -> str:
    if night.watcher is None or night.watcher.poll() is not None:
        return ""
    return _send(night.watcher.pid, number, "the watcher")


def _session(night: Night) -> tuple[str, dict[str, dict[str, int]]] | None:
    live = night.live()
    if not live:
        return None
    key = night.dice.choice(live)
    with contextlib.suppress(OSError, ValueError):
        return key, json.loads((night.place.runs / key / "session.json").read_text())
    return None


def _signal_one(night: Night, which: str, number: signal.Signals, seconds: float = 0) -> str:
    found = _session(night)
    if found is None:
        return ""
    key, session = found
    pid = int(session[which]["pid"])
    said = _send(pid, number, f"{which} of {key}")
    if seconds and said:
        night.paused[pid] = time.monotonic() + seconds
    return said


def _send(pid: int, number: signal.Signals, what: str) -> str:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return ""
    return f"{number.name} to {what}"


def _full(night: Night, pid: int, whom: str, *, passes: bool = True) -> str:
    """Let the files of a process grow no more. (A file that is there already can't be bounded by less than a
    page, so it is bounded by what small files have.)
    """
    if not pid:
        return ""
    try:
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        if passes:
            time.sleep(night.dice.uniform(0.2, 2))
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
    except (ProcessLookupError, PermissionError):
        return ""
    return f"no room for {whom}"


def tmux_sockets(night: Night) -> list[Path]:
    """The socket files of its tmux servers."""
    return [path for path in (night.folder / "tmp").glob("tmux-*/*") if path.is_socket()]


def tmux_lives(path: Path) -> bool:
    """Whether a server answers there."""
    asked = ["tmux", "-S", str(path), "list-sessions"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0
