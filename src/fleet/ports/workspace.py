"""Workspaces: the place where one run works, shared with nobody.

Law
  * A workspace is a clone of its own: its own `.git`, no remote, no credential. What happens in it changes
    neither the project's repository nor the user's checkout.
  * `prepare` is idempotent: the same call twice gives the same workspace, and a workspace that was cut off
    while it was made is never believed.
  * Whatever is inside a workspace was written by an agent. Nothing in it (configuration, hooks, attributes,
    links) is ever executed or followed by these functions.
  * Everything blocks for some milliseconds: an asyncio caller uses a thread. All functions may run in
    parallel for different ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class WorkspaceStatus:
    r"""What a workspace holds now, read without trusting it.

    `head` is the commit that is checked out (None before the first one), `branch` the checked-out branch
    (None when detached), `branch_head` the commit of the branch that Fleet prepared, which is the one a
    change is taken from. `commits_ahead` counts commits of `head` that the base does not have. `dirty_paths`
    differ from `head` or are new and not ignored; the list is bounded and `more_dirty` says when some were
    left out. Bytes of a name which are not UTF-8 are shown as `\xNN`.
    """

    head: str | None
    branch: str | None
    branch_head: str | None
    commits_ahead: int
    dirty_paths: tuple[str, ...]
    more_dirty: bool = False

    @property
    def clean(self) -> bool:
        """Whether everything in the workspace is committed (or ignored)."""
        return not self.dirty_paths


class Workspaces(Protocol):
    """Makes, finds and removes workspaces. Ids are names like `r7`: letters, digits, `.`, `_`, `-`."""

    def prepare(
        self,
        id: str,
        *,
        start: str,
        branch: str,
        base_name: str,
        base_sha: str,
        author_name: str,
        author_email: str,
        reset: bool = False,
    ) -> Path:
        """Give the workspace `id`, with `branch` checked out, and return its absolute path.

        A new one has `branch` at the commit `start`. One that is there already (the next round of a
        conversation) keeps its files and commits: only its `base_name` branch moves to `base_sha` and the
        author is set again; its branch must then be at `start` or after it. When it is not, `reset=True`
        builds it anew at `start` (all that was in it is gone); otherwise this raises Permanent.

        Call it only while no session lives in the workspace: what a killed git has locked there is unlocked.

        Raises Permanent when a commit does not exist, Temporary when the disk is full and the like.
        """
        ...

    def weigh(self, id: str) -> int:
        """How many bytes of the disk it takes by itself, 0 when it is not there. Takes as long as looking at
        each of its files.
        """
        ...

    def path(self, id: str) -> Path:
        """Where the workspace `id` is, or would be. Does not look."""
        ...

    def borrowed(self) -> tuple[Path, ...]:
        """The folders outside of a workspace that git reads in it."""
        ...

    def exists(self, id: str) -> bool:
        """Whether `id` was prepared, completely, and not discarded."""
        ...

    def made(self, id: str) -> str:
        """A name that it got when it was made: none before it had that, not even one of the same id. Raises
        Permanent when it is not there.
        """
        ...

    def ids(self) -> tuple[str, ...]:
        """All workspaces that exist, sorted."""
        ...

    def status(self, id: str) -> WorkspaceStatus:
        """What is in the workspace now. Raises Permanent when there is none or when it is broken beyond
        reading.
        """
        ...

    def stock(self, commit: str) -> bool:
        """Make ready what the next new workspace will want, at about this commit, if it is worth it; and tell
        whether it was. May take as long as a checkout; nothing hangs on it.

        Raises Temporary when the disk is full and the like.
        """
        ...

    def discard(self, id: str) -> None:
        """Remove the workspace with everything in it. Discarding one that is not there is fine."""
        ...
