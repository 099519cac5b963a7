"""Merging two commits without a checkout: the tree it gives, and the commit that records it. Nothing is moved
here.

The attributes that count are those of the repository itself (`info/attributes`), not files in a work tree:
what a merge gives depends on the two commits alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fleet.adapters.git.command import GitFailed, git, run
from fleet.adapters.git.history import HEAD_TRAILER
from fleet.adapters.git.names import commit_id, shown
from fleet.model.errors import Permanent
from fleet.ports.repository import Author, MadeMerge, MergeMethod, MergeResult

MOST_PATHS = 50


@dataclass(frozen=True, slots=True)
class Note:
    """What a merge commit says: its whole message, who it is by, when (ms; None: as late as the newer of its
    two sides), and whether it is a merge or a squash.
    """

    message: str
    author: Author
    when_ms: int | None
    method: MergeMethod

    def check(self, head: str) -> None:
        """Raises Permanent for a squash that could not be found again by its trailer."""
        if self.method == "squash" and f"{HEAD_TRAILER}: {head}" not in self.message.splitlines():
            raise Permanent(
                f"the squash of {head[:12]} would not be found again",
                why=f"its message has no line {HEAD_TRAILER}: {head}",
            )


def merge_tree(git_dir: Path, base: str, head: str) -> MergeResult:
    """The tree that merging `head` into `base` gives, or the paths in conflict. Raises GitFailed for
    strangers.
    """
    options = ("--write-tree", "--name-only", "--no-messages", "-z")
    found = run(git_dir, "merge-tree", *options, commit_id(base), commit_id(head), ok=(0, 1))
    tree, *paths = found.records()
    if found.code == 0:
        return MergeResult(tree)
    return MergeResult(None, tuple(shown(path) for path in paths[:MOST_PATHS]))


def fork(git_dir: Path, base: str, head: str) -> str | None:
    """The commit where `head` left `base`; None when they have nothing in common. Raises Permanent for a
    commit that is not there.
    """
    try:
        found = run(git_dir, "merge-base", commit_id(base), commit_id(head), ok=(0, 1))
    except GitFailed as error:
        raise Permanent(
            f"{base[:12]} and {head[:12]} cannot be merged",
            why=error.why,
            do="take the branch again: its commits are not in the project's repository",
        ) from error
    return found.text.strip() or None


def merge_commit(git_dir: Path, base: str, head: str, note: Note, *, left: str | None) -> MadeMerge:
    """The commit that merges `head` into `base`, which it left at `left`. Same arguments, same commit."""
    note.check(head)
    if left == base:
        tree = f"{head}^{{tree}}"  # nothing happened on the base meanwhile
    else:
        result = merge_tree(git_dir, base, head)
        if result.tree is None:
            return MadeMerge(None, result.conflicts)
        tree = result.tree
    seconds = _newer(git_dir, base, head) if note.when_ms is None else note.when_ms // 1000
    parents = (base,) if note.method == "squash" else (base, head)
    options = [word for parent in parents for word in ("-p", parent)]
    message = note.message.replace("\0", "").rstrip("\n") + "\n"
    return MadeMerge(git(git_dir, "commit-tree", tree, *options, input=message, env=by(note.author, seconds)))


def _newer(git_dir: Path, base: str, head: str) -> int:
    listed = git(git_dir, "log", "--no-walk=unsorted", "--format=%ct", base, head, "--")
    return max(int(line) for line in listed.splitlines())


def by(author: Author, seconds: int) -> dict[str, str]:
    """The environment in which git makes a commit of this author, at this time."""
    name, email = (
        "".join(char for char in part if char.isprintable()) for part in (author.name, author.email)
    )
    made: dict[str, str] = {}
    for role in ("AUTHOR", "COMMITTER"):
        made |= {
            f"GIT_{role}_NAME": name,
            f"GIT_{role}_EMAIL": email,
            f"GIT_{role}_DATE": f"@{seconds} +0000",
        }
    return made
