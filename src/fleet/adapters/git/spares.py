"""A spare clone, made ahead of time: taking it is a rename, where checking out a big tree takes seconds.

Only a tree that is big has one. It is complete before it gets its name; who renames it away has it alone.
"""

from __future__ import annotations

from pathlib import Path

from fleet.adapters.git.command import GitFailed, Place, git, run
from fleet.adapters.git.project import Project
from fleet.adapters.git.scratch import made_name, remove_tree, sweep

BIG_FILES, BIG_BYTES = 2_000, 64 * 1024 * 1024


def is_big(project: Project, commit: str) -> bool:
    """Whether a checkout of the commit is worth being made ahead of time."""
    listed = run(Place(project.git_dir), "ls-tree", "-r", "-z", "--format=%(objectsize)", commit)
    sizes = [int(each) for each in listed.records() if each.isdigit()]
    return len(sizes) > BIG_FILES or sum(sizes) > BIG_BYTES


def lay_out(project: Project, dot: Path, author: tuple[str, str] | None = None) -> None:
    """Make `dot` the `.git` of a clone without any branch, which borrows the project's objects."""
    for folder in ("objects/info", "objects/pack", "refs/heads", "refs/tags", "info"):
        (dot / folder).mkdir(parents=True, exist_ok=True)
    (dot / "objects/info/alternates").write_text(f"{project.objects}\n")
    shallow = project.shallow()
    if shallow is not None:
        (dot / "shallow").write_bytes(shallow)
    (dot / "config").write_text(project.config(author=author))


def stock(project: Project, spare: Path, making: Path, commit: str) -> bool:
    """Have a spare of about this commit. Returns whether one was made; that takes as long as a checkout."""
    if spare.exists() or not is_big(project, commit):
        return False
    making.mkdir(parents=True, exist_ok=True)
    sweep(making)
    draft = making / made_name()
    try:
        lay_out(project, draft / ".git")
        (draft / ".git/HEAD").write_text(f"{commit}\n")
        git(Place(draft / ".git", work_tree=draft), "read-tree", "--reset", "-u", commit)
        draft.rename(spare)
    except OSError:
        if spare.exists():  # another process was faster
            return False
        raise
    finally:
        if draft.exists():
            remove_tree(draft)
    return True


def take(spare: Path, draft: Path) -> bool:
    """Make the spare this draft; False when there is none."""
    try:
        spare.rename(draft)
    except FileNotFoundError:
        return False
    return True


def bring_to(draft: Path, *, fresh: bool) -> bool:
    """Check out the draft's HEAD. False when a spare can't be brought there: it is to be made afresh."""
    try:
        git(Place(draft / ".git", work_tree=draft), "read-tree", "--reset", "-u", "HEAD")
    except GitFailed:
        if fresh:
            raise
        return False
    return True
