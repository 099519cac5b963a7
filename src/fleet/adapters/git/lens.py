"""A lens: a throwaway repository through which git looks at an agent's commits without obeying the agent.

It has a configuration of ours and the agent's *objects*, nothing else of its `.git`: no config, hooks,
attributes, refs, index, alternates or replacements. The object files are hard-linked in one by one (copied
across file systems), regular files only, so a link in the agent's object store cannot bring in another
repository that the agent itself may not read. The rest comes from the project's repository, as alternates.

This is why commits are not fetched: `git fetch <workspace>` would run upload-pack *in* the agent's
repository, under its configuration, its alternates and its idea of where its objects are. And objects are not
trusted for being named by their hash: whoever takes some in (take.py) hashes and checks them anew.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fleet.adapters.git.command import Place
from fleet.adapters.git.project import Project
from fleet.adapters.git.scratch import made_name, remove_tree, sweep
from fleet.adapters.git.untrusted import opened_directory
from fleet.model.errors import Permanent

MOST_BYTES = 4 * 1024**3
MOST_FILES = 1_000_000
_FANOUT = re.compile(r"[0-9a-f]{2}")
_LOOSE = re.compile(r"[0-9a-f]{38}|[0-9a-f]{62}")
_PACK = re.compile(r"pack-[0-9a-f]{40,64}\.(pack|idx)")


@contextmanager
def lens(project: Project, git_dir: int, scratch: Path, *, head: str | None = None) -> Iterator[Place]:
    """Look at the objects of the `.git` that `git_dir` is a descriptor of. Gone when the block ends.

    `scratch` is a directory on the same file system, if possible; `head` becomes the lens' HEAD.
    Raises Permanent when there is more in it than a change can reasonably be.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    sweep(scratch)
    place = scratch / made_name()
    (place / "objects" / "info").mkdir(parents=True)
    (place / "refs").mkdir()
    try:
        (place / "config").write_text(project.config() + "[core]\n\texcludesFile = /dev/null\n")
        (place / "HEAD").write_text((head or "ref: refs/heads/none") + "\n")
        (place / "objects" / "info" / "alternates").write_text(f"{project.objects}\n")
        shallow = project.shallow()
        if shallow is not None:
            (place / "shallow").write_bytes(shallow)
        _Links(place / "objects").all(git_dir)
        yield Place(place)
    finally:
        remove_tree(place)


class _Links:
    """Links object files from an untrusted store into `objects`, within bounds."""

    def __init__(self, objects: Path) -> None:
        self.objects = objects
        self.files = 0
        self.bytes = 0

    def all(self, git_dir: int) -> None:
        with opened_directory(git_dir, "objects") as store:
            if store is None:
                raise Permanent("the workspace has no object store", do="start again in a new workspace")
            for name in sorted(_names(store)):
                if _FANOUT.fullmatch(name):
                    self._folder(store, name, _LOOSE)
            self._folder(store, "pack", _PACK)

    def _folder(self, store: int, name: str, wanted: re.Pattern[str]) -> None:
        with opened_directory(store, name) as folder:
            names = [] if folder is None else [n for n in _names(folder) if wanted.fullmatch(n)]
            if folder is None or not names:
                return
            (self.objects / name).mkdir()
            for file in names:
                self._file(folder, file, self.objects / name / file)

    def _file(self, folder: int, name: str, target: Path) -> None:
        try:
            # Links are not followed: what is linked is what is looked at next, whoever swaps names meanwhile.
            os.link(name, target, src_dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return  # repacked by the agent a moment ago: then it is in a pack, or the take fails and says so
        except OSError:
            self._copy(folder, name, target)
        found = target.lstat()
        if not stat.S_ISREG(found.st_mode):
            target.unlink()
            return
        self.files += 1
        self.bytes += found.st_size
        if self.files > MOST_FILES or self.bytes > MOST_BYTES:
            raise Permanent(
                "the workspace holds too many new objects to be taken",
                why=f"{self.files} files of {self.bytes} bytes; {MOST_FILES} of {MOST_BYTES} are allowed",
                do="commit less: no build results, no data",
            )

    @staticmethod
    def _copy(folder: int, name: str, target: Path) -> None:
        try:
            source = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        except OSError as error:
            raise Permanent(f"cannot read the object {name} of the workspace", why=str(error)) from error
        with os.fdopen(source, "rb") as reader:
            if not stat.S_ISREG(os.fstat(source).st_mode):
                raise Permanent(f"the object {name} of the workspace is not a file")
            with target.open("xb") as writer:
                shutil.copyfileobj(reader, writer)


def _names(folder: int) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]
