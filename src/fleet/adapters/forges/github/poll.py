"""What happened in a repository since the last poll: one request while nothing did.

In this order: the list tells what changed (listing), the pull requests among it get their heads (pulls), each
gets its history (history), which is told as facts (telling, pull_telling); checks are asked for beside it
(checks). Nothing is kept here between polls but the pace: all that a poll must know is in the cursor.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from fleet.adapters.forges.github import checks, history, listing
from fleet.adapters.forges.github.cursor import (
    OVERLAP_S,
    Cursor,
    Follow,
    Pull,
    earlier,
    known_of,
    labels_of,
    read_cursor,
    text_of,
)
from fleet.adapters.forges.github.deeds import Deeds
from fleet.adapters.forges.github.facts import Facts
from fleet.adapters.forges.github.limits import Clock
from fleet.adapters.forges.github.listing import Entry, Listing
from fleet.adapters.forges.github.pace import Pace
from fleet.adapters.forges.github.people import People
from fleet.adapters.forges.github.pull_telling import PullStory, PullTeller, head_of, is_own, seen_at
from fleet.adapters.forges.github.pulls import Heads, documents_of, newest
from fleet.adapters.forges.github.requests import Rejected, Requests
from fleet.adapters.forges.github.seen import Seen
from fleet.adapters.forges.github.slips import Slips
from fleet.adapters.forges.github.telling import Story, Teller
from fleet.model.event import Event
from fleet.ports.forge import Polled

_REMEMBERED_S = 3 * OVERLAP_S
_ONE_BY_ONE = 2  # more than this are fetched from the repository's own lists, which cost less together
_AT_ONCE = 25
_LAG_MS = 60_000


@dataclass(frozen=True, slots=True)
class Poller:
    """Polls repositories."""

    requests: Requests
    people: People
    deeds: Deeds
    heads: Heads
    pace: Pace
    clock: Clock
    seen: Seen
    slips: Slips
    required: Mapping[str, Collection[str]]  # repository → the checks that its branch requires, where known
    own_labels: Collection[str] = ()  # those that start nothing, since Fleet itself sets them

    def poll(self, repo: str, data: Mapping[str, Any], lost: Sequence[int] = ()) -> Polled:
        """What happened since; the cursor for the next time; when that should be. As the port says."""
        cursor = read_cursor(data)
        if not cursor.seen:
            cursor.loose = sorted(set(lost))
        spent = self.requests.spent_here
        self._watch(repo, cursor)
        asked = self.requests.now_ms()
        seen = listing.look(self.requests, repo, cursor)
        for entry in seen.changed.values():
            self.seen.polled(repo, entry)
        self.seen.listed(repo, asked)
        facts = Facts(repo, self.people, cursor.told)
        now = self.clock()
        before = cursor.seen
        details = self._details(repo, cursor, seen)
        due = any(follow.next and follow.next <= now for follow in cursor.follow.values())
        closer = not (details or due) or self.pace.may_look(repo, now)
        taken = seen if closer else seen.without(details)
        later = self._less_urgent(cursor, taken)
        if not seen.same:
            self._take(repo, cursor, taken.without(later), facts)
        cursor.put_off = later
        if not seen.same:
            waiting = {*cursor.loose, *later} - set(taken.without(later).changed)
            cursor.left = {str(n): cursor.left.get(str(n), before) for n in waiting}
        if closer and not later:
            self._follow(facts, cursor, now)
        told = facts.told()
        cursor.quiet = 0 if told else min(cursor.quiet + 1, 99)
        self._note_told(cursor, told, seen.date_ms)
        return Polled(told, cursor.plain(), now if later else self._next(repo, cursor, seen, spent))

    def _less_urgent(self, cursor: Cursor, seen: Listing) -> list[int]:
        """What else changed beside issues that got a label: somebody may wait for these to be begun, so they
        are told alone, and the next poll, which follows at once, looks at the rest.
        """
        if not cursor.seen or seen.same:
            return []
        labelled = {number for number, entry in seen.changed.items() if self._is_labelled(cursor, entry)}
        return [n for n in seen.changed if labelled and n not in labelled and n not in cursor.put_off]

    def _is_labelled(self, cursor: Cursor, entry: Entry) -> bool:
        known = cursor.known.get(str(entry["number"]))
        new = set(labels_of(entry)) - set(known.labels if known is not None else ()) - set(self.own_labels)
        return bool(new) and "pull_request" not in entry and entry.get("state") == "open"

    def _watch(self, repo: str, cursor: Cursor) -> None:
        """While Fleet has pull requests open: those that moved by their own list are looked at in any case.

        GitHub does not promise that every review and remark moves a pull request in the list of issues.
        """
        now = self.clock()
        if not cursor.follow or now - cursor.watched < self.pace.watch_ms(repo, now):
            return
        cursor.watched = now
        for document in newest(self.requests, repo):
            known = cursor.pulls.get(str(document["number"]))
            moved = (head_of(document), str(document.get("updated_at")))
            if known is not None and moved != (known.head, known.updated):
                cursor.loose = sorted({*cursor.loose, int(document["number"])})

    def _next(self, repo: str, cursor: Cursor, seen: Listing, spent: int) -> int:
        now = self.clock()
        due = [follow.next for follow in cursor.follow.values() if follow.next]
        wait = self.pace.wait(
            repo,
            now,
            quiet=cursor.quiet,
            spent=self.requests.spent_here - spent,
            stretch=self.requests.limits.stretch(),
            least=seen.least_ms,
            due=min(due, default=0),
        )
        return now + wait

    def _details(self, repo: str, cursor: Cursor, seen: Listing) -> list[int]:
        """Those whose news may be gathered for a while, which costs most: pull requests that we know, and
        what Fleet itself changed last.
        """
        return [
            number
            for number, entry in seen.changed.items()
            if str(number) in cursor.known
            and entry.get("state") == "open"
            and ("pull_request" in entry or self.seen.did(repo, number, str(entry.get("updated_at"))))
        ]

    def _take(self, repo: str, cursor: Cursor, seen: Listing, facts: Facts) -> None:
        """Tell all that changed, and bring the cursor up to it."""
        numbers = {number: "pull_request" in entry for number, entry in seen.changed.items()}
        pulls = documents_of(self.requests, repo, [number for number, pull in numbers.items() if pull])
        if pulls:
            cursor.watched = self.clock()
        before = {number: cursor.pulls.get(str(number)) for number in pulls}
        for number, document in pulls.items():
            self._saw_head(repo, cursor, number, document)
        histories, later = self._histories(repo, cursor, seen)
        teller = Teller(facts, self.deeds, self.slips)
        pull_teller = PullTeller(facts, teller)
        remarks = _Remarks(self.requests, repo, self._since(cursor, pulls) if len(pulls) > 1 else "")
        for number, entry in seen.changed.items():
            pull = cursor.pulls.get(str(number)) if number in pulls else None
            story = Story(
                number,
                entry,
                histories.get(number, ()),
                cursor.known.get(str(number)),
                complete=number not in later,
                head=_head_at(pull) if numbers[number] else lambda at: "",
            )
            if number in pulls:
                pull_teller.tell(PullStory(story, pulls[number], before[number], partial(remarks.of, number)))
            elif not numbers[number]:
                teller.tell(story)
        self._remember(cursor, seen, pulls, histories, later)
        cursor.loose = sorted({*cursor.loose, *self._lagging(repo, seen, histories)})

    def _histories(
        self, repo: str, cursor: Cursor, seen: Listing
    ) -> tuple[dict[int, list[history.Happening]], set[int]]:
        """The history of each that has one; and the numbers whose history is not all there yet."""
        wanted = {
            number: "pull_request" in entry
            for number, entry in seen.changed.items()
            if _has_history(entry, str(number) in cursor.known)
        }
        new = [number for number in wanted if str(number) not in cursor.known]
        # Who gave the labels of one that was never read may stand far back: its own history is shorter.
        unread = {number for number in wanted if number not in new and not cursor.known[str(number)].until}
        together = {number for number in wanted if number not in unread} - (
            set(new) if len(new) <= _AT_ONCE else set()
        )
        found: dict[int, list[history.Happening]] = {}
        missing: set[int] = set()
        if len(together) > _ONE_BY_ONE:
            labels = {(n, label) for n in new if n in together for label in labels_of(seen.changed[n])}
            lists = {number: wanted[number] for number in wanted if number in together}
            try:
                found, missing = history.of_many(
                    self.requests, repo, lists, self._since(cursor, lists), labels
                )
                found = {n: each for n, each in found.items() if not _lacks_labels(cursor, seen, n, each)}
            except Rejected as error:
                if error.status not in (404, 410):
                    raise
        for number, pull in wanted.items():
            if number not in found:
                updated = str(seen.changed[number].get("updated_at"))
                found[number] = history.of_one(self.requests, repo, number, pull=pull, updated=updated)
        return found, missing

    @staticmethod
    def _since(cursor: Cursor, numbers: Iterable[int]) -> str:
        """Since when nobody has looked at one of these."""
        return min([cursor.seen, *(cursor.left.get(str(number), cursor.seen) for number in numbers)])

    def _lagging(
        self, repo: str, seen: Listing, histories: Mapping[int, Sequence[history.Happening]]
    ) -> list[int]:
        """Those that changed just now without a word in their history: GitHub may tell it a little later."""
        edge = text_of(seen.date_ms - _LAG_MS)
        updates = {number: str(seen.changed[number].get("updated_at")) for number in histories}
        return [
            number
            for number, at in updates.items()
            if at >= edge and history.is_late(histories[number], at) and not self.seen.did(repo, number, at)
        ]

    def _saw_head(self, repo: str, cursor: Cursor, number: int, document: Mapping[str, Any]) -> None:
        """Remember since when this head is there to be seen, and follow its checks if it is Fleet's."""
        name, head, now = str(number), head_of(document), self.clock()
        if document.get("state") != "open":
            cursor.follow.pop(name, None)
        known = cursor.pulls.get(name)
        if known is None or known.head != head:
            since = self.heads.since(repo, number, head) or self.requests.now_ms()
            known = Pull(head, since // 1000 * 1000, known.head if known else "")
        cursor.pulls[name] = replace(known, updated=str(document.get("updated_at")))
        followed = cursor.follow.get(name)
        if (
            document.get("state") == "open"
            and (followed is None or followed.head != head)
            and is_own(self.people, repo, document)
        ):
            soon = checks.FIRST_MS if self.pace.is_short(repo, now) else 0  # none has begun yet
            cursor.follow[name] = Follow(head, begun=now, next=now + soon, wait=0)

    def _remember(
        self,
        cursor: Cursor,
        seen: Listing,
        pulls: Mapping[int, Mapping[str, Any]],
        histories: Mapping[int, Sequence[history.Happening]],
        later: set[int],
    ) -> None:
        """The cursor after all was told."""
        for number, entry in seen.changed.items():
            known = known_of(entry)
            if number in histories and number not in later:
                known.until, known.recent = history.end_of(histories[number], known.updated)
            cursor.known[str(number)] = known
            if not known.open and number in pulls:
                cursor.pulls.pop(str(number), None)
        for entry in seen.passed:
            cursor.known[str(entry["number"])] = replace(known_of(entry), told=False)
        # Of those that come later, so many are looked at with each poll, oldest first.
        waiting = [number for number in seen.changed if number in later][:_AT_ONCE]
        cursor.loose = sorted({*seen.loose, *waiting})
        cursor.seen, cursor.tag = seen.seen, seen.tag
        listing.trim(cursor)

    @staticmethod
    def _note_told(cursor: Cursor, told: Iterable[Event], date_ms: int) -> None:
        """What happened a moment ago is read again with the next change: it need not be told again."""
        cursor.told |= {event.id: int(event.data["at"]) for event in told}
        edge = date_ms - _REMEMBERED_S * 1000
        cursor.told = {name: at for name, at in cursor.told.items() if at >= edge}

    def _follow(self, facts: Facts, cursor: Cursor, now: int) -> None:
        required, short = self.required.get(facts.repo, ()), self.pace.is_short(facts.repo, now)
        for name, follow in cursor.follow.items():
            if not follow.next and checks.lacks(follow, required, now):
                follow.next = now  # what its branch requires was not known when it was looked at
            if follow.next and follow.next <= now:
                checks.look(self.requests, facts, int(name), follow, cursor, now, required, short=short)


@dataclass(slots=True)
class _Remarks:
    """Remarks at lines, asked for only when somebody wants them: those since then of the whole repository in
    one list, or ("") all of each pull request.
    """

    requests: Requests
    repo: str
    since: str
    _found: dict[int, list[Mapping[str, Any]]] | None = None

    def of(self, number: int) -> Iterable[Mapping[str, Any]]:
        """Those of this pull request."""
        if self.since and self._found is None:
            self._found = {}
            edge = earlier(self.since, OVERLAP_S)
            try:
                path = f"repos/{self.repo}/pulls/comments"
                for each, remark in history.newest_of(self.requests, path, "pull_request_url", edge):
                    self._found.setdefault(each, []).append(remark)
            except Rejected as error:
                if error.status not in (404, 410):
                    raise
                self.since, self._found = "", None
        if self._found is not None:
            return self._found.get(number, ())
        return self.requests.pages(f"repos/{self.repo}/pulls/{number}/comments")


def _lacks_labels(cursor: Cursor, seen: Listing, number: int, found: Sequence[history.Happening]) -> bool:
    """Whether its labels have changed, and what was read does not say how."""
    known = cursor.known.get(str(number))
    changed = known is not None and sorted(known.labels) != sorted(labels_of(seen.changed[number]))
    return changed and not any(entry.get("event") in ("labeled", "unlabeled") for entry in found)


def _head_at(pull: Pull | None) -> Any:
    return lambda at: seen_at(pull, at)


def _has_history(entry: Entry, known: bool) -> bool:
    """Whether there can be anything to tell beside that it is there."""
    if known or "pull_request" in entry or entry.get("state") != "open":
        return True
    return bool(labels_of(entry) or entry.get("comments") or entry.get("assignees"))
