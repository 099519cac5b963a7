"""Branches of the project's repository: read, and moved by compare-and-swap."""

from __future__ import annotations

import time
from pathlib import Path

from fleet.adapters.git.command import GitBusy, GitFailed, Place, git, run
from fleet.adapters.git.names import FLEET, branch_ref, zero
from fleet.model.errors import Permanent

# A lock on a ref is held for a millisecond or two. One that is this old was left by a git that was killed.
STALE_S = 2.0
_OURS = (f"refs/heads/{FLEET}", "refs/fleet/", "refs/notes/fleet")


def read(git_dir: Path, ref: str) -> str | None:
    """The commit that a full ref name stands for, None when there is no such ref."""
    found = run(git_dir, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", ok=(0, 1))
    return found.text.strip() or None


def read_branches(git_dir: Path, *branches: str) -> tuple[str | None, ...]:
    """The commit of each branch, None for those that are not there; one process for all."""
    names = [branch_ref(branch) for branch in branches]
    listed = git(git_dir, "for-each-ref", "--format=%(refname) %(objectname)", *names)
    found = dict(line.rsplit(" ", 1) for line in listed.splitlines())
    return tuple(found.get(name) for name in names)


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
    """Point `ref` at `new` if it is at `old` (None: if it does not exist). False: it is somewhere else.

    The reflog keeps what the branch was before from gc, in a bare repository too.
    """
    args = ("update-ref", "--create-reflog", "-m", reason, ref, new, old or zero(new))
    return _changed(place, ref, old, args)


def delete(place: Place, ref: str, old: str) -> bool:
    """Delete `ref` if it is at `old`. False: it is somewhere else, or was gone already."""
    return _changed(place, ref, old, ("update-ref", "-d", ref, old))


def _changed(place: Place, ref: str, old: str | None, args: tuple[str, ...]) -> bool:
    try:
        try:
            git(place, *args)
        except GitBusy:
            if not unlocked(place.git_dir, ref):
                raise
            git(place, *args)
    except (GitFailed, GitBusy) as error:
        if read(place.git_dir, ref) != old:
            return False
        if "cannot create" in error.why:
            raise Permanent(
                f"the branch {ref.removeprefix('refs/heads/')} cannot be made",
                why=error.why,
                do="rename the branch that is in its way",
            ) from error
        raise
    return True


def unlocked(git_dir: Path, ref: str) -> bool:
    """Take away the lock that a killed git has left on one of Fleet's own refs. Whether there was one.

    Nobody else moves those, and no move takes seconds. Locks on other branches belong to their owner.
    """
    lock = git_dir / f"{ref}.lock"
    if not ref.startswith(_OURS) or age(lock) < STALE_S:
        return False
    lock.unlink(missing_ok=True)
    return True


def age(lock: Path) -> float:
    """For how many seconds the file is there unchanged; 0 when it is not there."""
    try:
        return max(0.0, time.time() - lock.lstat().st_mtime)
    except OSError:
        return 0.0


def contains(place: Place | Path, commit: str, tip: str) -> bool:
    """Whether `commit` is `tip` or one of its ancestors."""
    return commit == tip or run(place, "merge-base", "--is-ancestor", commit, tip, ok=(0, 1)).code == 0
