"""A session in a sandbox is a session: the law holds, and whoever ends it ends all of it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from fleet.model.errors import Permanent
from fleet.ports.session import Command
from fleet.testing import sessions_law

SECONDS = str(1_000_000 + os.getpid())  # so that tests that run beside these do not see theirs
DAEMON = f"setsid sh -c 'setsid sleep {SECONDS} >/dev/null 2>&1 &' & sleep 0.1; echo ready; "
ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin"}


ELSEWHERE = {
    "a program that cannot start has ended",  # it is not even begun: see below
    "nothing outlives the end",  # its daemon tells a process id, which means something else outside
}


@pytest.mark.parametrize("name", sorted(sessions_law.LAWS.keys() - ELSEWHERE))
def test_the_law_of_sessions_holds(name, confined, tmp_path):
    sessions_law.check(name, confined, tmp_path)


@pytest.mark.parametrize("program", ["no-such-program", "/nowhere/program", "/etc/passwd"])
def test_a_program_that_is_not_there_is_not_begun(program, confined, tmp_path, workspace):
    with pytest.raises(Permanent, match=program):
        confined(tmp_path).start("r1", Command((program,), ENV, str(workspace)))


LAST_WORDS = "trap 'sleep 0.3; echo bye; exit 3' TERM; echo ready; while :; do sleep 0.05; done"


def play(sessions, place: Path, script: str, key: str = "r1", **more):
    command = Command(("/bin/sh", "-c", script), ENV, str(place), **{"grace_seconds": 5.0, **more})
    return sessions.start(key, command)


def until(happened) -> None:
    deadline = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def said(sessions, key: str = "r1") -> str:
    return "".join(record.text for record in sessions.read(key, 0)[0] if record.stream == "out")


def sleepers() -> list[str]:
    """Daemons of these tests that live anywhere on the machine."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if f"sleep\0{SECONDS}\0".encode() in path.read_bytes():
                found.append(path.parent.name)
        except OSError:
            continue
    return found


def ended(sessions, key: str = "r1"):
    until(lambda: sessions.exit(key) is not None)
    return sessions.exit(key)


def test_an_exit_code_passes(confined, tmp_path, workspace):
    sessions = confined(tmp_path)
    play(sessions, workspace, "exit 7")
    assert (ended(sessions).code, ended(sessions).signal) == (7, None)


def test_a_signal_that_ends_the_program_is_told(confined, tmp_path, workspace):
    sessions = confined(tmp_path)
    play(sessions, workspace, "kill -SEGV $$")
    assert (ended(sessions).code, ended(sessions).signal) == (None, signal.SIGSEGV)


def test_a_program_that_is_stopped_has_its_time_to_end(confined, tmp_path, workspace):
    sessions = confined(tmp_path)
    play(
        sessions,
        workspace,
        LAST_WORDS,
    )
    until(lambda: "ready" in said(sessions))
    sessions.stop("r1", "enough")
    found = ended(sessions)
    assert (found.reason, found.code) == ("enough", 3)
    assert said(sessions).endswith("bye")


@pytest.mark.parametrize("how", ["exits", "stopped", "ceiling", "stubborn"])
def test_a_daemon_does_not_outlive_the_session(how, confined, tmp_path, workspace):
    sessions = confined(tmp_path)
    rest = {"exits": "exit 0", "stubborn": "trap '' TERM; while :; do sleep 0.05; done"}.get(how, "sleep 60")
    play(sessions, workspace, DAEMON + rest, seconds=int(how == "ceiling"), grace_seconds=0.3)
    if how in ("stopped", "stubborn"):
        until(lambda: "ready" in said(sessions))
        assert sleepers()
        sessions.stop("r1", "enough")
    ended(sessions)
    assert sleepers() == []


@pytest.mark.parametrize("victim", ["shim", "bwrap"])
def test_whoever_is_killed_nothing_is_left(victim, confined, tmp_path, workspace):
    sessions = confined(tmp_path)
    shim = play(sessions, workspace, DAEMON + "sleep 60").pid
    until(lambda: "ready" in said(sessions))
    children = Path(f"/proc/{shim}/task/{shim}/children").read_text().split()
    os.kill(shim if victim == "shim" else int(children[0]), signal.SIGKILL)
    assert ended(sessions).reason == ("shim killed" if victim == "shim" else "exited")
    until(lambda: sleepers() == [])


def test_another_watcher_goes_on_with_it(confined, tmp_path, workspace):
    first = confined(tmp_path)
    play(first, workspace, 'while read -r line; do echo "heard $line"; done', keep_stdin=True)
    second = confined(tmp_path)
    assert second.alive("r1")
    assert second.send("r1", "one\n")
    until(lambda: "heard one" in said(second))
    second.stop("r1", "enough")
    assert ended(first).reason == "enough"


def test_the_processes_of_a_session_are_found_by_their_mark(confined, tmp_path, workspace):
    sessions = confined(tmp_path)
    play(sessions, workspace, DAEMON + "sleep 60")
    until(lambda: "ready" in said(sessions))
    (pid,) = sleepers()
    assert b"FLEET_SESSION=r1." in Path(f"/proc/{pid}/environ").read_bytes()
    sessions.stop("r1", "enough")
    ended(sessions)
