"""Fleet from its command line, as processes of their own, and a look at what they leave behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

FLEET = (sys.executable, "-P", "-m", "fleet")


class Desk:
    """A person's place: a home, a folder for temporary files, an environment, and the command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scratch = folder / "tmp"
        home = folder / "home"
        for made in (self.scratch, home):
            made.mkdir()
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "LC_ALL")}
        # Whatever is started here has this folder in its environment: that is how it is found again.
        self.env = kept | {"HOME": str(home), "TMPDIR": str(self.scratch), "LOGNAME": "ann", "TERM": "xterm"}
        (home / ".gitconfig").write_text("[user]\n\tname = Ann\n\temail = ann@example.org\n")

    def start(self, *words: str, cwd: Path | None = None, **more: Any) -> subprocess.Popen[str]:
        given = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "text": True,
        }
        return subprocess.Popen([*FLEET, *words], cwd=cwd or self.folder, env=self.env, **{**given, **more})

    def fleet(
        self, *words: str, cwd: Path | None = None, seconds: float = 60
    ) -> subprocess.CompletedProcess[str]:
        process = self.start(*words, cwd=cwd)
        try:
            said, complained = process.communicate(timeout=seconds)
        finally:
            process.kill()
        return subprocess.CompletedProcess(process.args, process.returncode, said, complained)

    def json(self, *words: str, cwd: Path | None = None) -> Any:
        done = self.fleet(*words, "--json", cwd=cwd)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def git(self, root: Path, *words: str) -> str:
        done = subprocess.run(["git", *words], cwd=root, env=self.env, check=True, capture_output=True)
        return done.stdout.decode(errors="replace").strip()

    def processes(self) -> dict[int, str]:
        """Processes that were started from here and live, with their command lines."""
        found = {}
        for each in Path("/proc").iterdir():
            if not each.name.isdigit():
                continue
            try:
                words = (each / "cmdline").read_bytes().replace(b"\0", b" ")
                about = words + (each / "environ").read_bytes()
            except OSError:
                continue
            if words and os.fsencode(self.folder) in about:
                found[int(each.name)] = words.decode(errors="replace")
        return found

    def left(self, seconds: float = 0) -> tuple[dict[int, str], list[str]]:
        """Processes and scratch files that are there, after at most so long for them to go."""
        until = time.monotonic() + seconds
        while True:
            found = self.processes(), sorted(path.name for path in self.scratch.glob("fleet-demo-*"))
            if not any(found) or time.monotonic() > until:
                return found
            time.sleep(0.05)

    def end_all(self) -> None:
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.end_all()
