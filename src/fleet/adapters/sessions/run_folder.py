"""The folder of one run: what the starter puts there for the shim, and what the shim leaves there for all.

lock              held while the session is being started, by the starter and then by its shim
launch            what to exec, NUL-separated; the shim removes it, as it holds the environment
command.json      everything else about the run
session.json      who the shim and its child are: there from just before the program runs
control, inbox/   orders to the shim; texts for the program's stdin
told/             the names of those texts that the shim has taken
transcript.jsonl  what was said, with times
exit.json         how it ended
shim.log          what the shim itself had to complain about
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fleet.adapters.sessions.processes import MARK, Identity
from fleet.model.errors import Permanent
from fleet.ports.session import Command, Exit, Record

READ_BYTES = 1 << 20
"""How much of a transcript is read at once; its longest line is less than half of this."""

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


@dataclass(frozen=True, slots=True)
class Session:
    """What `session.json` says. `started` is in ms since the epoch. An unreadable one has no boot."""

    shim: Identity
    child: Identity
    boot: str
    started: int


class RunFolder:
    """The files of one key below `root`."""

    def __init__(self, root: Path, key: str) -> None:
        if not _KEY.fullmatch(key):
            raise Permanent(
                f"{key!r} cannot name a session",
                why="a key is letters, digits, - and _",
                do="use the run's id",
            )
        self.key = key
        self.path = root / key

    @contextmanager
    def starting(self) -> Iterator[int]:
        """Hold the lock on starting this key; gives its descriptor. Waits for its starter, or its shim.

        It is let go by closing, not by unlocking: a shim that has inherited it goes on holding it.
        """
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        fd = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield fd
        finally:
            os.close(fd)

    def prepare(self, command: Command, wake: Path, max_bytes: int) -> None:
        """Write everything the shim needs, over what an earlier start left that never got to its program.

        Raises Permanent for a command that no system can run.
        """
        mark = f"{self.key}.{secrets.token_hex(8)}"
        environment = {**command.env, MARK: mark}
        fields = [
            command.cwd,
            str(len(command.argv)),
            *command.argv,
            *(f"{k}={v}" for k, v in environment.items()),
        ]
        if (
            not (command.argv and command.argv[0])
            or any("\0" in field for field in fields)
            or any("=" in name or not name for name in command.env)
        ):
            raise Permanent(
                "the command cannot be run",
                why="it is empty, has a NUL, or a variable's name is empty or has a =",
            )
        self._write("launch", b"".join(encoded(field) + b"\0" for field in fields))
        about = {
            "key": self.key,
            "argv": command.argv,
            "cwd": command.cwd,
            "mark": mark,
            "stdin": decoded(encoded(command.stdin)),
            "keep_stdin": command.keep_stdin,
            "last_line": decoded(encoded(command.last_line)),
            "seconds": command.seconds,
            "signals_from": command.signals_from,
            "processes": command.processes,
            "grace": command.grace_seconds,
            "wake": str(wake),
            "gateway": command.gateway if command.door >= 0 else "",
            "max_bytes": max_bytes,
        }
        self._write("command.json", json.dumps(about).encode())
        if not (self.path / "control").exists():
            os.mkfifo(self.path / "control", 0o600)
        shutil.rmtree(self.path / "inbox", ignore_errors=True)
        if command.keep_stdin:
            (self.path / "inbox").mkdir(mode=0o700)
            (self.path / "told").mkdir(mode=0o700, exist_ok=True)

    def session(self) -> Session | None:
        """Who runs it, None when it never got as far as running anything."""
        try:
            text = (self.path / "session.json").read_bytes()
        except FileNotFoundError:
            return None
        try:
            found = json.loads(text)
            shim, child = (
                Identity(int(found[who]["pid"]), str(found[who]["start"])) for who in ("shim", "child")
            )
            return Session(shim, child, str(found["boot"]), int(found["started"]))
        except (ValueError, KeyError, TypeError):
            # It is moved in place whole, so only a machine that lost its power can have left this.
            return Session(Identity(0, ""), Identity(0, ""), "", 0)

    def mark(self) -> str:
        """The session's mark, "" when it cannot be told any more."""
        try:
            return str(json.loads((self.path / "command.json").read_bytes())["mark"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def exit(self) -> Exit | None:
        """The exit record, None while there is none (or none that is whole)."""
        try:
            return Exit(**json.loads((self.path / "exit.json").read_bytes()))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def write_exit(self, record: Exit) -> Exit:
        """Leave an exit record for a shim that could not; of two who do so one wins. Returns what holds."""
        mine = self.path / f"exit.{os.getpid()}.{secrets.token_hex(4)}"
        try:
            (self.path / "exit.tmp").rename(mine)  # the room the shim took for it: the disk may be full
        except FileNotFoundError:
            pass  # another one has it, and may have died with it
        try:
            with open(mine, "r+b" if mine.exists() else "xb", opener=_private) as file:
                file.write(json.dumps(asdict(record)).encode())
            os.link(mine, self.path / "exit.json")
        except FileExistsError:
            if self.exit() is None:  # it is there and unreadable: see session()
                mine.replace(self.path / "exit.json")
        finally:
            mine.unlink(missing_ok=True)
        (self.path / "launch").unlink(missing_ok=True)  # a shim that was killed early may have left it
        shutil.rmtree(self.path / "inbox", ignore_errors=True)  # nobody is told anything any more
        return self.exit() or record

    def read(self, offset: int) -> tuple[list[Record], int]:
        """The complete records from `offset` on, at most READ_BYTES of them, and the offset after them."""
        try:
            with (self.path / "transcript.jsonl").open("rb") as file:
                file.seek(offset)
                data = file.read(READ_BYTES)
        except FileNotFoundError:
            return [], offset
        whole = data[: data.rfind(b"\n") + 1]
        if not whole and len(data) == READ_BYTES:
            whole = data  # no shim wrote that: go on behind it rather than stand here for ever
        return [_record(line) for line in whole.splitlines()], offset + len(whole)

    def said_at(self) -> int:
        """When something was last recorded of it (ms since the epoch), 0 when nothing was."""
        try:
            return (self.path / "transcript.jsonl").stat().st_mtime_ns // 1_000_000
        except FileNotFoundError:
            return 0

    def order(self, **order: Any) -> bool:
        """Write an order into the control FIFO; False when no shim reads it, or it reads no more."""
        try:
            fd = os.open(self.path / "control", os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return False
        try:
            os.write(fd, json.dumps(order).encode() + b"\n")  # below PIPE_BUF: never mixed with another's
        except (BlockingIOError, BrokenPipeError):
            return False
        finally:
            os.close(fd)
        return True

    def put(self, name: str, text: str) -> bool:
        """Move a text into the inbox; False when the shim takes no more (it removes the folder then)."""
        temporary = self.path / f"text.{name}"
        try:
            self._write(temporary.name, encoded(text))
            temporary.rename(self.path / "inbox" / name)
        except FileNotFoundError:
            return False
        finally:
            temporary.unlink(missing_ok=True)
        return True

    def has_text(self, end: str) -> bool:
        """Whether a text whose name ends like this was put into the inbox, taken since or not."""
        for folder in ("inbox", "told"):  # in the order in which it moves
            try:
                if any(path.name.endswith(end) for path in (self.path / folder).iterdir()):
                    return True
            except FileNotFoundError:
                continue
        return False

    def _write(self, name: str, data: bytes) -> None:
        with open(self.path / name, "wb", opener=_private) as file:
            file.write(data)


def encoded(text: str) -> bytes:
    """The bytes that `text` stands for. Surrogates that stand for no byte, which JSON from outside may bring,
    become question marks.
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def decoded(data: bytes) -> str:
    """The text that stands for these bytes."""
    return data.decode("utf-8", "surrogateescape")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def record_of(line: bytes) -> Record | None:
    """The record in this line, None where there is none."""
    try:
        found = json.loads(line)
        return Record(int(found["t"]), found["s"], found["d"], bool(found["nl"]))
    except (ValueError, KeyError, TypeError):
        return None


def _record(line: bytes) -> Record:
    # The program has the same user and could write here: what it breaks is shown, not believed.
    return record_of(line) or Record(0, "shim", "a record that cannot be read", True)
