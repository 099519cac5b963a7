"""`fleet logs`, `attach` and `stop` on real sessions of the real scripted agent's form of output."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import fleet
from fleet.adapters.sessions.shim_sessions import ShimSessions
from fleet.model import events
from fleet.ports.session import Command
from fleet.wiring import open_sessions, open_terminal

SOURCE = str(Path(fleet.__file__).parents[1])
HELLO = '{"type": "message", "text": "hello"}'
BYE = '{"type": "message", "text": "bye"}'


@pytest.fixture
def sessions(cli) -> Iterator[ShimSessions]:
    opened = open_sessions(cli.place)
    yield opened
    for key in opened.keys():  # noqa: SIM118  # no mapping
        opened.stop(key, "the test is over")
        await_end(opened, key)
    opened.close()


def await_end(sessions: ShimSessions, key: str) -> None:
    watch = sessions.watch(key)
    if watch is not None:
        assert select.select([watch], [], [], 30)[0]
        os.close(watch)


def begin(cli, sessions: ShimSessions, script: str, *, keep_stdin: bool = False) -> None:
    """Run r1 is the developer's, and its session plays a shell script."""
    cli.story.issue()
    env = {"PATH": os.environ["PATH"]}
    command = Command(
        ("/bin/sh", "-c", script), env, str(cli.place.root), keep_stdin=keep_stdin, grace_seconds=0.2
    )
    sessions.start("r1", command)
    cli.story.start("r1")


def test_a_transcript_is_readable(cli, sessions):
    begin(cli, sessions, f"echo '{HELLO}'; echo warned >&2")
    await_end(sessions, "r1")
    lines = cli("logs", "r1").out.splitlines()
    assert sorted(line[8:] for line in lines) == ["  · warned", "  ● hello"]


def test_a_transcript_is_an_array_of_entries(cli, sessions):
    begin(cli, sessions, f"echo '{HELLO}'")
    await_end(sessions, "r1")
    entry = cli("logs", "r1", "--json").json[0]
    assert {"kind": "message", "text": "hello", "ok": True}.items() <= entry.items()


def test_a_run_that_was_not_admitted_has_no_transcript(cli):
    cli.story.issue()
    cli.story.issue("Another")
    said = cli("logs", "r2")
    assert said.code == 1
    assert "fleet why r2" in said.err


def test_following_shows_what_comes_until_the_session_ends(cli, sessions):
    begin(cli, sessions, f"echo '{HELLO}'; read -r _; echo '{BYE}'", keep_stdin=True)
    argv = [sys.executable, "-m", "fleet", "logs", "r1", "-f", "--json"]
    with subprocess.Popen(
        argv, cwd=cli.place.root, env={**os.environ, "PYTHONPATH": SOURCE}, stdout=subprocess.PIPE, text=True
    ) as logs:
        assert logs.stdout is not None
        assert json.loads(logs.stdout.readline())["text"] == "hello"
        sessions.send("r1", "go on\n")
        assert json.loads(logs.stdout.readline())["text"] == "bye"
        assert logs.stdout.read() == ""
        assert logs.wait(30) == 0


def test_attaching_without_a_terminal_follows_the_transcript(cli, sessions):
    begin(cli, sessions, f"echo '{HELLO}'")
    await_end(sessions, "r1")
    said = cli("attach", "r1")
    assert said.code == 0
    assert "● hello" in said.out
    assert "no terminal" in said.err


def test_an_ended_run_cannot_be_attached_to(cli, sessions):
    begin(cli, sessions, "true")
    await_end(sessions, "r1")
    cli.story.end("r1", code=0)
    said = cli("attach", "r1")
    assert said.code == 1
    assert "fleet logs r1" in said.err


def test_without_a_watcher_a_stopped_run_is_ended_directly(cli, sessions):
    begin(cli, sessions, "exec sleep 60")
    said = cli("stop", "r1", "--reason", "enough", "--json")
    assert said.json["session_told"] is True
    await_end(sessions, "r1")
    ended = sessions.exit("r1")
    assert ended is not None
    assert ended.reason == "person"
    event = cli.newest(events.RUN_STOP_ASKED)
    assert (event.data["reason"], event.data["actor"], event.data["kind"]) == ("enough", "user/mia", "person")
    assert cli("stop", "r1").code == 1


def test_attaching_shows_the_runs_screen_and_leaving_does_nothing_to_it(
    cli, sessions, need, tmp_path, monkeypatch
):
    need("tmux")
    monkeypatch.setenv("TMUX_TMPDIR", str(tmp_path))
    begin(cli, sessions, "exec sleep 60")
    screen = cli.place.runs / "r1" / "screen.txt"
    screen.write_text("12:00:00  ● hello\n")
    terminal = open_terminal(cli.place, "shop")
    terminal.open("r1", "developer", screen, sessions.start("r1", Command(("true",), {}, "/")).pid)
    person, tty = os.openpty()
    env = {**os.environ, "PYTHONPATH": SOURCE, "TERM": "xterm", "LC_ALL": "C.UTF-8"}
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "fleet", "attach", "r1"],
            cwd=cli.place.root,
            env=env,
            stdin=tty,
            stdout=tty,
            stderr=tty,
            start_new_session=True,
        ) as attached:
            os.close(tty)
            shown = b""
            while b"hello" not in shown:
                assert select.select([person], [], [], 30)[0], shown
                shown += os.read(person, 65536)
            os.write(person, b"q")
            while select.select([person], [], [], 30)[0]:  # what is not read would hold it up
                try:
                    if not os.read(person, 65536):
                        break
                except OSError:  # so a terminal tells that nobody is at its other end
                    break
            assert attached.wait(30) == 0
        assert sessions.alive("r1")
    finally:
        os.close(person)
        terminal.close("r1")
