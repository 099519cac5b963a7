"""The screen of a run: a plain text file that grows, for people who look over an agent's shoulder."""

from __future__ import annotations

from pathlib import Path


class Screen:
    """Appends lines. One that is begun anew over a file passes over as much as is there already. On a full
    disk it stops until it is begun anew: a run must not hang on its being looked at.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._known = path.stat().st_size
        except FileNotFoundError:
            self._known = 0
        self._seen = 0
        self._full = False

    def add(self, lines: list[str]) -> None:
        """Show these lines."""
        data = b"".join(line.encode("utf-8", "replace") + b"\n" for line in lines)
        start = max(0, min(len(data), self._known - self._seen))
        self._seen += len(data)
        if start < len(data) and not self._full:
            try:
                with self._path.open("ab") as file:
                    file.write(data[start:])
            except OSError:
                self._full = True
