"""What makes a new workspace ready: dependencies and the like."""

from __future__ import annotations

from dataclasses import dataclass


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
