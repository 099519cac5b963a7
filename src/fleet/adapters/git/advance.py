"""Moving the base branch, and with it the checkouts that have it checked out, in a way that survives any
crash.

In this order: the plan is written down (journal.py); the index of each checkout is locked; what is to come is
written beside it (stage.py); the files are renamed into place, those that were being kept; the branch moves,
by compare-and-swap. That last step decides. Before it, whatever happened is undone, file by file; after it
only the new index has to be put in place. `recover` does the same for a process that was killed, at whatever
moment.

A file that somebody changes meanwhile is left as it is: its marks say so (journal.py).
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from fleet.adapters.git import refs
from fleet.adapters.git.changes import paths_between
from fleet.adapters.git.checkout import Checkout, checkouts, holders, lock_index, unlock_index
from fleet.adapters.git.command import GitBusy, GitFailed, Place, git
from fleet.adapters.git.journal import Journal, Move, Part, Plan, mark
from fleet.adapters.git.project import Project
from fleet.adapters.git.scratch import made_name, remove_tree
from fleet.adapters.git.stage import dirty, staged, staging
from fleet.ports.repository import Blocked


class _Changed(Exception):
    """Somebody changed a file between the check and the step that would have replaced it."""

    def __init__(self, work_tree: Path, path: str) -> None:
        super().__init__(path)
        self.work_tree = work_tree
        self.path = path


def advance(project: Project, ref: str, old: str, new: str, journal: Journal, held: int) -> Blocked | None:
    """Move `ref` from `old` to `new`, and the checkouts of it along. Blocked: everything is as it was.

    The repository is held (journal.holding) under the descriptor `held`, and `recover` was called.
    """
    found = holders(project, ref)
    for checkout in found:
        word = checkout.under_way()
        if word is not None:
            return Blocked("busy", f"{word} is under way in {checkout.work_tree}")
    parts = tuple(_part(checkout, journal.home / str(at)) for at, checkout in enumerate(found))
    plan = Plan(ref, old, new, parts)
    journal.write(plan)
    blocked: Blocked | None = Blocked("busy", "the merge was interrupted")
    try:
        plan_or_blocked = _made_ready(project, plan, journal, held)
        if isinstance(plan_or_blocked, Blocked):
            blocked = plan_or_blocked
        else:
            plan = plan_or_blocked
            blocked = _carried_out(project, plan, held)
    except _Changed as change:
        blocked = dirty(change.work_tree, [change.path])
    except GitBusy as error:
        blocked = Blocked("busy", str(error))
    finally:
        # Whatever ended it: the branch says whether it happened.
        left = _settled(project, plan, journal, held)
    return blocked if blocked is not None else left


def recover(project: Project, journal: Journal, held: int) -> Blocked | None:
    """End what a killed `advance` began: undo it, or finish it if the branch has moved. See the port."""
    found = journal.read()
    if found is not None:
        plan, since = found
        _clear_ref_locks(project, plan, since)
        return _settled(project, plan, journal, held)
    if journal.home.exists():
        journal.clear()
    for checkout in checkouts(project):
        unlock_index(checkout.git_dir, journal.scratch)
    return None


def _part(checkout: Checkout, stage: Path) -> Part:
    if checkout.work_tree.stat().st_dev != _device(stage):
        stage = checkout.work_tree / f".fleet-merge-{made_name()}"
    return Part(checkout.git_dir, checkout.work_tree, stage)


def _device(path: Path) -> int:
    while not path.exists():
        path = path.parent
    return path.stat().st_dev


def _made_ready(project: Project, plan: Plan, journal: Journal, held: int) -> Plan | Blocked:
    if not plan.parts:
        return plan
    sides = list(paths_between(Place(project.git_dir), plan.old, plan.new))
    ready: list[Part] = []
    for part in plan.parts:
        if not lock_index(part.git_dir, journal.scratch):
            return Blocked("busy", f"another git command is under way in {part.work_tree}")
        found = staged(part, plan.old, plan.new, sides, held)
        if isinstance(found, Blocked):
            return found
        ready.append(found)
    plan = replace(plan, parts=tuple(ready))
    journal.write(plan)
    return plan


def _carried_out(project: Project, plan: Plan, held: int) -> Blocked | None:
    for part in plan.parts:
        _apply(part)
        # So that the user's next `git status` need not read the new files; it changes nothing else.
        git(staging(part, held), "update-index", "-q", "--refresh")
    place = Place(project.git_dir, held=(held,))
    if refs.move(place, plan.ref, plan.new, plan.old, "fleet: merge"):
        return None
    return Blocked("moved", f"{plan.ref.removeprefix('refs/heads/')} has moved meanwhile")


def _settled(project: Project, plan: Plan, journal: Journal, held: int) -> Blocked | None:
    """Finish or undo the plan as the branch says, and forget it. Blocked: a person's work is in the way."""
    tip = refs.read(project.git_dir, plan.ref)
    done = tip is not None and tip != plan.old and refs.contains(project.git_dir, plan.new, tip)
    for part in plan.parts:
        blocked = _finish(plan, part, journal.scratch, held) if done else _undo(part)
        if blocked is not None:
            return blocked
    for part in plan.parts:
        if part.stage.parent != journal.home:
            remove_tree(part.stage)
    journal.clear()
    for part in plan.parts:
        unlock_index(part.git_dir, journal.scratch)
    return None


def _apply(part: Part) -> None:
    """Rename the new files into place. Those that go are first, since a directory may become a file."""
    for at, move in _in_order(part, lambda move: move.after is None):
        path = part.work_tree / move.path
        if move.before is not None:
            _keep(part, at, move)
        if move.after is None:
            path.unlink()
            _prune(path, part.work_tree)
            continue
        source = part.stage / "new" / move.path
        try:
            if move.before is not None:
                source.replace(path)
            else:
                _make_room(path)
                os.link(source, path, follow_symlinks=False)
        except (FileExistsError, NotADirectoryError) as error:
            raise _Changed(part.work_tree, move.path) from error
    for name in part.submodules:
        (part.work_tree / name).mkdir(parents=True, exist_ok=True)


def _keep(part: Part, at: int, move: Move) -> None:
    """Keep the file that was under a second name, where it is seen to be the one that was checked."""
    kept = part.stage / "old" / str(at)
    try:
        os.link(part.work_tree / move.path, kept, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _Changed(part.work_tree, move.path) from error
    if mark(kept) != move.before:
        raise _Changed(part.work_tree, move.path)


def _undo(part: Part) -> Blocked | None:
    """Put back every file that is as the merge left it. What somebody has changed since stays theirs."""
    blocked: list[str] = []
    for at, move in _in_order(part, lambda move: move.before is None):
        path = part.work_tree / move.path
        if mark(path) != move.after:
            continue
        if move.before is None:
            path.unlink()
            _prune(path, part.work_tree)
            continue
        kept = part.stage / "old" / str(at)
        if not os.path.lexists(kept):
            continue  # it had not been its turn
        try:
            if move.after is None:
                _make_room(path)
                os.link(kept, path, follow_symlinks=False)
            else:
                kept.replace(path)
        except (FileExistsError, NotADirectoryError):
            blocked.append(move.path)
    return dirty(part.work_tree, blocked) if blocked else None


def _finish(plan: Plan, part: Part, owner: Path, held: int) -> Blocked | None:
    """Put the new index in the place of the old one. The files are all there: the branch moved after them."""
    index, coming = part.git_dir / "index", part.stage / "index"
    if mark(index) == part.index:
        draft = part.git_dir / "fleet-merge.index"
        shutil.copy2(coming, draft)
        shutil.copymode(index, draft)
        draft.replace(index)
    elif index.read_bytes() != coming.read_bytes():
        # The lock was removed by hand after a crash, and the index written: what is staged there stays.
        unlock_index(part.git_dir, owner)
        try:
            git(replace(staging(part, held), index=None), "read-tree", "-m", plan.old, plan.new)
        except GitFailed as error:
            return dirty(part.work_tree, (), error.why)
    return None


def _in_order(part: Part, goes: Callable[[Move], bool]) -> list[tuple[int, Move]]:
    return sorted(enumerate(part.moves), key=lambda entry: not goes(entry[1]))


def _make_room(path: Path) -> None:
    """Make the directories above a file to be, and take away one without files in its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() and not path.is_symlink():
        for folder, _, _ in os.walk(path, topdown=False):
            try:
                Path(folder).rmdir()
            except OSError as error:
                raise FileExistsError(path) from error


def _prune(path: Path, work_tree: Path) -> None:
    """Remove the directories above that are empty now, as git does."""
    for folder in path.parents:
        if folder == work_tree:
            return
        try:
            folder.rmdir()
        except OSError:
            return


def _clear_ref_locks(project: Project, plan: Plan, since: float) -> None:
    """Remove the locks that a killed git has left on the branch and on the HEADs that follow it.

    Ours is dead, since the repository could be held. A lock of somebody else's git is gone after a moment;
    one that came after the plan and stays was ours.
    """
    places = [project.git_dir / f"{plan.ref}.lock", project.git_dir / "HEAD.lock"]
    places += [part.git_dir / "HEAD.lock" for part in plan.parts]
    for lock in dict.fromkeys(places):
        while (found := mark(lock)) is not None and found[2] / 1e9 >= since - 1:
            if refs.age(lock) >= refs.STALE_S:
                lock.unlink(missing_ok=True)
            else:
                time.sleep(0.05)
