"""Reviews: posted once, under a mark, with remarks at lines where GitHub takes them.

GitHub lets nobody approve a pull request that the same login opened. Then the review is in another login's
name, if the agent has one; else it is a comment that says the verdict. The truth is the event in the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fleet.adapters.forges.github.deeds import Deeds
from fleet.adapters.forges.github.diff_lines import shown_lines
from fleet.adapters.forges.github.logins import Logins
from fleet.adapters.forges.github.marks import fitted, is_mark, marked
from fleet.adapters.forges.github.people import People, login_in
from fleet.adapters.forges.github.requests import Rejected, Requests
from fleet.adapters.forges.github.seen import Seen
from fleet.model.errors import Permanent
from fleet.ports.forge import LineComment, Posted

Verdict = Literal["approve", "request-changes", "comment"]
_EVENTS = {"approve": "APPROVE", "request-changes": "REQUEST_CHANGES", "comment": "COMMENT"}
_SAYS = {"approve": "Approved", "request-changes": "Changes requested"}


@dataclass(frozen=True, slots=True)
class _Review:
    """What is to be posted. `inline` are remarks that GitHub takes at their line, `rest` the others."""

    path: str
    head: str
    mark: str
    verdict: Verdict
    text: str
    inline: tuple[LineComment, ...]
    rest: tuple[LineComment, ...]


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Posts reviews. `logins` are those in whose names agents judge."""

    requests: Requests
    people: People
    logins: Logins
    seen: Seen
    deeds: Deeds

    def review(
        self,
        repo: str,
        number: int,
        *,
        head: str,
        mark: str,
        verdict: Verdict,
        text: str,
        comments: Sequence[LineComment],
        login: str,
    ) -> Posted:
        """Post it, unless a review with this mark is there."""
        path, deed = f"repos/{repo}/pulls/{number}", f"{repo}#{number} review {mark}"
        # What was never begun needs no looking for: it is written down before it is sent.
        there = None if self.deeds.is_new(deed) else self._there(path, mark, verdict)
        if there is not None:
            return there
        document = self._document(repo, number, path, anew=bool(comments))
        author = login_in(document)
        inline, rest = self._placed(path, head, document, comments)
        wanted = _Review(path, head, mark, verdict, text, inline, rest)
        with self.deeds.doing(deed):
            return self._give(wanted, author, login)

    def _give(self, wanted: _Review, author: str, login: str) -> Posted:
        """Post it in the name of this login, else in that of Fleet's own."""
        verdict, reason = wanted.verdict, ""
        if login:
            reason = self._as(login, author, wanted)
            if not reason:
                return Posted(login, counted=True)
        mine = self.people.is_own(author)
        events = ["COMMENT"] if mine else [_EVENTS[verdict], "COMMENT"]
        event = self._post(self.requests, wanted, events, reason)
        if event == "COMMENT" and verdict != "comment":
            reason = reason or f"{self.people.login()} may not judge here{', as its author' if mine else ''}"
            return Posted(self.people.login(), counted=False, reason=reason)
        return Posted(self.people.login(), counted=True)

    def _document(self, repo: str, number: int, path: str, *, anew: bool) -> Mapping[str, Any]:
        """The pull request, or what is known of it already, which has its author but not its head."""
        known = None if anew else self.seen.take(repo, number)
        document: Mapping[str, Any] = self.requests.get(path).document if known is None else known
        return document

    def _as(self, login: str, author: str, wanted: _Review) -> str:
        """Post it in the name of this login; or why that can't be."""
        if login.lower() == author.lower():
            return f"{login} has opened this pull request, and GitHub lets nobody judge their own"
        try:
            self._post(self.logins.requests(login), wanted, [_EVENTS[wanted.verdict]], "")
        except Permanent as error:
            self.logins.forget(login)
            return f"{login} could not give it: {error.what}{f' ({error.why})' if error.why else ''}"
        return ""

    @staticmethod
    def _post(door: Requests, wanted: _Review, events: Sequence[str], reason: str) -> str:
        """Post it as the first of these that GitHub takes; which one that was."""
        everything = (*wanted.inline, *wanted.rest)
        tries = [(event, wanted.inline, wanted.rest) for event in events]
        tries = list(dict.fromkeys([*tries, (events[-1], (), everything)]))
        for at, (event, at_lines, in_text) in enumerate(tries):
            told = wanted.verdict if event == "COMMENT" else "comment"
            said = _text(wanted.text, wanted.head, told, in_text)
            if reason and event == "COMMENT":
                said += f"\n\nIt is a comment only: {reason}."
            new: dict[str, Any] = {
                "commit_id": wanted.head,
                "event": event,
                "body": marked(said, wanted.mark),
            }
            if at_lines:
                new["comments"] = [
                    {"path": each.path, "line": each.line, "side": "RIGHT", "body": fitted(each.text)}
                    for each in at_lines
                ]
            try:
                door.send("POST", f"{wanted.path}/reviews", new)
            except Rejected as error:
                # Of a verdict that may not be, or a line that is not in the diff, GitHub says 422.
                if error.status != 422 or at == len(tries) - 1:
                    raise
            else:
                return event
        raise AssertionError("the last try is done or raises")

    def _there(self, path: str, mark: str, verdict: Verdict) -> Posted | None:
        """The review that was posted under this mark before, if any."""
        for each in self.requests.pages(f"{path}/reviews"):
            login = login_in(each)
            if is_mark(each.get("body"), mark) and self.people.is_fleets(login):
                counted = verdict == "comment" or str(each.get("state")).upper() != "COMMENTED"
                return Posted(login, counted, "" if counted else "it was posted as a comment before")
        return None

    def _placed(
        self, path: str, head: str, document: Mapping[str, Any], comments: Sequence[LineComment]
    ) -> tuple[tuple[LineComment, ...], tuple[LineComment, ...]]:
        """Remarks that GitHub takes at their line, and those that go into the text."""
        if not comments or document["head"]["sha"] != head:
            return (), tuple(comments)
        shown = {
            str(each["filename"]): shown_lines(str(each.get("patch") or ""))
            for each in self.requests.pages(f"{path}/files")
        }
        inline = tuple(each for each in comments if each.line in shown.get(each.path, ()))
        return inline, tuple(each for each in comments if each not in inline)


def _text(text: str, head: str, verdict: Verdict, remarks: Sequence[LineComment]) -> str:
    """The review's text: the verdict where the review itself cannot say it, and remarks without a line."""
    parts = []
    if verdict != "comment":
        parts.append(f"**{_SAYS[verdict]}**, for commit {head[:12]}.")
    parts.append(text.strip())
    parts += [f"`{each.path}` line {each.line}: {each.text.strip()}" for each in remarks]
    return "\n\n".join(part for part in parts if part) or f"For commit {head[:12]}."
