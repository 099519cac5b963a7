"""`fleet demo` as a person meets it: in a pipe, for machines, on their repository, on a terminal, ended."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

NOTHING = ({}, [])


@pytest.fixture
def guest(tmp_path: Path) -> Path:
    """Somebody's repository: a folder and a module that are named like ours, odd names, uncommitted work."""
    root = tmp_path / "their own (repo)"
    (root / "fleet").mkdir(parents=True)
    (root / "fleet" / "__init__.py").write_text("raise SystemExit('not the right fleet')\n")
    (root / "typing.py").write_text("raise SystemExit('not the right typing')\n")
    (root / "Makefile").write_text("all:\n\ttrue\n")
    (root / 'ü "odd"\tname.txt').write_text("no line end")
    (root / "README").write_bytes(b"Gr\xfc\xdfe in Latin-1")
    (root / "fleet.yaml").write_text("version: 1\n")
    run = ["git", "-c", "user.name=Bo", "-c", "user.email=bo@example.org"]
    for words in (["init", "-q", "-b", "trunk"], ["add", "-A"], ["commit", "-qm", "Theirs"]):
        subprocess.run([*run, *words], cwd=root, check=True)
    (root / "Makefile").write_text("all:\n\tfalse\n")
    return root


def snapshot(root: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_it_tells_the_whole_story_and_leaves_nothing(desk):
    began = time.monotonic()
    done = desk.fleet("demo", seconds=60)
    took = time.monotonic() - began
    assert done.returncode == 0, done.stdout + done.stderr
    assert desk.left() == NOTHING
    assert took < 60
    for told in (
        "tech-lead asks for changes in #1",
        "#1 goes back to its author, round 2",
        "researcher was stopped on #4: its ceiling of 2 s was reached",
        "approved a2 — the demo, as nobody was there to ask",
        "accepted in round 2, as tech-lead had sent it back",
        "approved by user/ann, since its risk is",
        "Lock an account after five wrong passwords",
        "The log holds:",
    ):
        assert told in done.stdout
    assert "NO " not in done.stdout
    assert done.stderr == ""


def test_it_plays_on_a_clone_that_is_kept_and_touches_nothing_of_the_repository(desk, guest):
    before = snapshot(guest)
    done = desk.fleet("demo", "--repo", str(guest), "--keep", "--json", seconds=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert snapshot(guest) == before
    assert desk.processes() == {}
    found = json.loads(done.stdout)
    assert found["ok"]
    assert found["base"] == "trunk"
    assert [each["outcome"] for each in found["issues"]] == ["merged", "merged", "merged", "rejected"]
    assert [each["rounds"] for each in found["issues"]] == [2, 1, 1, 1]
    assert found["issues"][2]["approved_by"] == ["user/ann"]
    assert "ceiling" in found["issues"][3]["reason"]
    assert [each for each in found["promises"] if not each["kept"]] == []
    assert sum(each["runs"] for each in found["agents"]) == 16
    assert all(each["cost"] > 0 and each["tokens"] > 0 for each in found["agents"])
    assert found["audit"]["ok"]
    kept = Path(found["folder"])
    assert kept.is_relative_to(desk.scratch)
    assert desk.json("audit", "verify", cwd=kept)["ok"]
    assert desk.json("status", cwd=kept)["approvals"] == []
    assert desk.git(kept, "show", "HEAD:README").endswith("a fleet of agents.")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda root: None, "no folder"),
        (lambda root: root.mkdir(), "no git repository"),
        (lambda root: subprocess.run(["git", "init", "-q", root], check=True), "has no commit yet"),
    ],
    ids=["missing", "no repository", "no commit"],
)
def test_it_says_what_it_can_not_play_on(desk, tmp_path, make, said):
    make(tmp_path / "theirs")
    done = desk.fleet("demo", "--repo", str(tmp_path / "theirs"))
    assert done.returncode == 2
    assert said in done.stderr
    assert desk.left() == NOTHING


def test_it_says_how_to_get_a_harness_that_is_missing(desk, tmp_path):
    desk.env["PATH"] = str(tmp_path)
    done = desk.fleet("demo", "--harness", "claude-code")
    assert done.returncode == 1
    assert "no claude on PATH" in done.stderr
    assert "npm install" in done.stderr


class Terminal:
    """A pseudo-terminal of 80 by 24 with somebody who reads and types."""

    def __init__(self, desk, *words: str) -> None:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.fd = ours
        self.seen = ""
        self.process = desk.start(
            *words, stdin=theirs, stdout=theirs, stderr=theirs, text=False, start_new_session=True
        )
        os.close(theirs)

    def read_until(self, words: str, seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while words not in self.seen:
            ready, _, _ = select.select([self.fd], [], [], max(0, until - time.monotonic()))
            assert ready, f"{words!r} was not said; the last: {self.seen[-2000:]}"
            self.seen += self._read()

    def type(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def end(self, seconds: float = 60) -> int:
        until = time.monotonic() + seconds
        while select.select([self.fd], [], [], max(0, until - time.monotonic()))[0]:
            piece = self._read()
            self.seen += piece
            if not piece:
                break
        os.close(self.fd)
        return self.process.wait(10)

    def _read(self) -> str:
        try:
            return os.read(self.fd, 65536).decode(errors="replace")
        except OSError:  # the other side has been closed
            return ""


def test_on_a_terminal_it_asks_and_the_answer_counts(desk):
    terminal = Terminal(desk, "demo")
    terminal.read_until("Shall it be merged?")
    for shown in ("authentication", "risk.score >= 60"):
        assert shown in terminal.seen
    terminal.type("n\n")
    assert terminal.end() == 0
    ending = terminal.seen[terminal.seen.index("What came of the issues") :]
    assert "#3  rejected" in ending.replace("\x1b[33m", "")
    assert "\x1b[?25h" in terminal.seen  # the cursor is back
    assert desk.left() == NOTHING


def test_on_a_terminal_with_yes_it_does_not_ask(desk):
    terminal = Terminal(desk, "demo", "--yes")
    assert terminal.end() == 0
    assert "Shall it be merged?" not in terminal.seen


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda each: each.name
)
def test_ended_in_the_middle_it_leaves_nothing(desk, number):
    with desk.start("demo") as process:
        assert any("takes on #1" in line for line in process.stdout)
        process.send_signal(number)
        code = process.wait(30)
    assert code == (128 + number if number != signal.SIGKILL else -number)
    # Where it was killed, its minder and the terminals of its agents need a moment.
    assert desk.left(seconds=15 if number == signal.SIGKILL else 0) == NOTHING
