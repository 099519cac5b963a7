"""The secrets port: finding passwords, keys and tokens in a text.

Law: nothing that `find` or `mask` gives back, and no error, contains a secret. `mask` leaves everything else
as it is, and masking twice is masking once. Both block for as long as a regular expression takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret stands in a text, and what kind it is of, in words for people."""

    kind: str
    start: int
    end: int


class Secrets(Protocol):
    """A detector of secrets."""

    def find(self, text: str) -> list[Secret]:
        """The secrets of a text, in order; none overlaps another."""
        ...

    def mask(self, text: str) -> str:
        """The text with `[secret: KIND]` in the place of each secret."""
        ...
