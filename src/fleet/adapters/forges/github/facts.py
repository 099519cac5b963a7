"""How a fact of GitHub's becomes an event: an id that is the same however often it is seen, who, when, where.

Every fact has `ref` ("acme/shop#12"), `repo`, `at` (GitHub's time in ms), and `item` or `change` 0: the
journal puts Fleet's own number there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from fleet.adapters.forges.github.commands import read_commands
from fleet.adapters.forges.github.cursor import ms_of
from fleet.adapters.forges.github.people import People
from fleet.model import events
from fleet.model.event import Event

SOURCE = "forge/github"
_LONGEST = 65_536


@dataclass
class Facts:
    """The facts of one poll. `add` takes them in any order; `told` gives them as they happened."""

    repo: str
    people: People
    known: Collection[str] = ()  # ids of facts that were told
    _found: list[tuple[int, int, int, Event]] = field(default_factory=list)
    _ids: set[str] = field(default_factory=set)

    def add(
        self, kind: str, key: str, number: int, at: str | int, data: Mapping[str, Any], *, rank: int = 1
    ) -> None:
        """One fact about an issue or pull request. `key` tells it from all others of this repository.

        Of facts at the same second, the lower rank comes first. A fact that was added already is passed over.
        """
        name = f"gh:{self.repo}:{key}"
        if name in self._ids or name in self.known:
            return
        self._ids.add(name)
        ref = f"{self.repo}#{number}"
        at_ms = at if isinstance(at, int) else ms_of(at)
        about = "change" if kind.startswith("fleet.change.") else "item"
        event = Event(
            type=kind,
            data={about: 0, "ref": ref, "repo": self.repo, **data, "at": at_ms},
            subject=ref,
            source=SOURCE,
            id=name,
        )
        self._found.append((at_ms // 1000, rank, len(self._found), event))

    def told(self) -> tuple[Event, ...]:
        """All of them, in order."""
        return tuple(event for *_, event in sorted(self._found, key=lambda each: each[:3]))

    def by(self, login: str, name: str = "actor") -> dict[str, Any]:
        """Who did it, and whether that counts."""
        return {name: f"user/{login}" if login else "", "trusted": self.people.trusts(self.repo, login)}

    def said(
        self,
        key: str,
        number: int,
        at: str,
        login: str,
        text: str,
        *,
        head: str = "",
        where: Mapping[str, Any] | None = None,
    ) -> None:
        """A person's words: a comment, and the commands in it. `head`: what it was said of."""
        said = read_commands(text[:_LONGEST])
        rest = dict(where or {}) | ({"head": head} if head else {})
        if said.text:
            data = {**self.by(login, "author"), "text": said.text, **rest}
            self.add(events.ITEM_COMMENTED, key, number, at, data)
        for place, command in enumerate(said.commands):
            data = {"command": command.verb, "args": command.args, **self.by(login), **rest, "head": head}
            self.add(events.FORGE_COMMANDED, f"{key}:command:{place}", number, at, data, rank=2)
