"""Making ready what a checkout gets from a merge: checked, written beside it, and listed; nothing in it is
touched.

The files to come are written by git itself, so the user's own filters and line endings hold, into a directory
on the same file system. What is left to do then is to rename files.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from fleet.adapters.git.changes import ABSENT, SUBMODULE, Sides
from fleet.adapters.git.command import GitFailed, Place, git, run
from fleet.adapters.git.journal import Mark, Move, Part, mark
from fleet.adapters.git.merge import MOST_PATHS
from fleet.adapters.git.names import shown
from fleet.ports.repository import Blocked

_STATUS_BYTES = 64 * 1024
_NO_FILE = (ABSENT, SUBMODULE)
_REFUSED = re.compile(r"Entry '(.+?)' not uptodate")


def staged(part: Part, old: str, new: str, sides: Sequence[Sides], held: int) -> Part | Blocked:
    """The part with all that is to happen in it, or why it may not. `sides`: every path that differs.

    The index must be locked: what is found clean here is still so afterwards, but for an editor's writes,
    which applying (advance.py) notices.
    """
    files = part.stage / "new"
    for folder in (part.stage / "old", files):
        folder.mkdir(parents=True, exist_ok=True)
    present = part.git_dir / "index"
    if present.exists():
        # With its time: git trusts an entry of an index only if the file is older than that.
        shutil.copy2(present, part.stage / "index")
    # The marks come before the check: a file that is written after either is found out.
    before = {side.path: mark(part.work_tree / side.path) for side in sides if side.old[0] not in _NO_FILE}
    place = staging(part, held)
    in_the_way = _changed(place) or _obstacles(part.work_tree, sides)
    if in_the_way:
        return dirty(part.work_tree, in_the_way)
    try:
        # Git's own check besides: it sees changes in files that the user told it to assume unchanged.
        git(place, "read-tree", "-n", "-m", "-u", old, new)
    except GitFailed as error:
        return dirty(part.work_tree, _REFUSED.findall(error.why), error.why)
    # What changes is written into the empty directory, just as git would write it into the checkout.
    git(replace(place, work_tree=files), "read-tree", "-m", "-u", old, new)
    return replace(
        part,
        index=mark(present),
        moves=tuple(_moves(before, files, sides)),
        submodules=tuple(side.path for side in sides if side.new[0] == SUBMODULE),
    )


def staging(part: Part, held: int) -> Place:
    """Git at work in the user's checkout, but on the index to come; it holds the repository until it ends."""
    return Place(
        part.git_dir, work_tree=part.work_tree, index=part.stage / "index", users_config=True, held=(held,)
    )


def dirty(work_tree: Path, paths: Iterable[str], why: str = "") -> Blocked:
    """The refusal to touch a checkout, for the sake of what is in it."""
    names = tuple(shown(path) for path in paths)[:MOST_PATHS]
    reason = f"the checkout {work_tree} has changes of its own" + (f" ({why})" if why and not names else "")
    return Blocked("dirty", reason, names)


def _changed(place: Place) -> list[str]:
    """The tracked files that differ from the commit, staged or not. Submodules are not looked into."""
    options = ("--porcelain", "-z", "--no-renames", "--untracked-files=no", "--ignore-submodules=all")
    # What git learns of unchanged files goes into the index to come.
    found = run(place, "status", *options, env={"GIT_OPTIONAL_LOCKS": "1"}, limit=_STATUS_BYTES)
    return [record[3:] for record in found.records()]


def _obstacles(work_tree: Path, sides: Sequence[Sides]) -> list[str]:
    """Untracked files where the merge puts a file. Ignored ones count: they are somebody's, too."""
    going = {side.path for side in sides if side.old[0] not in _NO_FILE and side.new[0] in _NO_FILE}
    found: dict[str, None] = {}
    for side in sides:
        if side.old[0] in _NO_FILE and side.new[0] not in _NO_FILE:
            found.update(dict.fromkeys(_in_the_way(work_tree, side.path, going)))
    return list(found)


def _in_the_way(work_tree: Path, path: str, going: set[str]) -> Iterator[str]:
    parts = path.split("/")
    for end in range(1, len(parts)):
        above = "/".join(parts[:end])
        place = work_tree / above
        if place.is_symlink() or not place.is_dir():
            if os.path.lexists(place) and above not in going:
                yield above
            return
    target = work_tree / path
    if target.is_dir() and not target.is_symlink():
        for folder, folders, files in os.walk(target):
            links = [name for name in folders if (Path(folder) / name).is_symlink()]
            for name in (*files, *links):
                below = (Path(folder) / name).relative_to(work_tree).as_posix()
                if below not in going:
                    yield below
    elif os.path.lexists(target):
        yield path


def _moves(before: Mapping[str, Mark | None], files: Path, sides: Iterable[Sides]) -> Iterator[Move]:
    """Each file with how it is known before and after. One that git did not write is outside of a sparse
    checkout.
    """
    for side in sides:
        present = before.get(side.path)
        after = None if side.new[0] in _NO_FILE else mark(files / side.path)
        sparse = after is None and side.new[0] not in _NO_FILE
        if not sparse and present != after:
            yield Move(side.path, present, after)
