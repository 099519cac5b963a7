"""A tmux server of the test's own."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator

import pytest

from fleet.adapters.terminals.tmux import TmuxTerminal


class Stage:
    """A terminal, a transcript, and a process that stands for a shim."""

    def __init__(self, folder, monkeypatch) -> None:
        self.folder = folder
        monkeypatch.setenv("TMUX_TMPDIR", str(folder))
        self.digest = secrets.token_hex(4)
        self.terminal = TmuxTerminal("shop", self.digest)
        self.screen = folder / "screen.txt"
        self.shim = subprocess.Popen(["sleep", "60"])

    def open(self, key="r7", title="developer: implement") -> None:
        self.terminal.open(key, title, self.screen, self.shim.pid)

    def tmux(self, *words: str) -> str:
        argv = ["tmux", "-L", f"fleet-{self.digest}", *words]
        return subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip()

    def sessions(self) -> list[str]:
        return self.tmux("list-sessions", "-F", "#{session_name}").split()

    def shown(self, key="r7") -> str:
        return self.tmux("capture-pane", "-p", "-t", f"=fleet-shop-{key}:")

    def server(self) -> int:
        return int(self.tmux("display-message", "-p", "#{pid}"))


@pytest.fixture
def stage(tmp_path_factory, monkeypatch, need) -> Iterator[Stage]:
    need("tmux")
    stage = Stage(tmp_path_factory.mktemp("t"), monkeypatch)
    yield stage
    stage.shim.kill()
    stage.shim.wait()
    stage.tmux("kill-server")
