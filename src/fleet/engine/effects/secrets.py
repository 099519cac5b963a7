"""Where commits add secrets, and of which kind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fleet.ports.repository import Repository
from fleet.ports.secrets import Secrets

_MOST = 100


def secrets_in(
    secrets: Secrets, repository: Repository, head: str, known: Iterable[str]
) -> list[dict[str, Any]]:
    """The secrets that the commits of `head` add, but for those in `known`: path, line and kind of each, and
    never what they are.
    """
    found: dict[tuple[str, int, str], None] = {}
    for block in repository.added(head, [each for each in known if each]):
        if block.cut:
            found["the rest of it", 0, "more than can be looked through"] = None
        for secret in secrets.find(block.text):
            line = block.line + block.text.count("\n", 0, secret.start)
            found[secrets.mask(block.path), line, secret.kind] = None
        for secret in secrets.find(block.path):
            found[secrets.mask(block.path), 0, secret.kind] = None
    return [{"path": path, "line": line, "kind": kind} for path, line, kind in list(found)[:_MOST]]
