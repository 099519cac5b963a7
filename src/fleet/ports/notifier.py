"""The notifier port: how people are told something, wherever they are.

Law: `send` returns when the service has taken the message. It may be called from any thread, and twice for
the same message after a crash: better twice than never.
"""

from __future__ import annotations

from typing import Protocol


class Notifier(Protocol):
    """Tells people."""

    def send(self, url: str, title: str, text: str) -> None:
        """Send it there. Raises Temporary when it is not taken, Permanent for what can be no address."""
        ...
