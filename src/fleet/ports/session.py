"""The session port: a run's operating-system processes, which outlive whoever started them.

A session is named by its key (a run's id) and lives once: it is started, may be told things, ends, and is
never started again. What it says is kept, so that it can be read at any time, from any place, as often as one
likes.

Law (checked by `fleet.testing.sessions_law`, which every implementation passes):

* `start` of a key that was started before, by whomever, alive or ended, gives that session back and starts
  nothing; of two at once one starts it. This holds when the caller is killed at any instant.
* A program that cannot be started is no error of `start`: the session has ended at once, with the reason
  `spawn failed` and a text that says why. `start` raises only when nothing was started and trying again may
  help.
* A session needs no one: its caller may die and another one adopts it by its key alone.
* Nothing that the session started outlives it: when `exit` tells the end, no process of it is left, not even
  one that made itself a daemon.
* It ends by `stop` or at its ceiling (`seconds`) even when the program refuses: it is asked (SIGTERM), and
  after `grace_seconds` killed with all that descends from it.
* `exit` is None until the end, and from then on always the same. `alive` is never true once `exit` has told
  the end.
* `read` from offset 0, going on from each offset it returns, gives every record once and in order, the last
  ones of an ended session included; the same offset gives the same records again, but for their text after
  `rewrite`. Each `read` takes bounded memory.
* Bytes that are no UTF-8 are kept: `text.encode("utf-8", "surrogateescape")` is what the program wrote.
* `wakes()` becomes readable soon after there is something new to read, and at an end. A wake may come for
  nothing and wakes may fall together; none gets lost while someone follows. Who begins to follow looks at
  every key first.
* A key that was never started is no error either: not alive, no exit, nothing to read, nothing to stop.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, runtime_checkable

MOST_PROCESSES = 1000
"""So many a session may have at once: more than any build needs, and far from what a machine can bear."""

RecordStream: TypeAlias = Literal["out", "err", "in", "shim"]
"""What the program wrote to stdout or stderr, what it was told, and remarks of the session itself."""


@dataclass(frozen=True, slots=True)
class Command:
    """What to run. `env` is the whole environment (a variable that marks the session is added to it).

    `stdin` is written first. With `keep_stdin` it then stays open for `send`, until `last_line` ("" for
    never) was printed on stdout and nothing was sent since, or until `close_input`; else it is closed at
    once. A line is the last one if it starts with `last_line` or, where that is a JSON object, is an object
    that has all of it, whatever else and in whichever order. `seconds` is the ceiling on the time it may run,
    `processes` on how many it may have at once, 0 for none. An exit code above `signals_from` (0: none is) is
    the number of a signal, told so by a program that starts another.

    HTTP requests to the listening socket `door` (a descriptor, -1 for none) reach the unix socket `gateway`;
    they are sent again while nobody serves there.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    stdin: str = ""
    keep_stdin: bool = False
    last_line: str = ""
    seconds: int = 0
    processes: int = MOST_PROCESSES
    grace_seconds: float = 10.0
    signals_from: int = 0
    gateway: str = ""
    door: int = -1


@dataclass(frozen=True, slots=True)
class Record:
    """A line, or a piece of one: `complete` says whether the line ends here. `t` is ms since the epoch.

    `text` has no line end; bytes that are no UTF-8 are lone surrogates in it (surrogateescape).
    """

    t: int
    stream: RecordStream
    text: str
    complete: bool


Rewrite: TypeAlias = Callable[[Iterable[Record]], Iterable[Record]]
"""Makes of records as many others, with other texts. It reads no further than it has to."""


@dataclass(frozen=True, slots=True)
class Exit:
    """How a session ended. `started` and `ended` are ms since the epoch; memory and time are those of its
    processes.

    `reason` is `exited` (by itself), the reason given to `stop`, `ceiling` (time), `processes` (too many of
    them), `output` (too much of it), `disk full`, `spawn failed`, `shim killed` (its own supervisor was),
    `shim failed` or `host restarted`.
    `code` is its exit status, or `signal` the number of the signal that ended it, or neither is known.
    """

    reason: str
    code: int | None = None
    signal: int | None = None
    error: str = ""
    started: int = 0
    ended: int = 0
    max_rss_kb: int = 0
    cpu_ms: int = 0


@dataclass(frozen=True, slots=True)
class Started:
    """The process that supervises the session, and when (ms since the epoch) the program was started."""

    pid: int
    at: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What a live session uses: the processor time (ms) and the bytes read and written by all its processes,
    those that have ended included, how many there are, and when it last said anything (ms since the epoch).
    0 where the platform does not tell. The times and bytes only grow, but for what a process takes with it
    that nobody waited for. `below` are the processes that live below the program itself: what it runs, or
    serves it; -1 where there are none.
    """

    cpu_ms: int = 0
    io_bytes: int = 0
    processes: int = 0
    output_at: int = 0
    below_cpu_ms: int = -1
    below_io_bytes: int = -1


@runtime_checkable
class Sessions(Protocol):
    """Where sessions live. Every method may be called from any thread, and again after a failure."""

    def start(self, key: str, command: Command) -> Started:
        """Start the session, or find the one that was started. Returns when the program runs: some 20 ms.

        Raises Permanent for a key or command that cannot be, Temporary when nothing was started.
        """
        ...

    def alive(self, key: str) -> bool:
        """Whether its supervisor or its program runs: by identity, a reused process id is not believed."""
        ...

    def stop(self, key: str, reason: str, *, grace_seconds: float | None = None) -> None:
        """Ask it to end, for this reason. Returns at once; `exit` tells the end. The first reason stays.

        `grace_seconds`: less time than it was started with until it is killed.
        """
        ...

    def allow(self, key: str, seconds: float) -> None:
        """Let it run so much longer, in all, than the ceiling it was started with. Saying it again changes
        nothing; after its end it means nothing. Raises Temporary when it takes no orders just now.
        """
        ...

    def wake(self, keys: Collection[str]) -> list[str]:
        """Let the supervisors and programs of these go on where somebody has paused them (SIGSTOP): nobody
        else would, and a check is not asked whether it is stuck. Returns the keys of those.
        """
        ...

    def send(self, key: str, text: str, *, once: str = "") -> bool:
        """Give `text` to its stdin, exactly; False when it takes no more input. What has the name `once` is
        given once, by however many callers.
        """
        ...

    def close_input(self, key: str) -> None:
        """Close its stdin, after all that was sent."""
        ...

    def read(self, key: str, offset: int) -> tuple[list[Record], int]:
        """A bounded number of records from `offset` on, and the offset after them (the same when there are
        none).
        """
        ...

    def rewrite(self, key: str, rewritten: Rewrite) -> bool:
        """Put other texts into the records of a session that has ended, in all of them at once, and into what
        it was given on its stdin. No text may be longer than it was, in characters and in bytes; the offsets
        stay as they are. After a crash it is done again. Whether anything was changed: nothing is while it
        lives. Raises `Temporary` when it can't be done now.
        """
        ...

    def exit(self, key: str) -> Exit | None:
        """How it ended, or None while it lives.

        When its supervisor was killed this ends what is left of it first, which may take some seconds.
        """
        ...

    def figures(self, key: str) -> Figures | None:
        """What it uses, None when it does not live. Takes some milliseconds for a tree of processes."""
        ...

    def keys(self) -> list[str]:
        """Every key that was ever started, ended ones too."""
        ...

    def wakes(self) -> int:
        """A descriptor that is readable when there is news. It belongs to these sessions: do not close it."""
        ...

    def drain(self) -> set[str]:
        """The keys with news since the last call. Never blocks."""
        ...

    def mend(self) -> bool:
        """Put right what keeps wakes from coming, as somebody has removed it. True when that was so:
        `wakes()` is to be listened to anew then, and wakes may be missing.
        """
        ...

    def watch(self, key: str) -> int | None:
        """A descriptor that becomes readable when the session's supervisor ends, however it ends; the caller
        closes it.

        None when it has ended, or where the platform has no such thing.
        """
        ...
