"""What a session says and is told: whole, in bounds, and for no one else."""

from __future__ import annotations

import json
import os
import signal
import stat
import time
from pathlib import Path

MIB = 1 << 20


def peak_kib(pid: int) -> int:
    """The most resident memory that a process has had."""
    return int(Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1].split()[0])


def test_a_line_of_50_mb_is_kept_in_pieces_and_bounded_memory(runs):
    runs.python(
        "import sys\n"
        "for _ in range(50): sys.stdout.write('x' * 1_000_000)\n"
        "print('\\ndone', flush=True)\n"
        "input()",
        keep_stdin=True,
    )
    length, offset, done = 0, 0, False
    while not done:
        page, behind = runs.sessions.read("r1", offset)
        for one in page:
            done = done or one.text == "done"
            length += len(one.text)
            assert len(one.text) <= 64 * 1024
        offset = behind
    assert peak_kib(runs.session().shim.pid) < 16 * 1024
    assert length == 50_000_000 + len("done")


def test_a_shim_takes_at_most_16_mib(runs):
    runs.shell("cat", keep_stdin=True, stdin="hello\n")
    runs.hear("hello")
    assert peak_kib(runs.session().shim.pid) <= 16 * 1024


def test_words_have_the_time_at_which_they_came(runs):
    before = time.time_ns() // 1_000_000
    runs.shell("cat", keep_stdin=True)
    runs.sessions.send("r1", "first\n")
    runs.hear("first")
    between = time.time_ns() // 1_000_000
    runs.sessions.send("r1", "second\n")
    runs.hear("second")
    runs.sessions.close_input("r1")
    runs.end()
    times = {one.text: one.t for one in runs.records() if one.stream == "out"}
    assert before <= times["first"] <= between <= times["second"]


def test_both_outputs_and_the_input_are_told_apart(runs):
    runs.shell("read word; echo out $word; echo err $word >&2", keep_stdin=True, stdin="hello\n")
    runs.end()
    assert (runs.said(), runs.said(stream="err")) == ("out hello\n", "err hello\n")
    assert runs.said(stream="in") == "hello\n"


def test_a_text_that_was_taken_arrives_though_the_last_line_was_printed_meanwhile(runs):
    runs.shell(
        "read a; echo ready; until [ -e go ]; do sleep 0.01; done; echo result $a; touch printed;"
        "while read b; do echo result $b; done",
        keep_stdin=True,
        stdin="one\n",
        last_line="result",
    )
    runs.hear("ready")
    os.kill(runs.session().shim.pid, signal.SIGSTOP)
    (runs.here / "go").touch()
    while not (runs.here / "printed").exists():
        time.sleep(0.005)
    taken = runs.sessions.send("r1", "two\n")
    os.kill(runs.session().shim.pid, signal.SIGCONT)
    runs.end()
    assert taken
    assert runs.said() == "ready\nresult one\nresult two\n"


def test_a_program_that_does_not_read_keeps_nobody_waiting(runs):
    runs.shell("echo ready; exec sleep 60", keep_stdin=True)
    assert runs.sessions.send("r1", "x" * MIB)
    runs.hear("ready")
    runs.sessions.stop("r1", "enough")
    assert runs.end().reason == "enough"


def test_a_program_that_closes_its_input_takes_no_more(runs):
    runs.shell("exec <&-; echo closed; exec sleep 60", keep_stdin=True)
    runs.hear("closed")
    runs.sessions.send("r1", "the first may still be taken\n")
    deadline = time.monotonic() + 10
    while runs.sessions.send("r1", "more\n"):
        assert time.monotonic() < deadline
    assert runs.sessions.alive("r1")


def test_text_that_no_bytes_can_be_had_of_breaks_nothing(runs):
    runs.shell("cat", keep_stdin=True, stdin="a\ud800\n", last_line="\ud800")
    assert runs.sessions.send("r1", "b\udfff\udcff\n")
    runs.sessions.close_input("r1")
    runs.end()
    assert runs.said() == "a?\nb??\n"


def test_who_follows_misses_no_one_though_the_fifo_was_full(runs):
    full = os.open(runs.root / ".wake", os.O_WRONLY | os.O_NONBLOCK)
    try:
        while True:
            os.write(full, b"another\n")
    except BlockingIOError:
        os.close(full)
    runs.shell("echo news")
    runs.end()
    assert "r1" in runs.sessions.drain()


def test_a_record_that_the_program_forged_does_not_stop_the_reading(runs):
    runs.shell("read go; echo real", keep_stdin=True)
    with (runs.root / "r1" / "transcript.jsonl").open("ab") as file:
        file.write(b"{}\n" + b"x" * (3 * MIB) + b"\n")
    runs.sessions.send("r1", "go\n")
    runs.end()
    assert runs.said() == "real\n"


def test_a_program_starts_with_a_clean_slate(runs):
    runs.python(
        "import json, os\n"
        "fds = [int(fd) for fd in os.listdir('/proc/self/fd')]\n"
        "status = dict(line.split(':\\t', 1) for line in open('/proc/self/status') if ':\\t' in line)\n"
        "print(json.dumps({'fds': sorted(fds)[:-1], 'env': sorted(os.environ), "
        "'blocked': status['SigBlk'].strip(), 'group': os.getpgid(0) == os.getpid()}))",
        env={"GIVEN": "1"},
    )
    runs.end()
    assert json.loads(runs.said()) == {
        "fds": [0, 1, 2],
        "env": ["FLEET_SESSION", "GIVEN", "LC_CTYPE", "PATH"],
        "blocked": "0" * 16,
        "group": True,
    }


def test_no_signal_is_ignored_in_a_program_whatever_its_starter_ignores(runs):
    usual = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    runs.shell("grep SigIgn /proc/self/status")
    signal.signal(signal.SIGUSR1, usual)
    runs.end()
    ignored = int(runs.said().split()[1], 16)
    assert ignored & 0x7FFFFFFF == 0  # the two after these are glibc's own


def test_secrets_of_the_environment_do_not_stay_on_the_disk(runs):
    runs.shell("exec sleep 60", env={"API_KEY": "very-secret"})
    files = [path for path in (runs.root / "r1").iterdir() if path.is_file() and not path.is_fifo()]
    assert not [path.name for path in files if b"very-secret" in path.read_bytes()]
    assert not [path.name for path in files if stat.S_IMODE(path.stat().st_mode) & 0o077]
    assert stat.S_IMODE((runs.root / "r1").stat().st_mode) == 0o700


def test_orders_and_texts_come_in_again_after_somebody_has_removed_the_way(runs):
    runs.shell("while read line; do echo heard $line; done", keep_stdin=True, processes=100)
    (runs.root / "r1/control").unlink()
    assert runs.sessions.send("r1", "first\n")
    runs.hear("heard first")
    assert runs.sessions.send("r1", "second\n")
    runs.hear("heard second")
    runs.sessions.stop("r1", "enough")
    assert runs.end().reason == "enough"


def test_news_are_heard_again_after_somebody_has_removed_what_is_rung(runs):
    runs.shell("while read line; do echo heard $line; done", keep_stdin=True)
    (runs.root / ".wake").unlink()
    assert runs.sessions.mend()
    assert not runs.sessions.mend()
    runs.sessions.send("r1", "first\n")
    runs.hear("heard first")
