"""What a model's tokens cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for a million tokens, which is micro-dollars for one.

    `cache_read` is for those of the input that the provider had kept, `cache_write` for those that it was to
    keep.
    """

    input: float
    output: float
    cache_read: float
    cache_write: float

    def micros(self, given: int, said: int, read: int, written: int) -> int:
        """What so many tokens cost, in micro-dollars: given, said, read from the cache, written to it."""
        cost = given * self.input + said * self.output + read * self.cache_read + written * self.cache_write
        return round(cost)
