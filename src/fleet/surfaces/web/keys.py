"""What lets browsers and programs in: a link that is good once, sessions, a token in every form.

All of it is made when `fleet web` starts and lives in its memory alone. It is written to no file: agents run
as the same user and could read it. Tokens that people were given (`fleet web token add`) are in the log, as
digests.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from fleet.surfaces.person import Person

COOKIE = "fleet_session"
SECURE_COOKIE = "__Host-fleet_session"
"""Where there is TLS: browsers take it from this very host alone, and over nothing else."""

FIELD = "token"
HEADER = "x-fleet-token"
SESSION_MS = 12 * 3_600_000
_MOST_SESSIONS = 1000


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody who was let in. `token` is what their forms carry beside the cookie; a program that shows its
    own token with each request (`bearer`) needs none. `expires` is ms since the epoch, 0 for never.
    """

    person: Person
    token: str = ""
    digest: str = ""
    expires: int = 0
    bearer: bool = False


class Keys:
    """The sessions of one `fleet web`. `owner` is who started it, whom the link lets in."""

    def __init__(self, owner: Person) -> None:
        self.owner = owner
        self._once = secrets.token_urlsafe(32)
        self._sessions: OrderedDict[str, Entered] = OrderedDict()
        self._own = secrets.token_urlsafe(32)
        self._sessions[self._own] = Entered(owner, token_of(self._own))

    @property
    def once(self) -> str:
        """The key of the next link."""
        return self._once

    @property
    def token(self) -> str:
        """What the owner's own forms carry."""
        return token_of(self._own)

    def enter(self, key: str) -> str | None:
        """The owner's session for a key that is good, which is spent then, and the next one made. None for
        others.
        """
        if not hmac.compare_digest(key.encode("utf-8", "replace"), self._once.encode()):
            return None
        self._once = secrets.token_urlsafe(32)
        return self._own

    def open(self, person: Person, digest: str, expires: int) -> str:
        """A session for somebody who has shown a token; `digest` is that of the token."""
        session = secrets.token_urlsafe(32)
        self._sessions[session] = Entered(person, token_of(session), digest, expires)
        while len(self._sessions) > _MOST_SESSIONS:
            oldest = next(each for each in self._sessions if each != self._own)
            del self._sessions[oldest]
        return session

    def close(self, session: str) -> None:
        """End a session; the owner's ends with `fleet web` alone."""
        if session != self._own:
            self._sessions.pop(session, None)

    def who(self, session: str, good: Callable[[Entered], bool]) -> Entered | None:
        """Whose session this is. One that is not `good` any more is ended."""
        found = self._sessions.get(session)
        if found is None or good(found):
            return found
        self.close(session)
        return None


def token_of(session: str) -> str:
    """The token of a session's forms."""
    return hmac.new(session.encode(), b"form", hashlib.sha256).hexdigest()


def signed(entered: Entered, token: str) -> bool:
    """Whether this is the token of their forms."""
    said = token.encode("utf-8", "replace")
    return entered.bearer or hmac.compare_digest(said, entered.token.encode())
