"""The snapshot port: the fold of the log as it was a while ago, so that nobody needs to fold the whole log.

Law
  * What comes back is the fold of the log's first events up to its `seq`, or nothing. A snapshot that another
    log, other rules or another hand made is nothing, and so is one that was cut off: it is never believed,
    and losing it costs only time.
  * A snapshot holds what the events said, so it has to go when the text of one is taken away.
  * Everything blocks for some milliseconds: an asyncio caller uses a thread.
"""

from __future__ import annotations

from typing import Protocol

from fleet.model.state import State
from fleet.ports.log import Log


class Snapshots(Protocol):
    """Where the newest snapshot of one log lies."""

    def load(self, log: Log) -> State | None:
        """The state as the snapshot has it, None when there is none that holds."""
        ...

    def pack(self, state: State) -> bytes:
        """The state as a snapshot holds it; the state may go on changing."""
        ...

    def save(self, packed: bytes, log: Log, seq: int) -> None:
        """Keep what was packed after the event `seq`, in place of the one before. Where it
        can't be written there is none.
        """
        ...

    def forget(self) -> None:
        """Let none be there."""
        ...
