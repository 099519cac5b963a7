"""Terminals in tmux: a session per run, on a server of the project's own.

A session runs `tail -F` on the transcript and ends with it. So tmux can be killed at any time without harm,
no session outlives its run, and neither the user's tmux nor its configuration is touched.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import socket
import stat
import subprocess
import time
from collections.abc import Collection, Sequence
from hashlib import sha256
from pathlib import Path

from fleet.model.errors import Temporary

_SECONDS = 10
_TITLE = 60  # characters
_GONE_SECONDS = 2.0  # for a server that was told to end
_OLD_SECONDS = 3600
_PASSED_ON = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "LC_CTYPE", "TMUX_TMPDIR")
_GOING = ("server exited", "lost server")
"""What a client says whose server was just ending, as its last session had ended."""

_LOOK = (
    ("set-option", "-g", "history-limit", "20000"),  # lines; room is taken as they come
    ("set-option", "-g", "mouse", "on"),  # the wheel scrolls
    ("set-option", "-g", "status-left-length", "40"),
    ("set-option", "-g", "status-right", "q leaves, the run goes on"),
    ("bind-key", "-n", "q", "detach-client"),
    ("bind-key", "-n", "C-c", "detach-client"),  # what people press to leave must not end the showing
    ("bind-key", "-n", "PPage", "copy-mode", "-eu"),
)


class TmuxTerminal:
    """Sessions named `fleet-<project>-<key>` on the tmux server `fleet-<digest>`.

    `digest` tells projects apart: some hex digits of the hash of the root's path.
    """

    def __init__(self, project: str, digest: str) -> None:
        self._project = project
        self._server = f"fleet-{_plain(digest)}"

    def available(self) -> bool:
        """Whether there is a tmux, and a tail to run in it."""
        return shutil.which("tmux") is not None and shutil.which("tail") is not None

    def open(self, key: str, title: str, screen: Path, pid: int) -> None:
        """See the port."""
        try:
            screen.touch(mode=0o600)
        except OSError as error:
            raise Temporary(f"run {key} has nothing to show", why=str(error)) from error
        shown = [
            "tail",
            "-n",
            "+1",
            *([f"--pid={pid}"] if _tail_can_await() else []),
            "-F",
            str(screen.absolute()),
        ]
        # With more than one word tmux runs a command without a shell. What it takes itself (names, the
        # folder) it reads as a format, in which #(…) is a shell command: hence the plain names.
        session = ("new-session", "-d", "-s", self._name(key), "-n", _shown(title), "-c", "/", "--", *shown)
        words = ["start-server", *(word for line in (*_LOOK, session) for word in (";", *line))]
        done = self._tmux(*words)
        if done.stderr.startswith(_GOING):
            done = self._tmux(*words)
        if done.returncode != 0 and "duplicate session" not in done.stderr:
            raise Temporary(f"run {key} has no terminal", why=done.stderr.strip() or "tmux says nothing")

    def close(self, key: str) -> None:
        """See the port."""
        self._tmux("kill-session", "-t", f"={self._name(key)}")

    def clear(self, live: Collection[str]) -> None:
        """See the port. A tmux that ends leaves its socket's file, and one that was killed does too."""
        kept = {self._name(key) for key in live}
        shown = self._tmux("list-sessions", "-F", "#{session_name}").stdout.split()
        for name in shown:
            if name not in kept:
                self._tmux("kill-session", "-t", f"={name}")
        until = time.monotonic() + (_GONE_SECONDS if shown and not kept.intersection(shown) else 0)
        while not _swept(_sockets(), self._server) and time.monotonic() < until:
            time.sleep(0.02)  # the server ends by itself a moment after its last session

    def attach_command(self, key: str) -> list[str] | None:
        """See the port. It works from inside another tmux too."""
        if self._tmux("has-session", "-t", f"={self._name(key)}").returncode != 0:
            return None
        return ["env", "-u", "TMUX", *self._argv("-u", "attach-session", "-t", f"={self._name(key)}")]

    def _name(self, key: str) -> str:
        return f"fleet-{_plain(self._project)}-{_plain(key)}"

    def _argv(self, *words: str) -> list[str]:
        return ["tmux", "-L", self._server, "-f", os.devnull, *words]

    def _tmux(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        argv = self._argv(*words)
        try:
            return subprocess.run(
                argv,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=_SECONDS,
                check=False,
            )
        except FileNotFoundError:
            return subprocess.CompletedProcess(argv, 127, "", "there is no tmux any more")
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(argv, 1, "", f"tmux has not answered within {_SECONDS} s")


def hosted(digest: str, name: str, program: Sequence[str], folder: Path) -> tuple[str, ...] | None:
    """A person's own program in a session of a tmux server for it alone, with the person's configuration; the
    same words come back to it after a line broke. None where there is no tmux.
    """
    if shutil.which("tmux") is None:
        return None
    server = f"fleet-{_plain(digest)}-{_plain(name)}"
    where = str(folder).replace("#", "##")  # tmux reads it as a format
    session = ("new-session", "-A", "-s", _plain(name), "-c", where, "--", *program)
    return ("env", "-u", "TMUX", "tmux", "-L", server, *session)


def _sockets() -> Path:
    """The folder in which tmux keeps the sockets of this user's servers."""
    return Path(os.environ.get("TMUX_TMPDIR") or "/tmp") / f"tmux-{os.getuid()}"  # noqa: S108  # as tmux does


def _swept(folder: Path, server: str) -> bool:
    """Remove the sockets of this server, and of those that a person had beside it, where nobody listens; of
    other projects, which may be gone for good, only old ones. Whether the server's own is gone.
    """
    for path in folder.glob("fleet-*"):
        try:
            about = path.lstat()
            if not path.name.startswith(server) and time.time() - about.st_mtime < _OLD_SECONDS:
                continue  # another watcher may be making it
            if stat.S_ISSOCK(about.st_mode) and not _listens(path):
                path.unlink()
        except OSError:
            continue  # another's, or gone meanwhile
    return not os.path.lexists(folder / server)


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
        asked.settimeout(1)
        try:
            asked.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True  # it is too busy to answer
        return True


def _plain(name: str) -> str:
    """A name that means nothing to tmux; different ones stay different."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "-", name)[:100]
    return plain if plain == name else f"{plain[:60]}-{sha256(name.encode(errors='replace')).hexdigest()[:8]}"


def _shown(title: str) -> str:
    """A title as people may see it: no control characters, nothing that is a format or separator to tmux."""
    plain = "".join(sign if sign.isprintable() and sign not in "#;" else " " for sign in title)
    return " ".join(plain.split()).lstrip("-")[:_TITLE] or "run"


@functools.cache
def _tail_can_await() -> bool:
    """Whether this tail ends with a process (GNU's does; those of macOS and BusyBox do not)."""
    probe = ["tail", f"--pid={os.getpid()}", "-n", "0", os.devnull]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0
