"""Tokens for the page, and links that are good for one answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.model.access import Access, Link
from fleet.model.event import Event
from fleet.model.state import State
from fleet.policy.folds.reading import text, whole


def granted(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """Somebody may use the page with a token; an older one of the same name is not good any more."""
    del event
    name, digest = text(data, "name"), text(data, "digest")
    if name and digest:
        state.access[name] = Access(name, text(data, "role"), digest, whole(data, "expires"))


def revoked(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """The token of that name is not good any more."""
    del event
    state.access.pop(text(data, "name"), None)


def linked(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """One person may answer one approval by a link. Those that have expired are forgotten."""
    for digest in [each.digest for each in state.links.values() if each.expires < event.time]:
        del state.links[digest]
    digest = text(data, "digest")
    if digest:
        name, head = text(data, "name"), text(data, "head")
        state.links[digest] = Link(text(data, "approval"), head, name, digest, whole(data, "expires"))
