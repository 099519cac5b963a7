"""How an issue or a pull request looks: its texts, Fleet's labels, Fleet's comments. Writes what differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fleet.adapters.forges.github import pulls
from fleet.adapters.forges.github.deeds import Deeds
from fleet.adapters.forges.github.labels import Labels
from fleet.adapters.forges.github.marks import fitted, mark_of, marked, same_text
from fleet.adapters.forges.github.people import People
from fleet.adapters.forges.github.requests import Rejected, Requests
from fleet.adapters.forges.github.seen import Seen
from fleet.ports.forge import Look


@dataclass(frozen=True, slots=True)
class Shower:
    """Makes things look as they should."""

    requests: Requests
    people: People
    deeds: Deeds
    labels: Labels
    seen: Seen
    _posted: dict[tuple[str, int, str], Mapping[str, Any]] = field(default_factory=dict)

    def show(self, repo: str, number: int, look: Look) -> None:
        """Compare and write. A comment whose mark is known is edited, never repeated."""
        path = f"repos/{repo}/issues/{number}"
        entry = self.seen.take(repo, number)
        if entry is None:
            entry = self.requests.get(path).document
            self.seen.keep(repo, number, entry)
        if "pull_request" in entry:
            edited = pulls.edit(self.requests, repo, entry, look.title, look.body)
        else:
            edited = self._edit(path, entry, look)
        if edited:
            self.seen.changed(repo, number, self.requests.now_ms(), **edited)
        names = self.labels.put(repo, number, entry, look.labels)
        if names is not None:
            self.seen.relabelled(repo, number, self.requests.now_ms(), names)
        if look.comments:
            self._comments(repo, number, look.comments)

    def close(self, repo: str, number: int, reason: str) -> None:
        """Close it if it is open. A reason of GitHub's own is set, any other is said in a comment before."""
        path = f"repos/{repo}/issues/{number}"
        entry = self.requests.get(path).document
        if entry.get("state") != "open":
            return
        new: dict[str, Any] = {"state": "closed"}
        if reason in ("completed", "not_planned"):
            new["state_reason"] = reason
        elif reason:
            self._comments(repo, number, {"closed": reason})
        with self.deeds.doing(f"{repo}#{number} closed"):
            pull = "pull_request" in entry
            self.requests.send("PATCH", f"repos/{repo}/pulls/{number}" if pull else path, new)

    def _edit(self, path: str, entry: Mapping[str, Any], look: Look) -> dict[str, str]:
        new: dict[str, str] = {}
        if look.title is not None and look.title != entry.get("title"):
            new["title"] = look.title
        if look.body is not None and not same_text(fitted(look.body), entry.get("body")):
            new["body"] = fitted(look.body)
        if new:
            self.requests.send("PATCH", path, new)
        return new

    def _comments(self, repo: str, number: int, wanted: Mapping[str, str]) -> None:
        there: dict[str, Mapping[str, Any]] = {}
        known = all(
            (repo, number, mark_of(marked(text, mark))) in self._posted for mark, text in wanted.items()
        )
        for comment in () if known else self.requests.pages(f"repos/{repo}/issues/{number}/comments"):
            mark = mark_of(comment.get("body"))
            if mark and self.people.is_own(str((comment.get("user") or {}).get("login"))):
                there.setdefault(mark, comment)
        for mark, text in wanted.items():
            body = marked(text, mark)
            # GitHub's list may lag behind what was posted a moment ago.
            comment = there.get(mark_of(body)) or self._posted.get((repo, number, mark_of(body)))
            if comment is None:
                self._comment(repo, number, body)
            elif not same_text(str(comment.get("body")), body):
                self._change(repo, number, comment, body)

    def _change(self, repo: str, number: int, comment: Mapping[str, Any], body: str) -> None:
        path = f"repos/{repo}/issues/comments/{comment['id']}"
        try:
            self._posted[repo, number, mark_of(body)] = self.requests.send("PATCH", path, {"body": body})
            self.seen.changed(repo, number, self.requests.now_ms())
        except Rejected as error:
            if error.status != 404:  # somebody has deleted it just now
                raise
            self._comment(repo, number, body)

    def _comment(self, repo: str, number: int, body: str) -> None:
        posted = self.requests.send("POST", f"repos/{repo}/issues/{number}/comments", {"body": body})
        self._posted[repo, number, mark_of(body)] = posted
        self.seen.changed(repo, number, self.requests.now_ms())
