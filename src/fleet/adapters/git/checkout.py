"""The user's own checkouts: which there are, what is going on in them, and a lock on the index of one.

The lock is the file that git itself uses, so no git of the user changes the index meanwhile. It is a hard
link of a file beside it (the twin), which says whose lock it is, so that one which a crash has left is told
from one of the user's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fleet.adapters.git.command import Place, run
from fleet.adapters.git.project import Project

_TWIN = "fleet-merge.lock"
_DRAFT = "fleet-merge.draft"
_BRANCHES = "refs/heads/"
_UNDER_WAY = (
    ("rebase-merge", "a rebase"),
    ("rebase-apply", "a rebase"),
    ("MERGE_HEAD", "a merge"),
    ("CHERRY_PICK_HEAD", "a cherry-pick"),
    ("REVERT_HEAD", "a revert"),
    ("index.lock", "another git command"),
)


@dataclass(frozen=True, slots=True)
class Checkout:
    """A work tree of the project's repository.

    `git_dir` is its own one (`.git`, or `.git/worktrees/<name>`), `ref` the branch that is checked out or
    being rebased there, in full (None: a commit without a branch).
    """

    git_dir: Path
    work_tree: Path
    ref: str | None

    def under_way(self) -> str | None:
        """What git is doing there, for people: "a rebase". None: nothing."""
        for name, word in _UNDER_WAY:
            if os.path.lexists(self.git_dir / name):
                return word
        return None


def checkouts(project: Project) -> Iterator[Checkout]:
    """Every checkout, the main one and those of `git worktree`. Read from files: no process is needed."""
    if project.checkout is not None:
        yield Checkout(project.git_dir, project.checkout, _ref(project.git_dir))
    linked = project.git_dir / "worktrees"
    if not linked.is_dir():
        return
    for own in sorted(linked.iterdir()):
        try:
            dot = own / (own / "gitdir").read_text(errors="surrogateescape").rstrip("\n")
        except OSError:
            continue
        if dot.exists():  # else its directory was removed, and git has not yet forgotten it
            yield Checkout(own, dot.resolve().parent, _ref(own))


def holders(project: Project, ref: str) -> tuple[Checkout, ...]:
    """The checkouts that have `ref` checked out, or are rebasing it."""
    return tuple(checkout for checkout in checkouts(project) if checkout.ref == ref)


def _ref(git_dir: Path) -> str | None:
    for state in ("rebase-merge", "rebase-apply"):
        rebased = _line(git_dir / state / "head-name")
        if rebased.startswith(_BRANCHES):
            return rebased
    ref = _line(git_dir / "HEAD").removeprefix("ref:").strip()
    if ref == "refs/heads/.invalid":  # refs are not kept in files here: only git knows
        ref = run(Place(git_dir), "symbolic-ref", "--quiet", "HEAD", ok=(0, 1)).text.strip()
    return ref if ref.startswith(_BRANCHES) else None


def _line(file: Path) -> str:
    try:
        return file.read_text(errors="surrogateescape").strip()
    except OSError:
        return ""


def lock_index(git_dir: Path, owner: Path) -> bool:
    """Take git's lock on the index of a checkout. False: it is taken. Taking one's own again is fine.

    `owner` is the scratch directory of who takes it.
    """
    twin = git_dir / _TWIN
    if os.path.lexists(twin) and not _is_of(twin, owner):
        return False
    if not twin.exists():
        draft = git_dir / _DRAFT
        draft.write_text(f"{owner}\n")
        draft.replace(twin)
    try:
        os.link(twin, git_dir / "index.lock")
    except FileExistsError:
        return _same(twin, git_dir / "index.lock")
    return True


def unlock_index(git_dir: Path, owner: Path) -> None:
    """Give the lock back, if it is `owner`'s."""
    twin, lock = git_dir / _TWIN, git_dir / "index.lock"
    (git_dir / _DRAFT).unlink(missing_ok=True)
    if _is_of(twin, owner):
        if _same(twin, lock):
            lock.unlink()
        twin.unlink()


def _is_of(twin: Path, owner: Path) -> bool:
    return _line(twin) == str(owner)


def _same(one: Path, other: Path) -> bool:
    try:
        return os.path.samestat(one.lstat(), other.lstat())
    except OSError:
        return False
