"""Branches of the project's repository: read, and moved by compare-and-swap."""

from __future__ import annotations

from pathlib import Path

from fleet.adapters.git.command import GitBusy, GitFailed, Place, git, run
from fleet.adapters.git.names import branch_ref, zero
from fleet.model.errors import Permanent


def read(git_dir: Path, ref: str) -> str | None:
    """The commit that a full ref name stands for, None when there is no such ref."""
    found = run(git_dir, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", ok=(0, 1))
    return found.text.strip() or None


def base_commit(git_dir: Path, base: str) -> str:
    """The commit of the base branch. Raises Permanent when it has none, and says what to do."""
    sha = read(git_dir, branch_ref(base))
    if sha is not None:
        return sha
    listed = git(git_dir, "for-each-ref", "--count=5", "--format=%(refname:short)", "refs/heads")
    if not listed:
        raise Permanent(
            "the repository has no commit yet",
            why=f"agents start from the newest commit of {base}, and there is none",
            do='make one: git add -A && git commit -m "Start"',
        )
    raise Permanent(
        f"there is no branch {base}",
        why=f"it was deleted or never made; there are: {', '.join(listed.splitlines())}",
        do=f"make it (git branch {base} COMMIT), or name another one as project.base in fleet.yaml",
    )


def move(place: Place, ref: str, new: str, old: str | None, reason: str) -> bool:
    """Point `ref` at `new` if it is at `old` (None: if it does not exist). False: it is somewhere else."""
    try:
        git(place, "update-ref", "-m", reason, ref, new, old or zero(new))
    except (GitFailed, GitBusy):
        if read(place.git_dir, ref) == old:
            raise
        return False
    return True


def contains(place: Place | Path, commit: str, tip: str) -> bool:
    """Whether `commit` is `tip` or one of its ancestors."""
    return commit == tip or run(place, "merge-base", "--is-ancestor", commit, tip, ok=(0, 1)).code == 0
