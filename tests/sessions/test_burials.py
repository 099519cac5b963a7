"""When a shim was killed, others end what it left, tell how it ended, and hit no one else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fleet.adapters.sessions import processes
from fleet.adapters.sessions.shim_sessions import ShimSessions

FAMILY = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.run(["/bin/sh", "-c", "sleep 60 &"], env={}, process_group=0)  # known by the shim's session alone
if os.fork() == 0:
    os.setsid()  # with the mark, out of the session
    if os.fork() == 0:
        subprocess.Popen(["/bin/sleep", "60"], env={}, start_new_session=True)  # known by its parent alone
        print("ready", flush=True)
        time.sleep(60)
    os._exit(0)
time.sleep(60)
"""


def kill(runs, key="r1") -> None:
    """End the shim without its being able to do anything, and wait for its end."""
    fd = runs.sessions.watch(key)
    os.kill(runs.session(key).shim.pid, signal.SIGKILL)
    runs.await_readable(fd)


def everything_below(pid: int) -> set[processes.Identity]:
    """The living descendants of a process."""
    rows = processes._table()
    found = {pid}
    while more := {row.identity.pid for row in rows if row.parent in found} - found:
        found |= more
    return {row.identity for row in rows if row.identity.pid in found - {pid}}


def edit(runs, **fields) -> None:
    path = runs.root / "r1" / "session.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def test_a_killed_shim_takes_nothing_of_its_run_into_life_after_the_end(runs):
    runs.python(FAMILY)
    runs.hear("ready")
    family = everything_below(runs.session().shim.pid)
    assert len(family) == 4
    kill(runs)
    told = runs.end()
    assert told.reason == "shim killed"
    assert told.started == runs.session().started
    assert not [one for one in family if processes.is_alive(one)]
    assert not runs.sessions.alive("r1")


def test_a_killed_shim_and_a_killed_agent_are_told_as_well(runs):
    runs.shell("echo ready; exec sleep 60")
    runs.hear("ready")
    os.kill(runs.session().shim.pid, signal.SIGSTOP)
    os.kill(runs.session().child.pid, signal.SIGKILL)
    kill(runs)
    assert runs.end().reason == "shim killed"
    assert runs.said() == "ready\n"


def test_a_run_lives_while_its_program_does_though_its_shim_was_killed(runs):
    runs.shell("exec sleep 60")
    kill(runs)
    assert runs.sessions.alive("r1")
    assert not runs.sessions.send("r1", "hello\n")


def test_to_stop_what_has_no_shim_any_more_ends_it(runs):
    runs.shell("exec sleep 60")
    kill(runs)
    runs.sessions.stop("r1", "enough")
    assert not runs.processes()
    assert runs.sessions.exit("r1").reason == "shim killed"


def test_of_two_who_bury_at_once_both_tell_the_same_and_wake_who_follows(runs):
    runs.shell("exec sleep 60")
    kill(runs)
    runs.sessions.drain()
    parties = [ShimSessions(runs.root) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda party: party.exit("r1"), parties))
    assert len(set(told)) == 1
    assert "r1" in runs.sessions.drain()
    litter = {path.name for path in (runs.root / "r1").iterdir()} - {
        *("lock", "command.json", "session.json", "control", "transcript.jsonl", "exit.json", "shim.log")
    }
    assert not litter


def test_a_restart_of_the_host_is_told_and_no_process_of_now_is_touched(runs):
    runs.shell("exec sleep 60")
    before = runs.session()
    edit(runs, boot="another")
    assert not runs.sessions.alive("r1")
    assert runs.sessions.watch("r1") is None
    told = runs.sessions.exit("r1")
    assert (told.reason, told.started) == ("host restarted", before.started)
    runs.sessions.stop("r1", "enough")
    assert processes.is_alive(before.child)
    os.kill(before.shim.pid, signal.SIGTERM)
    runs.await_readable(processes.open_pidfd(before.shim))
    assert runs.sessions.exit("r1").reason in ("host restarted", "stopped")


@pytest.fixture
def stranger():
    """A process that is nobody's, in a session of its own."""
    with subprocess.Popen(["/bin/sleep", "60"], start_new_session=True) as process:
        yield process
        process.kill()


def test_a_process_that_got_the_number_of_another_is_not_believed_nor_touched(runs, stranger):
    runs.shell("exit 0")
    runs.end()
    (runs.root / "r1" / "exit.json").unlink()
    someone = {"pid": stranger.pid, "start": "1"}
    edit(runs, shim=someone, child=someone)
    assert not runs.sessions.alive("r1")
    assert runs.sessions.watch("r1") is None
    runs.sessions.stop("r1", "enough")
    assert runs.sessions.exit("r1").reason == "shim killed"
    assert stranger.poll() is None


@pytest.mark.parametrize("left", ["", "{", "[]", '{"shim": {}}'])
def test_files_that_a_power_cut_has_torn_tell_an_end_too(runs, left):
    runs.shell("exit 0")
    runs.end()
    (runs.root / "r1" / "session.json").write_text(left)
    (runs.root / "r1" / "exit.json").write_text(left)
    told = runs.sessions.exit("r1")
    assert told.reason == "host restarted"
    assert runs.sessions.exit("r1") == told


def test_no_one_is_of_the_family_of_a_process_that_is_not_known():
    nobody = processes.Identity(0, "")
    assert processes.family(nobody, nobody, "") == set()


def test_a_shim_that_fails_kills_its_program_and_says_why(runs):
    runs.python("import time; print('ready', flush=True); time.sleep(60)")
    runs.hear("ready")
    os.mkfifo(runs.root / "r1" / "inbox")  # listing it is an error that the shim does not expect
    runs.sessions.close_input("r1")
    told = runs.end()
    assert told.reason == "shim failed"
    assert "NotADirectoryError" in told.error
    assert not runs.processes()


def test_the_environment_goes_from_the_disk_though_the_shim_was_killed_early(runs):
    runs.shell("exec sleep 60")
    (runs.root / "r1" / "launch").write_text("API_KEY=very-secret")
    kill(runs)
    runs.end()
    assert not (runs.root / "r1" / "launch").exists()


def test_processes_of_other_runs_are_left_alone(runs):
    runs.shell("exec sleep 60", key="r1")
    runs.shell("exec sleep 60", key="r2")
    kill(runs, "r1")
    runs.end("r1")
    assert runs.sessions.alive("r2")
    assert runs.sessions.exit("r2") is None


def test_a_watcher_that_runs_inside_a_session_can_bury_without_hitting_itself(runs):
    # A fleet that is worked on by a fleet: its sessions descend from a process of the outer session.
    inner = (
        "import os, signal, sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from fleet.adapters.sessions.shim_sessions import ShimSessions\n"
        "from fleet.ports.session import Command\n"
        "sessions = ShimSessions(Path('inner').absolute())\n"
        "shim = sessions.start('r1', Command(('/bin/sleep', '60'), {}, '/')).pid\n"
        "os.kill(shim, signal.SIGKILL)\n"
        "os.waitid(os.P_PID, shim, os.WEXITED | os.WNOWAIT)\n"
        "print(sessions.exit('r1').reason)\n"
    )
    source = str(Path(processes.__file__).parents[3])
    runs.start((sys.executable, "-c", inner, source))
    assert runs.end().code == 0
    assert runs.said() == "shim killed\n"


@pytest.mark.parametrize("which", ["shim", "child"])
def test_what_somebody_paused_is_let_go_on_and_one_that_works_is_left_alone(runs, which):
    runs.shell("exec sleep 60", key="r1")
    runs.shell("exec sleep 60", key="r2")
    paused = getattr(runs.session("r1"), which)
    os.kill(paused.pid, signal.SIGSTOP)
    until = time.monotonic() + 10
    while not processes.is_paused(paused) and time.monotonic() < until:
        time.sleep(0.01)
    assert runs.sessions.wake(["r1", "r2", "r3"]) == ["r1"]
    assert not processes.is_paused(paused)


def test_a_session_whose_supervisor_is_paused_can_be_stopped(runs):
    runs.shell("exec sleep 60")
    shim = runs.session().shim
    os.kill(shim.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, shim.pid, os.WSTOPPED | os.WNOWAIT)
    runs.sessions.stop("r1", "enough")
    assert runs.end().reason == "enough"
