"""Notifications by Apprise, which knows a hundred services by their URLs."""

from __future__ import annotations

from fleet.model.errors import Permanent, Temporary


class AppriseNotifier:
    """Loads Apprise with the first message."""

    def send(self, url: str, title: str, text: str) -> None:
        """See the port. The address itself is a secret: no error names it."""
        import apprise

        service = apprise.Apprise()
        if not service.add(url):
            raise Permanent(
                "Apprise can't read the address",
                why="it has no such service, or a part is missing",
                do="See docs/notifications.md",
            )
        if not service.notify(title=title, body=text, body_format=apprise.NotifyFormat.TEXT):
            raise Temporary(
                "The service did not take the message", why="Apprise says no more", delay_ms=5_000
            )
