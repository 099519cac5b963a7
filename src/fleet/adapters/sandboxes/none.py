"""No sandbox: the session finds what its user finds."""

from __future__ import annotations

from fleet.ports.sandbox import Room


class NoSandbox:
    """Where there is none. It can't be used, for the reason that it is given."""

    name = "none"

    def __init__(self, why: str = "it is off") -> None:
        self._why = why

    def problem(self) -> str:
        """See the port."""
        return self._why

    def wrap(self, argv: tuple[str, ...], room: Room) -> tuple[str, ...]:
        """The command as it is."""
        return argv
