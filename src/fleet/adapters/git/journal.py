"""What a merge is about to do to the user's checkouts, written down before it is done.

One merge at a time holds the repository. Whoever comes next and finds a plan knows that its maker was killed,
and ends what it began (advance.py).
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fleet.adapters.git.command import GitBusy
from fleet.adapters.git.scratch import made_name, remove_tree, sweep
from fleet.model.errors import Permanent

# Longer than git may take for anything, which keeps the repository held when its starter was killed.
_PATIENCE_S = 150.0

# How a file is known again without reading it: inode, size, time of change in ns, mode.
Mark = tuple[int, int, int, int]


def mark(path: Path) -> Mark | None:
    """The mark of the file (or link, itself) at `path`; None when there is none, or a directory."""
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISDIR(found.st_mode):
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_mode


@dataclass(frozen=True, slots=True)
class Move:
    """One file that a merge changes: its marks `before` and `after` (None: not there)."""

    path: str
    before: Mark | None
    after: Mark | None


@dataclass(frozen=True, slots=True)
class Part:
    """What is to happen in one checkout.

    `stage` is a directory on its file system: `new/` holds the files to come, `old/<number of the move>`
    those that were, `index` the index to come. `index` is the mark of the present one, `submodules` the
    directories to make.
    """

    git_dir: Path
    work_tree: Path
    stage: Path
    index: Mark | None = None
    moves: tuple[Move, ...] = ()
    submodules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A move of the branch `ref` from commit `old` to `new`, with the checkouts that follow it."""

    ref: str
    old: str
    new: str
    parts: tuple[Part, ...]


@contextmanager
def holding(git_dir: Path) -> Iterator[int]:
    """Hold the repository, for one merge at a time; whoever else does is waited for.

    Gives the descriptor that the lock hangs on: a git that inherits it holds on until it has ended. Raises
    GitBusy after some minutes.
    """
    handle = os.open(git_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        until = time.monotonic() + _PATIENCE_S
        while not _locked(handle):
            if time.monotonic() > until:
                raise GitBusy("the repository is held by another merge", why="it did not end")
            time.sleep(0.01)
        yield handle
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Journal:
    """The plan of the merge that is under way, in `<scratch>/merge`, with the files it works on."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.home = scratch / "merge"
        self._file = self.home / "plan.json"

    def write(self, plan: Plan) -> None:
        """Put the plan down; it is on the disk when this returns."""
        self.home.mkdir(parents=True, exist_ok=True)
        draft = self.home / "plan.draft"
        with draft.open("w") as file:
            json.dump(asdict(plan), file, default=str)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._file)
        for folder in (self.home, self.scratch):
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def read(self) -> tuple[Plan, float] | None:
        """The plan that was left, and when it was written (seconds since the epoch). Raises Permanent when it
        cannot be understood.
        """
        try:
            text, when = self._file.read_text(), self._file.stat().st_mtime
        except FileNotFoundError:
            return None
        try:
            found = json.loads(text)
            parts = tuple(_part(part) for part in found.pop("parts"))
            return Plan(**found, parts=parts), when
        except (ValueError, TypeError, KeyError) as error:
            raise Permanent(
                "cannot finish the merge that was cut off", why=f"{self._file} is damaged: {error}"
            ) from error

    def clear(self) -> None:
        """Forget the plan and its files, at once; what a killed process has left of others goes too."""
        trash = self.scratch / made_name()
        try:
            self.home.rename(trash)
        except FileNotFoundError:
            pass
        else:
            remove_tree(trash)
        if self.scratch.is_dir():
            sweep(self.scratch)


def _part(found: dict[str, Any]) -> Part:
    return Part(
        git_dir=Path(found["git_dir"]),
        work_tree=Path(found["work_tree"]),
        stage=Path(found["stage"]),
        index=_mark(found["index"]),
        moves=tuple(
            Move(move["path"], _mark(move["before"]), _mark(move["after"])) for move in found["moves"]
        ),
        submodules=tuple(found["submodules"]),
    )


def _mark(found: list[int] | None) -> Mark | None:
    if found is None:
        return None
    inode, size, when, mode = found
    return inode, size, when, mode
