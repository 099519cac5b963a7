"""Where people are told that something waits for them."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

from fleet.model.gates import Window


@dataclass(frozen=True, slots=True)
class Channel:
    """One address. `url` is Apprise's, or `$NAME` of a variable that holds it, since such URLs are secrets.

    `kinds` of what waits are told there (none: all), not while `quiet`. With `digest` (a minute of the day in
    `zone`, -1: none) nothing is told by itself, but all of a day at once.
    """

    url: str
    kinds: tuple[str, ...] = ()
    quiet: Window | None = None
    digest: int = -1
    zone: str = "UTC"

    @property
    def name(self) -> str:
        """A name for the log, which does not tell the address."""
        kind = "variable" if self.url.startswith("$") else self.url.partition(":")[0]
        return f"{kind}-{crc32(self.url.encode()):08x}"
