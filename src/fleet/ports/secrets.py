"""The secrets port: finding passwords, keys and tokens in a text.

Law: nothing that `find`, `mask` or `mask_records` gives back, and no error, contains a secret. Masking leaves
everything else as it is, and masking twice is masking once. All block for as long as a regular expression
takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from fleet.ports.harness import AgentEvent, Stream
from fleet.ports.session import Record


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret stands in a text, and what kind it is of, in words for people."""

    kind: str
    start: int
    end: int


def mark(kind: str, room: int = 1000) -> str:
    """What stands in the place of a secret: `[secret: KIND]`, or `[secret]` where there is no room for that
    (`room` in characters).
    """
    full = f"[secret: {kind}]"
    return full if len(full) <= room else "[secret]"


class MaskedReader(Protocol):
    """A harness's reader that gives no secrets. `found` says whether it has met any."""

    found: bool

    def feed(self, stream: Stream, line: str) -> list[AgentEvent]:
        """See `fleet.ports.harness.Reader`."""
        ...


class Secrets(Protocol):
    """A detector of secrets."""

    def find(self, text: str) -> list[Secret]:
        """The secrets of a text, in order; none overlaps another."""
        ...

    def mask(self, text: str) -> str:
        """The text with `[secret: KIND]` in the place of each secret."""
        ...

    def mask_records(self, records: Iterable[Record]) -> Iterator[Record]:
        """A session's records, masked: as many of them, and none longer than it was, neither in characters
        nor in bytes. Secrets that go over several lines or pieces are found, too. Takes bounded memory.
        """
        ...
