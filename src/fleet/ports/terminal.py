"""The terminal port: a place where a person looks at a live run, and leaves again.

It shows the run's readable transcript and nothing else; the run itself does not know of it.

Law:

* Nothing that is done to a terminal, by its program or by a person, does anything to the run.
* `open` of what is open changes nothing; of what was killed it opens anew.
* It ends by itself soon after the run's supervisor has ended (where the system can tell), else by `close`.
* Keys and titles may come from outside: they are shown, and never obeyed.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Protocol, runtime_checkable


@runtime_checkable
class Terminal(Protocol):
    """Where runs can be looked at. Every method may be called from any thread."""

    def available(self) -> bool:
        """Whether this machine has what it takes."""
        ...

    def open(self, key: str, title: str, screen: Path, pid: int) -> None:
        """Show the growing file `screen` for as long as the process `pid` (the run's supervisor) lives.

        Raises Temporary when it cannot be opened now.
        """
        ...

    def close(self, key: str) -> None:
        """End it. What is not open is no error."""
        ...

    def clear(self, live: Collection[str]) -> None:
        """End all but those of these keys, and take away what has been left by any that are no more."""
        ...

    def attach_command(self, key: str) -> list[str] | None:
        """What a person's own terminal is to run to look into it, None when it is not open."""
        ...
