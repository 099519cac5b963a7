"""Giving others access to the page: tokens with a role, and links that are good for one answer.

The log keeps the digest of each secret alone; the secret is shown once, to the person who made it.
"""

from __future__ import annotations

import hashlib
import re
import secrets

from fleet.model import events
from fleet.model.access import Access, Link
from fleet.model.errors import FleetError, UsageError
from fleet.model.event import Event
from fleet.model.state import State
from fleet.surfaces.person import ROLES

MOST_DAYS = 366
MOST_HOURS = 7 * 24
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HOUR_MS = 3_600_000


def new_secret() -> str:
    """A secret of 256 bits, as text."""
    return secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """What the log keeps of a secret. With 256 bits of chance in it nobody finds it by trying."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def granted(state: State, actor: str, name: str, role: str, secret: str, days: int, now: int) -> list[Event]:
    """NAME may use the page in this role; a token that they had before is not good any more."""
    del state
    if role not in ROLES:
        raise UsageError(f"There is no role {role!r}", do=f"Use one of: {', '.join(ROLES)}.")
    if not 1 <= days <= MOST_DAYS:
        raise UsageError(f"A token can't be good for {days} days", do=f"Say 1 to {MOST_DAYS}.")
    data = {"name": named(name), "role": role, "digest": digest_of(secret), "actor": actor}
    expires = now + days * 24 * _HOUR_MS
    return [Event(events.ACCESS_GRANTED, data | {"expires": expires}, subject=f"access/{name}", source=actor)]


def revoked(state: State, actor: str, name: str) -> list[Event]:
    """NAME's token is not good any more. Sessions that it opened end too."""
    if name not in state.access:
        raise FleetError(f"{name!r} has no token", do="See: fleet web token list")
    data = {"name": name, "actor": actor}
    return [Event(events.ACCESS_REVOKED, data, subject=f"access/{name}", source=actor)]


def linked(
    state: State, actor: str, approval: str, name: str, secret: str, hours: int, now: int
) -> list[Event]:
    """NAME may answer this approval once, by a link, for the commit that it asks about."""
    found = state.approvals.get(approval)
    if found is None:
        raise FleetError(f"There is no approval {approval!r}", do="See: fleet approvals")
    if found.answer or found.handled:
        raise FleetError(f"{approval} does not wait any more")
    if not 1 <= hours <= MOST_HOURS:
        raise UsageError(f"A link can't be good for {hours} hours", do=f"Say 1 to {MOST_HOURS}.")
    data = {
        "approval": approval,
        "head": found.head,
        "name": named(name),
        "digest": digest_of(secret),
        "expires": now + hours * _HOUR_MS,
        "actor": actor,
    }
    subject = f"approval/{approval}"
    return [Event(events.LINK_MADE, data, subject=subject, source=actor, causation_id=found.cause)]


def access_by(state: State, secret: str, now: int) -> Access | None:
    """Whose token this is, while it is good."""
    digest = digest_of(secret)
    found = next((each for each in state.access.values() if each.digest == digest), None)
    return found if found is not None and found.expires > now else None


def link_by(state: State, secret: str, now: int) -> Link:
    """The link with this secret. Raises `FleetError` where it is not good (any more)."""
    found = state.links.get(digest_of(secret))
    if found is None or found.expires <= now:
        raise FleetError(
            "This link is not good", why="it is unknown, or it has expired", do="Ask for another one."
        )
    approval = state.approvals[found.approval]
    change = state.changes.get(approval.change)
    if approval.answer:
        raise FleetError("This was answered already", why=f"by {approval.by}")
    if approval.handled or (change is not None and found.head and change.head != found.head):
        raise FleetError("This does not wait any more", why="what it asked about has changed")
    return found


def named(name: str) -> str:
    """A name that an actor may have. Raises `UsageError`."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} can't be a name", do="Use letters, digits, dots, dashes and underscores, 64 at most."
        )
    return name
