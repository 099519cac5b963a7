"""No terminal: the transcript is read by `fleet logs`."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path


class NoTerminal:
    """Opens nothing, so that there is nothing to attach to."""

    def available(self) -> bool:
        """It takes nothing."""
        return True

    def open(self, key: str, title: str, screen: Path, pid: int) -> None:
        """See the port."""

    def close(self, key: str) -> None:
        """See the port."""

    def clear(self, live: Collection[str]) -> None:
        """See the port."""

    def attach_command(self, key: str) -> list[str] | None:
        """See the port."""
        return None
