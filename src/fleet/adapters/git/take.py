"""Taking an agent's commits into the project's repository.

The commits are packed in a lens (see there), which reads none of the agent's configuration, and unpacked here
by git's own receiving end in its strictest mode: each object is hashed and checked anew, and whatever it
refers to must be there. Only then does the branch move.
"""

from __future__ import annotations

from pathlib import Path

from fleet.adapters.git import refs
from fleet.adapters.git.command import GitFailed, Place, git, run
from fleet.adapters.git.lens import lens
from fleet.adapters.git.names import branch_ref, commit_id
from fleet.adapters.git.project import Project
from fleet.adapters.git.size import check_size
from fleet.adapters.git.untrusted import opened_git_dir, read_ref
from fleet.model.errors import Permanent, Temporary
from fleet.ports.repository import Rewritten

MOST_BYTES = 2 * 1024**3
# From so many objects on they stay together as a pack; fewer become single files, as in git's own fetch.
_PACK_FROM = 100


def workspace_head(workspace: Path, branch: str, expected: str | None) -> str:
    """The commit of the workspace's branch. Raises Permanent without one, Temporary when it is not the
    expected.
    """
    with opened_git_dir(workspace) as inside:
        head = read_ref(inside, branch_ref(branch))
    if head is None:
        raise Permanent(
            f"the workspace {workspace.name} has no branch {branch}",
            why="it was deleted or renamed there",
            do=f"commit on {branch}: git checkout -B {branch}",
        )
    if expected is not None and head != expected:
        raise Temporary(
            f"the branch {branch} has moved on in the workspace {workspace.name}",
            why=f"it is at {head[:12]}, not at {expected[:12]}",
        )
    return head


def take_objects(project: Project, workspace: Path, head: str, base: str, previous: str | None) -> int:
    """Bring in all that `head` needs beyond `base` and `previous`, which are here already.

    Returns how many commits `head` has that `base` has not. Raises Permanent when an object is missing,
    malformed or not what its name says.
    """
    known = (base,) if previous is None else (base, previous)
    wanted = "\n".join((head, "--not", *known)) + "\n"
    with opened_git_dir(workspace) as inside, lens(project, inside, workspace.parent / ".making") as place:
        try:
            packed = place.git_dir / "new"
            name = git(place, "pack-objects", "--revs", "-q", str(packed), input=wanted)
            # With nothing new git names no pack; then the branch goes to a commit that is here.
            if name:
                _unpack(project.git_dir, Path(f"{packed}-{name}.pack"))
            # All that is reachable must be here now, without the lens.
            listed = run(project.git_dir, "rev-list", "--objects", head, f"^{base}").out
            check_size(project.git_dir, head)
        except GitFailed as error:
            raise Permanent(
                f"the commits of {workspace.name} cannot be taken",
                why=error.why,
                do="let the agent repair its branch, or start again in a new workspace",
            ) from error

    # A commit stands alone on its line; a tree or a file is followed by a space and its path.
    return sum(b" " not in line for line in listed.splitlines())


def _unpack(git_dir: Path, pack: Path) -> None:
    with pack.open("rb") as file:
        count = int.from_bytes(file.read(12)[8:12], "big")
    most = f"--max-input-size={MOST_BYTES}"
    if count < _PACK_FROM:
        run(git_dir, "unpack-objects", "-q", "--strict", most, input=pack)
    else:
        run(git_dir, "index-pack", "--strict", "--stdin", most, input=pack)


def check_forward(place: Place, branch: str, current: str | None, head: str) -> None:
    """Raises Permanent when moving `branch` to `head` would drop commits of it."""
    if current is not None and not refs.contains(place, current, head):
        raise Permanent(
            f"{branch} may only move forward",
            why=f"{head[:12]} does not contain its present commit {current[:12]}",
            do="rebase on it, or use a branch below fleet/",
        )


def check_after(place: Place, branch: str, after: str, head: str) -> None:
    """Raises Rewritten when `head` does not contain the commit `after` ("": any will do)."""
    if after and not refs.contains(place, commit_id(after), head):
        raise Rewritten(
            f"the history of {branch} was rewritten",
            why=f"{head[:12]} does not contain {after[:12]}, which others have seen and judged",
            do="commit on top of it; do not amend, rebase or reset what was there before",
        )
