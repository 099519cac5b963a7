"""The project's repository: branches, commits, and merging without a checkout.

Law
  * Refs move by compare-and-swap only: nobody's commit is lost because two moved a branch at once.
  * Every verb may be called again after a crash at any moment and then gives the same result: `take` of a
    head that was taken, `merge` of a head that was merged, `delete_branch` of a branch that is gone all
    succeed.
  * A checkout of the user with changes in it is never touched: the merge answers Blocked and says which
    files.
  * No hook runs, nothing is fetched or pushed, and nothing that an agent wrote is executed.
  * Everything blocks for some milliseconds: an asyncio caller uses a thread. Times are milliseconds since the
    epoch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from fleet.model.errors import Permanent
from fleet.model.touched import Past, Touched

BlockedKind = Literal["dirty", "moved", "conflict", "busy"]
MergeMethod = Literal["merge", "squash"]


@dataclass(frozen=True, slots=True)
class Author:
    """Who a commit is by."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A branch as it now is in the project's repository.

    `head` is its commit, `previous` what the branch was before (None: it is new; equal to `head`: nothing
    changed), `commits` how many commits `head` has that the base branch has not.
    """

    head: str
    commits: int
    previous: str | None = None


class Rewritten(Permanent):
    """A branch does not contain the commit any more that it has to come after."""


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What merging two commits gives: a `tree`, or the paths in `conflicts` (then `tree` is None)."""

    tree: str | None
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MadeMerge:
    """A merge commit that no ref points to, for checks on the merge result; `commit` is None when there are
    conflicts.
    """

    commit: str | None
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Merged:
    """The base branch has the change; `sha` is the commit that brought it. `already`: it had it before this
    call.
    """

    sha: str
    already: bool = False


@dataclass(frozen=True, slots=True)
class Blocked:
    """The merge did not happen and nothing was changed.

    `kind`: `dirty` (the user's checkout has changes), `moved` (the base is not what was expected),
    `conflict`, or `busy` (another git operation is under way there). `reason` is a sentence for people,
    `paths` the files (bounded).
    """

    kind: BlockedKind
    reason: str
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file of a diff.

    `status` is git's letter: A(dded) M(odified) D(eleted) R(enamed) T(ype changed). `mode` is the new mode in
    octal ("100644", "100755" executable, "120000" link, "160000" submodule, "000000" deleted). Binary files
    count no lines. `old_path` is set for a rename.
    """

    path: str
    added: int
    deleted: int
    binary: bool
    status: str
    mode: str
    old_path: str | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """Lines that a commit adds to a file, one below the other from `line` on. `cut`: there is more than is
    looked at.
    """

    commit: str
    path: str
    line: int
    text: str
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit as lists show it; `when_ms` is the committer's time."""

    sha: str
    parents: tuple[str, ...]
    author: Author
    when_ms: int
    subject: str


@dataclass(frozen=True, slots=True)
class Background:
    """A change's files with what the history says of them, what it says of all of them and of their author,
    and the first lines of the change's commits, newest first.
    """

    files: tuple[Touched, ...]
    past: Past
    subjects: tuple[str, ...]


class Repository(Protocol):
    """The project's repository, which is trusted, unlike a workspace."""

    def base_sha(self) -> str:
        """The commit of the base branch. Raises Permanent when it has none or is gone, with what to do."""
        ...

    def resolve(self, branch: str) -> str | None:
        """The commit of a branch, None when there is no such branch."""
        ...

    def take(
        self, workspace: Path, *, branch: str, head_expected: str | None = None, after: str = ""
    ) -> Taken:
        """Bring the commits of the workspace's `branch` here and point this repository's `branch` at them.

        Every object is checked on its way in. With `head_expected` the workspace's branch must be at that
        commit; with `after` it must contain that one, else this raises Rewritten and moves nothing. Only
        branches below `fleet/` may be moved other than forward, and the base branch never is.
        Raises Permanent (no such branch, broken objects, not forward) or Temporary (moved meanwhile, in use).
        """
        ...

    def merge_tree(self, base: str, head: str) -> MergeResult:
        """What merging `head` into `base` would give. Moves nothing."""
        ...

    def make_merge_commit(
        self,
        base: str,
        head: str,
        *,
        message: str,
        author: Author,
        when_ms: int | None = None,
        method: MergeMethod = "merge",
    ) -> MadeMerge:
        """Make the commit that `merge` would make, without moving a ref. Same arguments, same commit."""
        ...

    def merge(
        self,
        head: str,
        *,
        expected_base: str,
        message: str,
        author: Author,
        when_ms: int | None = None,
        method: MergeMethod = "merge",
    ) -> Merged | Blocked:
        """Merge `head` into the base branch, which must be at `expected_base`.

        `message` is the whole commit message with its trailers; for `squash` it must carry `Fleet-Head:
        <head>`, by which `merged` finds it. Where the base is checked out, that checkout moves along if it is
        clean.
        """
        ...

    def recover(self) -> Blocked | None:
        """Finish a merge that was cut off by a crash. `merge` does so by itself; a starting watcher calls it
        early.

        None: nothing is left half-done. Blocked: something is, and a person's changes are in the way.
        """
        ...

    def merged(self, head: str) -> str | None:
        """The commit that brought `head` into the base branch (`head` itself after a fast-forward), or None.

        A head without commits of its own counts as merged.
        """
        ...

    def diff(self, base: str, head: str, *, limit: int = 1_000_000) -> str:
        """What `head` changes since it left `base`, as a patch of at most `limit` bytes (and a last line that
        says so).
        """
        ...

    def added(self, head: str, known: Iterable[str]) -> tuple[Added, ...]:
        """What each commit of `head` adds, its message included, but for those that are in `known`."""
        ...

    def stat(self, base: str, head: str) -> tuple[FileChange, ...]:
        """The files that `head` changes since it left `base`, in git's order."""
        ...

    def read(self, commit: str, path: str, *, limit: int) -> bytes | None:
        """The first `limit` bytes of a file as it is in this commit, None when there is no such file."""
        ...

    def write(
        self,
        branch: str,
        *,
        base: str,
        path: str,
        data: bytes,
        message: str,
        author: Author,
        when_ms: int,
    ) -> str:
        """Make a branch whose one commit gives a file that is in `base` these contents; returns the commit.

        Same arguments, same commit. Raises Permanent where the branch is there at another one.
        """
        ...

    def delete_branch(self, branch: str, sha: str) -> bool:
        """Delete the branch if it is at `sha`. False: it is somewhere else, or checked out, and was left
        alone.
        """
        ...

    def tag(self, name: str, commit: str, *, message: str, author: Author, when_ms: int) -> None:
        """Make an annotated tag, which says `message`. It may be there at this commit already; at another one
        it is Permanent.
        """
        ...

    def log(self, n: int, *, head: str | None = None, base: str | None = None) -> tuple[Commit, ...]:
        """The newest `n` commits of `head` (default: the base branch), newest first, without those of
        `base`.
        """
        ...

    def commit(self, name: str) -> str:
        """The commit that git knows by this name: a branch, a tag, an id or a part of one, `HEAD~2`. Raises
        Permanent when there is none.
        """
        ...

    def background(self, start: str, head: str) -> Background:
        """What `head` changes since it left `start`, and the history of that before it: that of the base
        branch, or, for a head that the base branch has already, that of `start`.

        The first call reads the whole history, which takes seconds; later ones only what is new.
        """
        ...
