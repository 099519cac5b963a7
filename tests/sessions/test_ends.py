"""However a session ends, it ends whole and says how."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import stat
import subprocess
import sys

import pytest

from fleet.adapters.sessions.shim_sessions import ShimSessions

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
"""A Python program that refuses to end; what it does is appended."""


def test_a_stop_may_leave_less_time_than_the_start_did(runs):
    runs.python(f"{STUBBORN}; print('ready', flush=True); time.sleep(600)", grace=600)
    runs.hear("ready")
    runs.sessions.stop("r1", "quarantine", grace_seconds=0.1)
    assert runs.end().reason == "quarantine"


def test_who_asks_again_may_give_less_time_and_the_first_reason_stays(runs):
    runs.python(f"{STUBBORN}; print('ready', flush=True); time.sleep(600)", grace=600)
    runs.hear("ready")
    runs.sessions.stop("r1", "enough")
    runs.sessions.stop("r1", "quarantine", grace_seconds=0.1)
    assert runs.end().reason == "enough"


def test_the_ceiling_ends_a_whole_group_that_refuses(runs):
    runs.shell("trap '' TERM; for i in 1 2 3; do (while :; do sleep 0.1; done) & done; wait; wait", seconds=1)
    told = runs.end()
    assert (told.reason, told.signal) == ("ceiling", signal.SIGKILL)
    assert not runs.processes()


def test_a_program_that_ends_when_asked_at_the_ceiling_keeps_its_exit_status(runs):
    runs.shell("trap 'exit 7' TERM; while :; do sleep 0.05; done", seconds=1, grace=10)
    told = runs.end()
    assert (told.reason, told.code, told.signal) == ("ceiling", 7, None)


def test_a_paused_program_hears_that_it_is_to_stop(runs):
    runs.shell("trap 'exit 3' TERM; echo ready; kill -STOP $$; while :; do sleep 0.05; done", grace=10)
    runs.hear("ready")
    runs.sessions.stop("r1", "enough")
    assert runs.end().code == 3


def test_a_daemon_without_the_mark_in_its_environment_goes_too(runs):
    daemon = f"{STUBBORN}; import os; os.setsid(); open('pid', 'w').write(str(os.getpid())); time.sleep(60)"
    runs.shell(
        f'env -i {sys.executable} -I -S -c "{daemon}" >/dev/null 2>&1 & '
        "until [ -s pid ]; do sleep 0.01; done; exit 0"
    )
    assert runs.end().code == 0
    with pytest.raises(ProcessLookupError):
        os.kill(int((runs.here / "pid").read_text()), 0)


def test_a_program_that_forks_all_the_time_does_not_slip_away(runs):
    hydra = f"{STUBBORN}; import os\nprint('ready', flush=True)\nwhile os.fork() == 0: pass\nos._exit(0)"
    runs.python(hydra)
    runs.hear("ready")
    runs.sessions.stop("r1", "enough")
    told = runs.end()
    assert not told.error
    assert not runs.processes()


@pytest.mark.parametrize("apart", ["", "os.setsid()"], ids=["together", "each in a session of its own"])
def test_a_fork_bomb_is_ended_with_all_of_it(runs, apart):
    bomb = f"import os, time\nfor _ in range(7):\n  if os.fork() == 0: {apart or 'pass'}\ntime.sleep(60)"
    runs.python(bomb, processes=30, grace=60.0)
    told = runs.end()
    assert told.reason == "processes"
    assert not runs.processes()


def test_a_program_in_the_shims_own_group_is_killed_and_the_shim_is_not(runs):
    runs.python(
        f"{STUBBORN}; import os\nos.setpgid(0, os.getppid())\nprint('ready', flush=True)\ntime.sleep(60)"
    )
    runs.hear("ready")
    runs.sessions.stop("r1", "enough")
    told = runs.end()
    assert (told.reason, told.signal) == ("enough", signal.SIGKILL)


def test_a_killed_agent_is_told_with_its_signal(runs):
    runs.shell("echo ready; exec sleep 60")
    runs.hear("ready")
    os.kill(runs.session().child.pid, signal.SIGKILL)
    told = runs.end()
    assert (told.reason, told.code, told.signal) == ("exited", None, signal.SIGKILL)


def test_a_shim_that_is_asked_to_end_stops_its_program(runs):
    runs.shell("exec sleep 60")
    os.kill(runs.session().shim.pid, signal.SIGTERM)  # at once: it may not even listen yet
    told = runs.end()
    assert (told.reason, told.signal) == ("stopped", signal.SIGTERM)


def test_a_program_that_closes_its_outputs_is_still_watched(runs):
    runs.shell("exec >&- 2>&-; sleep 0.1; exit 5")
    assert runs.end().code == 5


def test_an_end_tells_what_it_took(runs):
    runs.python("x = bytearray(40_000_000); sum(range(3_000_000))")
    told = runs.end()
    assert 40_000 < told.max_rss_kb < 100_000
    assert told.cpu_ms > 10
    assert 0 < told.started <= told.ended


def test_one_whose_supervisor_is_asked_to_end_says_so(runs):
    runs.shell("echo ready; exec sleep 60")
    runs.hear("ready")
    os.kill(runs.session().shim.pid, signal.SIGTERM)
    told = runs.end()
    assert (told.reason, told.error) == ("stopped", "its supervising process was asked to end (SIGTERM)")


def test_too_much_output_ends_it(runs):
    small = ShimSessions(runs.root, max_bytes=100_000)
    runs.sessions, usual = small, runs.sessions
    usual.close()
    runs.shell("yes")
    told = runs.end()
    assert told.reason == "output"
    assert "100000 bytes" in told.error


def test_a_full_disk_ends_it_and_every_record_that_was_read_stands(runs):
    runs.shell("read go; i=0; while :; do i=$((i+1)); echo line $i; done", keep_stdin=True)
    resource.prlimit(runs.session().shim.pid, resource.RLIMIT_FSIZE, (50_000, 50_000))
    runs.sessions.send("r1", "go\n")
    found, offset = [], 0
    while runs.sessions.exit("r1") is None:
        page, offset = runs.sessions.read("r1", offset)
        found += page
    told = runs.end()
    assert told.reason == "disk full"
    assert "could not be written" in told.error
    everything = runs.records()
    assert everything[: len(found)] == found
    lines = [one.text for one in everything if one.stream == "out"]
    assert lines == [f"line {n + 1}" for n in range(len(lines))]


def _script(runs, name: str, text: str, mode: int) -> str:
    path = runs.here / name
    path.write_text(text)
    path.chmod(mode)
    return str(path)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda runs: "/nowhere/agent", "/nowhere/agent does not exist"),
        (lambda runs: "no-such-agent", "no-such-agent does not exist in any folder of PATH"),
        (lambda runs: _script(runs, "plain", "#!/bin/sh\n", stat.S_IRUSR), "not executable"),
        (
            lambda runs: _script(runs, "old", "#!/nowhere/python\n", 0o700),
            "interpreter named in the first line",
        ),
        (lambda runs: _script(runs, "text", "hello", 0o700), "neither a binary of this machine nor a script"),
        (lambda runs: str(runs.here), "not executable"),
    ],
    ids=["missing", "not on PATH", "not executable", "interpreter missing", "no program", "a folder"],
)
def test_a_program_that_cannot_start_says_why(runs, make, says):
    runs.start((make(runs),))
    told = runs.end()
    assert (told.reason, told.code, told.signal) == ("spawn failed", None, None)
    assert says in told.error


def test_a_missing_working_directory_says_which(runs):
    runs.shell("exit 0", cwd="/nowhere/at/all")
    told = runs.end()
    assert told.reason == "spawn failed"
    assert "/nowhere/at/all cannot be entered: No such file" in told.error


def test_a_session_may_last_as_much_longer_as_it_is_allowed_to(runs):
    runs.shell("echo ready; sleep 2; exit 4", seconds=1)
    runs.hear("ready")
    runs.sessions.allow("r1", 60)
    runs.sessions.allow("r1", 60)
    assert (runs.end().reason, runs.sessions.exit("r1").code) == ("exited", 4)


def test_what_is_allowed_in_all_does_not_add_up(runs):
    runs.shell("echo ready; sleep 60", seconds=1)
    runs.hear("ready")
    for _ in range(50):
        runs.sessions.allow("r1", 0.5)
    assert runs.end().reason == "ceiling"


def test_figures_show_what_a_quiet_child_of_the_program_uses(runs):
    busy = "import os; print('ready', flush=True); os.fork()\nwhile True: pass"
    runs.python(busy)
    runs.hear("ready")
    first = runs.sessions.figures("r1")
    while (later := runs.sessions.figures("r1")).cpu_ms < first.cpu_ms + 200:
        pass
    assert later.processes >= 2
    assert later.output_at == first.output_at
    runs.sessions.stop("r1", "enough")
    runs.end()
    assert runs.sessions.figures("r1") is None


def test_figures_tell_what_the_program_uses_from_what_it_waits_for(runs):
    busy = "import os, time; print('ready', flush=True)\nif not os.fork(): time.sleep(60)\nwhile True: pass"
    runs.python(busy)
    runs.hear("ready")
    first = runs.sessions.figures("r1")
    while (later := runs.sessions.figures("r1")).cpu_ms < first.cpu_ms + 200:
        pass
    assert 0 <= later.below_cpu_ms < 100
    runs.sessions.stop("r1", "enough")
    runs.end()


def test_figures_of_a_program_alone_tell_nothing_below_it(runs):
    runs.python("import time; print('ready', flush=True); time.sleep(60)")
    runs.hear("ready")
    assert runs.sessions.figures("r1").below_cpu_ms == -1
    runs.sessions.stop("r1", "enough")
    runs.end()


def test_figures_look_into_a_sandbox_for_the_program(runs):
    inside = ("bwrap", "--dev-bind", "/", "/", "--unshare-pid", "--proc", "/proc", "--")
    if shutil.which("bwrap") is None or subprocess.run([*inside, "true"], check=False).returncode:
        pytest.skip("needs bwrap, and a machine that lets it work")
    runs.start((*inside, sys.executable, "-c", "import time; print('ready', flush=True); time.sleep(60)"))
    runs.hear("ready")
    assert runs.sessions.figures("r1").below_cpu_ms == -1
    runs.sessions.stop("r1", "enough")
    runs.end()
