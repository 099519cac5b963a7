"""What to tell of an issue or pull request, from its entry in the list and its history.

Of one that is new to us its whole story is told, in short: that it is there, who set each label that it has
now, what was said. Of one that is known, what happened since we looked. Fleet's own doings are no facts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fleet.adapters.forges.github.cursor import OVERLAP_S, Known, earlier, known_of, labels_of, ms_of
from fleet.adapters.forges.github.deeds import Deeds
from fleet.adapters.forges.github.facts import Facts
from fleet.adapters.forges.github.history import Happening, actor_of, at_of, name_of
from fleet.adapters.forges.github.listing import Entry
from fleet.adapters.forges.github.marks import mark_of
from fleet.adapters.forges.github.slips import Slips
from fleet.model import events


@dataclass(frozen=True, slots=True)
class Story:
    """One entry with its history, and what was known of it.

    `head` tells a pull request's head as it was to be seen at a time. `complete`: the history is whole.
    """

    number: int
    entry: Entry
    history: Sequence[Happening]
    known: Known | None
    complete: bool = True
    head: Callable[[str], str] = lambda at: ""

    @property
    def pull(self) -> bool:
        """Whether it is a pull request."""
        return "pull_request" in self.entry

    @property
    def since(self) -> str:
        """From when on its history may be news; "" where it was never read: then it is told in short."""
        return earlier(self.known.until, OVERLAP_S) if self.known is not None else ""

    @property
    def is_new(self) -> bool:
        """Whether it was never told that it is there."""
        return self.known is None or not self.known.told

    @property
    def is_open_already(self) -> bool:
        """Whether it is told as open, or was, so that its opening again in between is no news."""
        return self.is_new or (not self.since and self.known is not None and self.known.open)

    def is_news(self, entry: Happening) -> bool:
        """Whether this part of its history was not read before."""
        if self.known is None or not self.since:
            return True
        return at_of(entry) >= self.since and name_of(entry) not in self.known.recent


class Teller:
    """Tells stories as facts."""

    def __init__(self, facts: Facts, deeds: Deeds, slips: Slips) -> None:
        self._facts = facts
        self._people = facts.people
        self._deeds = deeds
        self._slips = slips

    def tell(self, story: Story) -> None:
        """All that is to be told of one."""
        if not story.pull:
            self._opened(story)
            self._edited(story)
        told_labels = self._labels(story)
        if story.complete and not story.since:
            self._labels_from_the_start(story, told_labels)
        for entry in story.history:
            if not story.is_news(entry):
                continue
            kind = entry.get("event")
            if kind == "commented":
                self._commented(story, entry)
            elif kind == "assigned" and not story.pull:
                self._assigned(story, entry)
            elif kind in ("closed", "reopened") and not story.pull:
                self._closed(story, entry)

    def is_own(self, number: int, what: str, entry: Happening) -> bool:
        """Whether Fleet did this itself."""
        name = f"{self._facts.repo}#{number} {what}"
        # Whose login it is costs a request the first time, and who gives a label need not wait for that.
        return self._deeds.was(name, ms_of(at_of(entry))) and self._people.is_own(actor_of(entry))

    def _is_slip(self, number: int, kind: str, name: str, entry: Happening) -> bool:
        """Whether Fleet did this by mistake, to a label that is not its own."""
        repo, at = self._facts.repo, ms_of(at_of(entry))
        slipped = self._slips.may_be(repo, number, kind, name, at) and self._people.is_own(actor_of(entry))
        if slipped:
            self._slips.owe(repo, number, kind, name)
        return slipped

    def was_opened_at(self, number: int, head: str) -> bool:
        """Whether this is the head with which Fleet opened the pull request."""
        return self._deeds.knows(f"{self._facts.repo}#{number} head {head}")

    def is_last(self, story: Story, entry: Happening) -> bool:
        """Whether no later entry of the history closes or opens it again."""
        kinds = ("closed", "reopened")
        return [each for each in story.history if each.get("event") in kinds][-1:] == [entry]

    def _opened(self, story: Story) -> None:
        entry, login = story.entry, login_of(story.entry)
        if not story.is_new:
            return
        data: dict[str, Any] = {
            "kind": "issue",
            "title": str(entry.get("title") or ""),
            "body": str(entry.get("body") or ""),
            # Who set a label counts, so labels come as facts of their own.
            "labels": [],
            **self._facts.by(login, "author"),
            "url": str(entry.get("html_url") or ""),
        }
        at = str(entry.get("created_at"))
        self._facts.add(events.ITEM_OPENED, f"issue:{story.number}", story.number, at, data, rank=0)

    def _edited(self, story: Story) -> None:
        now, known = known_of(story.entry), story.known
        if known is None or story.is_new or known.text == now.text:
            return
        data = {"title": str(story.entry.get("title") or ""), "body": str(story.entry.get("body") or "")}
        key = f"edit:{story.number}:{now.updated}:{now.text}"
        self._facts.add(events.ITEM_EDITED, key, story.number, now.updated, data, rank=0)

    def _labels(self, story: Story) -> set[str]:
        """Labels set and taken off. Returns those of the present ones whose setting was found."""
        present, last = set(labels_of(story.entry)), {}
        for entry in story.history:
            if entry.get("event") in ("labeled", "unlabeled"):
                last[_label(entry)] = entry
        for entry in story.history:
            name, kind = _label(entry), entry.get("event")
            if kind not in ("labeled", "unlabeled"):
                continue
            if not story.since and (last[name] is not entry or name not in present):
                continue  # of its past only what holds still
            if not story.is_news(entry) or self.is_own(story.number, f"{kind} {name}", entry):
                continue
            if not self._is_slip(story.number, str(kind), name, entry):
                self._labeled(story, str(kind), name, entry)
        return {name for name, entry in last.items() if entry.get("event") == "labeled"} & present

    def _labeled(self, story: Story, kind: str, label: str, entry: Happening) -> None:
        types = {
            ("labeled", False): events.ITEM_LABELED,
            ("unlabeled", False): events.ITEM_UNLABELED,
            ("labeled", True): events.CHANGE_LABELED,
            ("unlabeled", True): events.CHANGE_UNLABELED,
        }
        data = {"label": label, **self._facts.by(actor_of(entry))}
        key = f"event:{entry.get('id')}"
        self._facts.add(types[kind, story.pull], key, story.number, at_of(entry), data)

    def _labels_from_the_start(self, story: Story, told: set[str]) -> None:
        """Labels whose setting is in no history were there from the start: its author set them."""
        kind = events.CHANGE_LABELED if story.pull else events.ITEM_LABELED
        for label in labels_of(story.entry):
            if label not in told:
                data = {"label": label, **self._facts.by(login_of(story.entry))}
                key = f"label:{story.number}:{label}"
                self._facts.add(kind, key, story.number, str(story.entry.get("created_at")), data)

    def _commented(self, story: Story, entry: Happening) -> None:
        login, text = actor_of(entry), str(entry.get("body") or "")
        if self._people.is_agents(login) or (mark_of(text) and self._people.is_own(login)):
            return
        at = at_of(entry)
        where = {"url": str(entry.get("html_url") or "")}
        key = f"comment:{entry.get('id')}"
        self._facts.said(key, story.number, at, login, text, head=story.head(at), where=where)

    def _assigned(self, story: Story, entry: Happening) -> None:
        assignee = str((entry.get("assignee") or {}).get("login") or "")
        data = {"assignee": f"user/{assignee}", **self._facts.by(actor_of(entry))}
        self._facts.add(events.ITEM_ASSIGNED, f"event:{entry.get('id')}", story.number, at_of(entry), data)

    def _closed(self, story: Story, entry: Happening) -> None:
        kind = str(entry.get("event"))
        if self.is_own(story.number, kind, entry) or (not story.since and not self.is_last(story, entry)):
            return
        data = self._facts.by(actor_of(entry))
        if kind == "closed":
            data["reason"] = str(entry.get("state_reason") or story.entry.get("state_reason") or "closed")
        elif story.is_open_already:
            return
        fact = events.ITEM_CLOSED if kind == "closed" else events.ITEM_REOPENED
        self._facts.add(fact, f"event:{entry.get('id')}", story.number, at_of(entry), data, rank=3)


def login_of(entry: Entry) -> str:
    """Who opened it."""
    return str((entry.get("user") or {}).get("login") or "")


def _label(entry: Happening) -> str:
    return str((entry.get("label") or {}).get("name") or "")
