"""The log: the one ordered, append-only record of everything that happened.

The law, which `fleet.testing.log_law` checks for every implementation:

* `append` is all or none: either every event of the group is in the log, durably and next to each other, or
  none is.
* The log gives what is empty: `id`, `time`, and always `seq` (1, 2, 3 … without a gap) and `hash` (chain).
* Times never go backwards along the log, whatever the clock or the caller says; a caller's time that is yet
  to come is replaced by the time now.
* An append may be repeated. An event whose `id` is in the log already is skipped, and the stored one returned
  in its place; when every event of a group is there already, `expected` is not looked at, since the group was
  accepted once.
* What `append` returns is what `read` yields. Text that cannot be written as UTF-8 and numbers that JSON
  cannot carry exactly are replaced by a readable text (see `fleet.adapters.logs.canonical`), so no agent's
  output can stop the log.
* Any number of processes and threads may append and read at the same time; all see one order.
* A follower is woken by every append of any process, and sees each event once and in order.
* `verify` never raises because of what the log contains: it tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from fleet.model.event import Event

Clock = Callable[[], int]
"""The time now, in milliseconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the log: the last event's `seq` (0 when empty) and `hash` in hex (then the genesis hash)."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` found. `events` is how many records hold, from the first up to the first bad one.

    `head` is the last record that holds. `bad_seq` is the first bad record where it can be named, 0
    otherwise; `problem` is one sentence for a person, empty when `ok`. `checkpoints` is how many signatures
    were held against the log, `sealed` up to which record they go, and `redacted` how many records have their
    data taken away, as a later one says.
    """

    ok: bool
    events: int
    head: Head
    bad_seq: int = 0
    problem: str = ""
    checkpoints: int = 0
    sealed: int = 0
    redacted: int = 0


class Witness(Protocol):
    """Somebody else who knows the log, and is shown it record by record."""

    def see(self, digest: bytes) -> tuple[int, str]:
        """The next record's hash. The first bad record and what is wrong with it, (0, "") for nothing."""
        ...

    def end(self) -> str:
        """After the last one: what is wrong, empty when nothing is."""
        ...

    def suspect(self) -> int:
        """When the end is wrong: a record before it that is another one already, 0 for none."""
        ...


class Following(Protocol):
    """A place in the log that moves on as the log grows. It belongs to one thread or event loop."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def fileno(self) -> int:
        """A descriptor that is readable when `poll` may have something; for an event loop (`add_reader`).

        A wake-up can be lost when its sender is killed at the wrong instant, so a loop also polls now and
        then.
        """

    def poll(self) -> list[Event]:
        """The next events, at most a thousand, without blocking. `fileno` stays readable for more."""

    def wait(self, timeout_seconds: float | None) -> list[Event]:
        """As `poll`, but blocks until there is an event, or the time is over (then empty). None: for ever."""

    def close(self) -> None:
        """Stop following and leave nothing behind. May be repeated."""


class Log(Protocol):
    """The port. Its law is in the text of this module.

    Every method may raise `Temporary` (busy, disk full: try again) or `Permanent` (damaged, not writable,
    closed).
    """

    def append(self, events: Sequence[Event], expected: int | None = None) -> list[Event]:
        """Append the group and return it as stored, in the order given.

        `expected` is the `seq` of the last event that the caller has seen: when the log has grown since,
        nothing is written and `Conflict` is raised. Returns only after the group is durable.
        """

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[Event]:
        """The events with `seq > after`, in order, at most `limit`. Holds no lock while the caller works."""

    def head(self) -> Head:
        """The end of the log now."""

    def follow(self, after: int) -> Following:
        """Follow the log from after that `seq` on."""

    def verify(self) -> Verification:
        """Check every record and the chain, from what is really stored."""

    def close(self) -> None:
        """Let go of the log. May be repeated."""
