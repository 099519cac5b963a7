"""Who may use the page from elsewhere, and links good for one answer. Of secrets there are digests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Access:
    """A token of one person. `digest` is SHA-256 of it, `expires` ms since the epoch."""

    name: str
    role: str
    digest: str
    expires: int


@dataclass(slots=True)
class Link:
    """A link by which one person may answer one approval, for one commit, until it expires."""

    approval: str
    head: str
    name: str
    digest: str
    expires: int
