"""The sandbox port: what of the machine a session finds.

Law
  * What a `Room` does not name is not there: no other file of the user's, no process outside, no socket. The
    system's own programs and the network are there all the same, and a place for temporary files of its own.
  * Only the workspace, the home (which is empty, and gone at the end) and what is bound `writable` can be
    written to.
  * Signals, exit codes, stdin and output pass as they do without one; a program that a signal ended shows as
    the exit code 128 and the signal's number. A signal that asks the session's group to end reaches the
    program, which then has its time; nothing that it started outlives it.
  * `wrap` starts nothing. Its words hold nothing that the command and the room do not hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

SIGNALS_FROM = 128
"""An exit code above this one is the number of the signal that ended the program."""


@dataclass(frozen=True, slots=True)
class Bind:
    """A file or folder that a session finds at `at` ("": where it is). One that is missing is left out."""

    source: str
    at: str = ""
    writable: bool = False


@dataclass(frozen=True, slots=True)
class Room:
    """What a session finds. Paths are absolute.

    `workspace` is its working directory. `home` is empty but for what is bound in it. In the folders of
    `hidden` there is nothing but what is bound in them; a bind that would show one of these, or the home, as
    a whole is left out. The programs of `path` (a PATH value), and those named in `programs`, can be run.
    """

    workspace: str
    home: str
    path: str
    hidden: tuple[str, ...] = ()
    binds: tuple[Bind, ...] = ()
    programs: tuple[str, ...] = ()


class Sandbox(Protocol):
    """A way to keep a session in its room. May be used from any thread."""

    @property
    def name(self) -> str:
        """What people are told that is in force."""
        ...

    def problem(self) -> str:
        """Why it cannot be used here, "" when it can. The first call tries it, for some 20 ms."""
        ...

    def wrap(self, argv: tuple[str, ...], room: Room) -> tuple[str, ...]:
        """The command that runs `argv` in the room. Raises Permanent when there is no such program."""
        ...
