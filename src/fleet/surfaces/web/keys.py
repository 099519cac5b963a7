"""What lets one person's browser in: a link that is good once, a session, and a token in every form.

All are made when `fleet web` starts and live in its memory alone. They are written to no file: agents run as
the same user and could read it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

COOKIE = "fleet_session"
FIELD = "token"
HEADER = "x-fleet-token"


class Keys:
    """The session of one `fleet web`. `token` is what a form must carry beside the cookie."""

    def __init__(self) -> None:
        self._session = secrets.token_urlsafe(32)
        self._once = secrets.token_urlsafe(32)
        self.token = hmac.new(self._session.encode(), b"form", hashlib.sha256).hexdigest()

    @property
    def once(self) -> str:
        """The key of the next link."""
        return self._once

    def enter(self, key: str) -> str | None:
        """The session for a key that is good, which is spent then, and the next one made. None for others."""
        if not hmac.compare_digest(key.encode("utf-8", "replace"), self._once.encode()):
            return None
        self._once = secrets.token_urlsafe(32)
        return self._session

    def knows(self, session: str) -> bool:
        """Whether this is the session."""
        return hmac.compare_digest(session.encode("utf-8", "replace"), self._session.encode())

    def signed(self, token: str) -> bool:
        """Whether this is the token of its forms."""
        return hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode())
