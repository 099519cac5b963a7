"""A session starts once or not at all, whoever is killed at whatever instant of it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest

import fleet
from fleet.adapters.sessions import shim_sessions
from fleet.adapters.sessions.shim_sessions import ShimSessions
from fleet.model.errors import Permanent, Temporary
from fleet.ports.session import Command

KILL_AT = """
import os, signal, sys

def count(name, args, seen=[0]):
    if name.startswith(("os.", "fcntl.")) or (name == "open" and not str(args[0]).endswith((".py", ".pyc"))):
        seen[0] += 1
        if seen[0] == step:
            os.kill(os.getpid(), signal.SIGKILL)
"""
"""Kills its process before the step-th thing it does to the system, as Python's audit events tell them."""

STARTER = f"""
import sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from fleet.adapters.sessions.shim_sessions import ShimSessions
from fleet.ports.session import Command
{KILL_AT}
step, root = 0, Path(sys.argv[1])
while True:
    step += 1
    pid = os.fork()
    if pid == 0:
        sessions = ShimSessions(root)
        sys.addaudithook(count)
        script = f"echo run >> ../runs-{{step}}"
        sessions.start(f"r{{step}}", Command(("/bin/sh", "-c", script), {{"PATH": "/bin"}}, str(root)))
        os._exit(0)
    if os.waitpid(pid, 0)[1] == 0:
        break
print(step)
"""

SHIM = f"""
import runpy
{KILL_AT}
step = int(open(sys.argv[1] + "/../step").read())
sys.addaudithook(count)
runpy.run_path({str(shim_sessions._SHIM)!r}, run_name="__main__")
"""


def shell(script: str, runs) -> Command:
    return Command(("/bin/sh", "-c", script), {"PATH": "/usr/bin:/bin"}, str(runs.here))


def times_run(runs, step: int) -> int:
    path = runs.here / f"runs-{step}"
    return len(path.read_text().splitlines()) if path.exists() else 0


def test_a_starter_that_is_killed_at_any_step_starts_once_or_not_at_all(runs):
    done = subprocess.run(
        [sys.executable, "-c", STARTER, str(runs.root), fleet.__path__[0] + "/.."],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    steps = int(done.stdout)
    assert steps > 10
    for step in range(1, steps + 1):
        runs.shell(f"echo run >> runs-{step}", key=f"r{step}")
        assert runs.end(f"r{step}").code == 0
        assert times_run(runs, step) == 1, f"killed at step {step}"


def test_a_shim_that_is_killed_at_any_step_started_once_or_not_at_all(runs, monkeypatch):
    usual, killing = shim_sessions._SHIM, runs.here / "shim.py"
    killing.write_text(SHIM)
    seen = []
    while seen[-1:] != ["done"]:
        step = len(seen) + 1
        (runs.root / "step").write_text(str(step))
        monkeypatch.setattr(shim_sessions, "_SHIM", killing)
        key, command = f"r{step}", shell(f"echo run >> runs-{step}", runs)
        try:
            runs.sessions.start(key, command)
        except Temporary:
            assert not (runs.root / key / "session.json").exists(), "it raised, but something was started"
            monkeypatch.setattr(shim_sessions, "_SHIM", usual)
            runs.sessions.start(key, command)
            seen.append("nothing started")
        else:
            seen.append("started")
        told = runs.end(key)
        assert not runs.processes(key)
        assert times_run(runs, step) <= 1
        if told.code == 0:
            assert times_run(runs, step) == 1
            seen[-1] = "done" if seen[-1] == "started" else seen[-1]
        else:
            assert told.reason == "shim killed" or told.signal == signal.SIGKILL
    assert seen.count("nothing started") > 5
    assert seen.count("started") > 5


def test_a_session_lives_on_without_its_starter_and_another_process_adopts_it(runs):
    script = (
        "import os, signal, sys; sys.path.insert(0, sys.argv[2])\n"
        "from pathlib import Path\n"
        "from fleet.adapters.sessions.shim_sessions import ShimSessions\n"
        "from fleet.ports.session import Command\n"
        "command = Command(('/bin/sh', '-c', 'read word; echo heard $word'), {}, '/', keep_stdin=True)\n"
        "ShimSessions(Path(sys.argv[1])).start('r1', command)\n"
        "os.killpg(os.getpgid(0), signal.SIGKILL)\n"
    )
    argv = [sys.executable, "-c", script, str(runs.root), fleet.__path__[0] + "/.."]
    done = subprocess.run(argv, start_new_session=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert runs.sessions.alive("r1")
    assert runs.sessions.send("r1", "you\n")
    assert runs.end().code == 0
    assert runs.said() == "heard you\n"


def test_a_start_from_many_threads_of_many_keys_gives_each_its_own(runs):
    def start(n: int) -> None:
        runs.shell(f"echo {n}", key=f"r{n}")

    threads = [threading.Thread(target=start, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n in range(8):
        runs.end(f"r{n}")
        assert runs.said(f"r{n}") == f"{n}\n"


def test_a_relative_root_means_the_same_to_the_shim(runs, monkeypatch):
    monkeypatch.chdir(runs.here)
    sessions = ShimSessions(runs.root.relative_to(runs.here))
    monkeypatch.chdir("/")
    sessions.start("r1", shell("echo here", runs))
    runs.hear("here")


def test_a_folder_that_cannot_be_made_is_an_error_that_may_pass(runs):
    (runs.root / "r1").write_text("in the way")
    with pytest.raises(Temporary):
        runs.shell("exit 0")
    (runs.root / "r1").unlink()
    runs.shell("exit 0")
    assert runs.end().code == 0


@pytest.mark.parametrize("key", ["", "..", "a/b", ".hidden", "a b", "x" * 101, "é"])
def test_what_cannot_be_a_key_is_refused(runs, key):
    with pytest.raises(Permanent):
        runs.shell("exit 0", key=key)


@pytest.mark.parametrize(
    "command",
    [
        Command((), {}, "/"),
        Command(("",), {}, "/"),
        Command(("/bin/sh", "a\0b"), {}, "/"),
        Command(("/bin/sh",), {"A=B": "1"}, "/"),
        Command(("/bin/sh",), {"": "1"}, "/"),
        Command(("/bin/sh",), {"A": "\0"}, "/"),
    ],
)
def test_a_command_that_no_system_can_run_is_refused(runs, command):
    with pytest.raises(Permanent):
        runs.sessions.start("r1", command)
    assert not runs.sessions.keys()
