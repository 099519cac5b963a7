"""What to tell of a pull request beside what an issue has: its heads, reviews, remarks at lines, its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fleet.adapters.forges.github.cursor import Pull, ms_of
from fleet.adapters.forges.github.facts import Facts
from fleet.adapters.forges.github.history import Happening, actor_of, at_of
from fleet.adapters.forges.github.marks import mark_of
from fleet.adapters.forges.github.people import People
from fleet.adapters.forges.github.telling import Story, Teller, login_of
from fleet.model import events

BRANCHES = "fleet/"
UNKNOWN = "unknown"  # the head that a command was meant for, where nobody can tell
_VERDICTS = {"approved": "approve", "changes_requested": "request-changes"}

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PullStory:
    """A pull request's story: GitHub's document of it, the head as it was known, how to get its remarks."""

    story: Story
    document: Document
    before: Pull | None
    remarks: Callable[[], Iterable[Document]]


class PullTeller:
    """Tells the stories of pull requests as facts."""

    def __init__(self, facts: Facts, teller: Teller) -> None:
        self._facts = facts
        self._teller = teller
        self._people = facts.people

    def tell(self, told: PullStory) -> None:
        """All that is to be told of one."""
        story = told.story
        self._opened(told)
        self._head(told)
        self._teller.tell(story)
        own, news = self._reviews(story)
        moved = told.before is not None and told.before.head != head_of(told.document)
        if news or (story.since and not moved and self._is_unexplained(story)):
            self._remarks(told, own)
        self._end(told)

    def _opened(self, told: PullStory) -> None:
        story, document = told.story, told.document
        if not story.is_new or is_own(self._people, self._facts.repo, document):
            return
        data: dict[str, Any] = {
            "item": 0,
            "instance": "",
            "branch": str((document.get("head") or {}).get("ref") or ""),
            "base": str((document.get("base") or {}).get("ref") or ""),
            "head": head_of(document),
            "title": str(document.get("title") or ""),
            "body": str(document.get("body") or ""),
            **self._facts.by(login_of(document), "author"),
            "fork": _is_fork(self._facts.repo, document),
            "url": str(document.get("html_url") or ""),
        }
        at = str(document.get("created_at"))
        self._facts.add(events.CHANGE_OPENED, f"pull:{story.number}", story.number, at, data, rank=0)

    def _head(self, told: PullStory) -> None:
        before, head = told.before, head_of(told.document)
        # Of one that Fleet opened itself somebody may have pushed to its branch before we first looked.
        number, was = told.story.number, before.head if before is not None else ""
        own = before is None and is_own(self._people, self._facts.repo, told.document)
        known = self._teller.was_opened_at(number, head) if own else was == head or before is None
        if not head or known:
            return
        key = f"head:{number}:{was[:12]}:{head}"
        data = {"head": head, "was": was}
        at = str(told.document.get("updated_at"))
        self._facts.add(events.CHANGE_HEAD_SEEN, key, number, at, data, rank=0)

    def _reviews(self, story: Story) -> tuple[set[Any], bool]:
        """Reviews by people. Returns the ids of Fleet's own, and whether there is a new one of somebody's."""
        own: set[Any] = set()
        news = False
        for entry in story.history:
            kind = entry.get("event")
            if kind == "reviewed" and self._is_fleets(entry):
                own.add(entry.get("id"))
            elif kind == "reviewed" and str(entry.get("state")).lower() == "pending":
                continue  # somebody is still writing it
            elif not story.is_news(entry):
                continue
            elif kind == "reviewed":
                news = True
                self._reviewed(story, entry)
            elif kind == "review_dismissed":
                self._dismissed(story, entry)
        return own, news

    def _is_fleets(self, entry: Happening) -> bool:
        """Whether Fleet posted this review. In the name of an agent nobody else speaks."""
        marked = bool(mark_of(entry.get("body")))
        return self._people.is_agents(actor_of(entry)) or (marked and self._people.is_own(actor_of(entry)))

    def _reviewed(self, story: Story, entry: Happening) -> None:
        verdict = _VERDICTS.get(str(entry.get("state")).lower())
        text, at, login = str(entry.get("body") or ""), at_of(entry), actor_of(entry)
        head, key = str(entry.get("commit_id") or ""), f"review:{entry.get('id')}"
        where: dict[str, object] = {"url": str(entry.get("html_url") or "")}
        if verdict is None:
            said = {**where, "review": True}
            self._facts.said(key, story.number, at, login, text, head=head, where=said)
            return
        data = {"head": head, "verdict": verdict, "text": text, "run": "", **where}
        data |= self._facts.by(login, "by")
        self._facts.add(events.CHANGE_REVIEWED, key, story.number, at, data)

    def _dismissed(self, story: Story, entry: Happening) -> None:
        review = entry.get("dismissed_review") or {}
        of = next((each for each in story.history if each.get("id") == review.get("review_id")), {})
        data = {
            "head": str(of.get("commit_id") or ""),
            "by": f"user/{actor_of(of)}",
            "text": str(review.get("dismissal_message") or ""),
            **self._facts.by(actor_of(entry)),
        }
        key = f"event:{entry.get('id')}"
        self._facts.add(events.CHANGE_REVIEW_DISMISSED, key, story.number, at_of(entry), data, rank=2)

    def _remarks(self, told: PullStory, own: set[Any]) -> None:
        story = told.story
        for each in told.remarks():
            at = str(each.get("created_at"))
            if at < story.since or each.get("pull_request_review_id") in own:
                continue
            if self._people.is_agents(login_of(each)):
                continue
            where = {
                "path": str(each.get("path") or ""),
                "line": int(each.get("line") or each.get("original_line") or 0),
                "url": str(each.get("html_url") or ""),
            }
            head = str(each.get("original_commit_id") or each.get("commit_id") or "")
            key, login, text = f"remark:{each.get('id')}", login_of(each), str(each.get("body") or "")
            self._facts.said(key, story.number, at, login, text, head=head, where=where)

    def _end(self, told: PullStory) -> None:
        """Merged or closed, and by whom; or opened again."""
        story, document, number = told.story, told.document, told.story.number
        if document.get("merged_at") or document.get("merged"):
            entry = _last(story, "merged")
            at = at_of(entry) or str(document.get("merged_at"))
            old = not story.is_news(entry) if entry else at < story.since
            if old or self._teller.is_own(number, "merged", entry):
                return
            sha = str(document.get("merge_commit_sha") or entry.get("commit_id") or "")
            data = {"head": head_of(document), "sha": sha, **self._facts.by(_who(entry, document))}
            self._facts.add(events.CHANGE_MERGED, f"merged:{number}", number, at, data, rank=3)
            return
        for kind, fact in (("closed", events.CHANGE_CLOSED), ("reopened", events.CHANGE_REOPENED)):
            entry = _last(story, kind)
            last = bool(entry) and self._teller.is_last(story, entry)
            if not last or not story.is_news(entry) or self._teller.is_own(number, kind, entry):
                continue
            if kind == "closed" or not story.is_open_already:
                data = {"reason": f"{kind} on GitHub", **self._facts.by(actor_of(entry))}
                self._facts.add(fact, f"event:{entry.get('id')}", number, at_of(entry), data, rank=3)

    @staticmethod
    def _is_unexplained(story: Story) -> bool:
        """Whether it was changed and its history does not say how: a remark may have come."""
        newest = max((at_of(entry) for entry in story.history), default="")
        return newest < str(story.entry.get("updated_at"))


def head_of(document: Document) -> str:
    """The commit that a pull request's branch is at."""
    return str((document.get("head") or {}).get("sha") or "")


def is_own(people: People, repo: str, document: Document) -> bool:
    """Whether Fleet opened this pull request: by its login, from its kind of branch or under its mark."""
    if _is_fork(repo, document) or not people.is_own(login_of(document)):
        return False
    branch = str((document.get("head") or {}).get("ref") or "")
    return branch.startswith(BRANCHES) or bool(mark_of(document.get("body")))


def seen_at(pull: Pull | None, at: str) -> str:
    """The head that was to be seen at that time of GitHub's: one that came later was not meant by anybody."""
    if pull is None:
        return UNKNOWN
    return pull.head if ms_of(at) >= pull.seen_ms else pull.before or UNKNOWN


def _is_fork(repo: str, document: Document) -> bool:
    head = document.get("head") or {}
    return str((head.get("repo") or {}).get("full_name") or "").lower() != repo.lower()


def _last(story: Story, kind: str) -> Happening:
    found = [entry for entry in story.history if entry.get("event") == kind]
    return found[-1] if found else {}


def _who(entry: Happening, document: Document) -> str:
    return actor_of(entry) or str((document.get("merged_by") or {}).get("login") or "")
