"""Real tmux shows a run, and does nothing to it."""

from __future__ import annotations

import os
import pty
import select
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fleet.adapters.terminals.none import NoTerminal
from fleet.adapters.terminals.tmux import TmuxTerminal
from fleet.model.errors import Temporary
from fleet.ports.terminal import Terminal


def until(happened, seconds=15.0) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.01)


def test_both_are_terminals():
    assert isinstance(TmuxTerminal("shop", "0" * 8), Terminal)
    assert isinstance(NoTerminal(), Terminal)


def test_without_tmux_there_is_nothing_to_attach_to(tmp_path):
    terminal = NoTerminal()
    terminal.open("r7", "title", tmp_path / "screen.txt", os.getpid())
    assert terminal.available()
    assert terminal.attach_command("r7") is None
    terminal.close("r7")


def test_tmux_that_is_not_there_is_not_available(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    terminal = TmuxTerminal("shop", "0" * 8)
    assert not terminal.available()
    assert terminal.attach_command("r7") is None


def test_it_shows_what_was_written_before_and_what_comes(stage):
    stage.screen.write_text("first\n")
    stage.open()
    until(lambda: "first" in stage.shown())
    with stage.screen.open("a") as file:
        file.write("second\n")
    until(lambda: stage.shown().split() == ["first", "second"])


def test_a_transcript_that_does_not_exist_yet_is_waited_for(stage):
    stage.open()
    stage.screen.write_text("now it does\n")
    until(lambda: stage.shown() == "now it does")


def test_opening_again_changes_nothing(stage):
    stage.open()
    before = stage.tmux("list-panes", "-a", "-F", "#{pane_pid}")
    stage.open()
    assert stage.tmux("list-panes", "-a", "-F", "#{pane_pid}") == before
    assert stage.sessions() == ["fleet-shop-r7"]


def test_many_opened_at_once_are_all_there(stage):
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(stage.open, [f"r{n}" for n in range(6)]))
    assert sorted(stage.sessions()) == [f"fleet-shop-r{n}" for n in range(6)]


def test_it_ends_with_the_shim_and_the_server_with_the_last_of_them(stage):
    stage.open()
    server = stage.server()
    stage.shim.kill()
    stage.shim.wait()
    until(lambda: not Path(f"/proc/{server}").exists())
    assert stage.terminal.attach_command("r7") is None


def test_killing_tmux_harms_no_run_and_it_can_be_opened_again(stage):
    stage.screen.write_text("still here\n")
    stage.open()
    server = stage.server()
    os.kill(server, signal.SIGKILL)
    until(lambda: not Path(f"/proc/{server}").exists())
    assert stage.shim.poll() is None
    assert stage.terminal.attach_command("r7") is None
    stage.open()
    until(lambda: stage.shown() == "still here")


def test_closing_ends_it_and_closing_again_is_no_error(stage):
    stage.open("r7")
    stage.open("r77")
    stage.terminal.close("r7")
    stage.terminal.close("r7")
    assert stage.sessions() == ["fleet-shop-r77"]
    assert stage.terminal.attach_command("r7") is None


def test_clearing_ends_what_shows_nothing_alive_and_leaves_no_socket(stage):
    stage.open("r7")
    stage.open("r77")
    stage.terminal.clear(["r77"])
    assert stage.sessions() == ["fleet-shop-r77"]
    stage.terminal.clear([])
    assert list(stage.folder.glob("tmux-*/fleet-*")) == []


def test_clearing_takes_away_the_socket_of_a_server_that_was_killed(stage):
    stage.open()
    server = stage.server()
    os.kill(server, signal.SIGKILL)
    until(lambda: not Path(f"/proc/{server}").exists())
    stage.terminal.clear(["r7"])
    assert list(stage.folder.glob("tmux-*/fleet-*")) == []


def test_clearing_takes_away_old_sockets_of_other_projects_at_which_nobody_listens(stage):
    stage.open()
    folder = next(stage.folder.glob("tmux-*"))
    bound = [socket.socket(socket.AF_UNIX) for _ in range(3)]
    for name, each in zip(("fleet-0ldgone", "fleet-0ldlives", "fleet-newgone"), bound, strict=True):
        each.bind(str(folder / name))
        os.utime(folder / name, (0, 0) if "0ld" in name else None)
    bound[1].listen()
    stage.terminal.clear([])
    assert sorted(path.name for path in folder.glob("fleet-*")) == ["fleet-0ldlives", "fleet-newgone"]
    for each in bound:
        each.close()


def test_names_and_titles_from_outside_are_not_obeyed(stage):
    evil = f"#(touch {stage.folder}/obeyed) $(touch {stage.folder}/obeyed) #{{pid}};"
    terminal = TmuxTerminal(evil, stage.digest)
    screen = stage.folder / "a #(touch obeyed) ; $(b)" / "screen.txt"
    screen.parent.mkdir()
    screen.write_text("shown\n")
    terminal.open(evil, f"-\033]0;x\a{evil}", screen, stage.shim.pid)
    argv = terminal.attach_command(evil)
    assert argv is not None
    name = argv[-1].removeprefix("=")
    assert stage.sessions() == [name]
    until(lambda: stage.tmux("capture-pane", "-p", "-t", f"={name}:") == "shown")
    title = stage.tmux("list-windows", "-a", "-F", "#{window_name}")
    assert title.startswith("]0 x (touch")
    assert not (stage.folder / "obeyed").exists()


def test_names_that_differ_only_in_what_is_cleaned_stay_apart(stage):
    for key in ("a.b", "a:b", "a b"):
        stage.open(key)
    assert len(stage.sessions()) == 3


def test_the_users_own_configuration_is_not_read(stage, monkeypatch):
    home = stage.folder / "home"
    home.mkdir()
    (home / ".tmux.conf").write_text("set -g remain-on-exit on\nset -g default-command false\n")
    monkeypatch.setenv("HOME", str(home))
    stage.screen.write_text("shown\n")
    stage.open()
    until(lambda: stage.shown() == "shown")
    assert stage.tmux("show-options", "-gv", "remain-on-exit") == "off"


@pytest.mark.parametrize("leave", [b"q", b"\x03"], ids=["q", "ctrl-c"])
def test_a_person_attaches_from_inside_another_tmux_sees_it_and_leaves(stage, leave):
    stage.screen.write_text("hello person\n")
    stage.open()
    ours, theirs = pty.openpty()
    argv = stage.terminal.attach_command("r7")
    assert argv is not None
    environment = {**os.environ, "TERM": "xterm", "TMUX": "/tmp/other,1,0"}
    with subprocess.Popen(
        argv, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    ) as person:
        os.close(theirs)
        assert b"hello person" in read_until(ours, b"hello person")
        os.write(ours, leave)
        read_until(ours, b"[detached")
        assert person.wait(10) == 0
    os.close(ours)
    assert stage.terminal.attach_command("r7") is not None


def read_until(fd: int, words: bytes) -> bytes:
    seen = b""
    while words not in seen:
        assert select.select([fd], [], [], 10)[0], seen
        seen += os.read(fd, 65536)
    return seen


def test_a_transcript_that_cannot_be_made_is_an_error_that_may_pass(stage):
    with pytest.raises(Temporary):
        stage.terminal.open("r7", "title", stage.folder / "missing" / "screen.txt", stage.shim.pid)
