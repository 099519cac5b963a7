"""What makes a new workspace ready (dependencies and the like), and how long and how much of them is kept."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keeping:
    """A workspace whose work failed and was given up is kept for `keep_ms`; together they may take
    `disk_bytes` of the disk (0: no ceiling).
    """

    keep_ms: int = 86_400_000
    disk_bytes: int = 0


KEPT = Keeping()


@dataclass(frozen=True, slots=True)
class Setup:
    """`command` goes to `sh -c` in each new workspace before an agent or a check begins there, for `time_ms`.

    The folders `cache`, which it makes, are kept and copied into later workspaces in place of running it, as
    long as the files `key` (and the command) are the same. Paths are relative to the workspace.
    """

    command: str
    time_ms: int = 10 * 60_000
    cache: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
