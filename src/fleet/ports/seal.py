"""Seals: signatures over the log and over merges, which whoever owns the log's file cannot make again.

Law
  * `seal` signs the log as it is, from the last seal on. It never signs a log that is not the one which the
    last seal was made of: that raises `Permanent` and says so.
  * A shelf is a place outside the log. What lies on it stays, in the order in which it was put there;
    whatever is taken from it is not believed but checked.
  * Everything blocks for some milliseconds: an asyncio caller uses a thread. Times are milliseconds since
    the epoch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from fleet.ports.log import Log


@dataclass(frozen=True, slots=True)
class Filed:
    """A checkpoint as it lies on a shelf: the signed `note`, and the `marks` of the records since the one
    before it. `name` is what the shelf calls it.
    """

    name: str
    note: str
    marks: bytes


class Shelf(Protocol):
    """Where seals lie, outside the log: a git ref in a repository."""

    def checkpoints(self) -> list[Filed]:
        """All checkpoints, oldest first."""
        ...

    def newest(self) -> Filed | None:
        """The newest checkpoint."""
        ...

    def file(self, note: str, marks: bytes, key: str, *, when_ms: int, behind: str) -> str:
        """Put a checkpoint behind the one of the name `behind` ("": the first). Its name.

        Raises `Permanent` or `Temporary` when it can't be, also when another one was put there meanwhile.
        """
        ...

    def push(self, remote: str) -> None:
        """Bring all that lies here to a remote; a shelf that belongs to one goes there alone."""
        ...

    def attach(self, commit: str, text: str) -> None:
        """Put a text beside a commit, in place of what was there."""
        ...

    def attached(self, commit: str) -> str | None:
        """The text beside a commit."""
        ...


class Seals(Protocol):
    """What the engine seals with."""

    @property
    def key(self) -> str:
        """The public key, as others verify with it."""
        ...

    def sealed(self) -> int:
        """Up to which record the log is sealed."""
        ...

    def seal(self, log: Log, now: int) -> int:
        """Sign the log up to its end and put the checkpoint on the shelf. Up to which record it is sealed
        then.
        """
        ...

    def newest(self) -> tuple[int, str]:
        """Up to which record the log is sealed, and that in one line which is signed; (0, "") before the
        first seal. Any thread may ask.
        """
        ...

    def push(self) -> str:
        """Bring what is new on the shelves to where it is to lie besides. The remote's name, "" where there
        is none or nothing is new. Raises `FleetError` where it does not get through.
        """
        ...

    def attest(self, repo: str, commit: str, statement: Mapping[str, Any]) -> Mapping[str, Any]:
        """Sign the statement and put it beside the commit. The envelope, as it lies there."""
        ...
