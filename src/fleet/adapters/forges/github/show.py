"""How an issue or a pull request looks: its texts, Fleet's labels, Fleet's comments. Writes what differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fleet.adapters.forges.github import pulls
from fleet.adapters.forges.github.cursor import labels_of
from fleet.adapters.forges.github.deeds import Deeds
from fleet.adapters.forges.github.labels import Labels, Relabelling
from fleet.adapters.forges.github.marks import fitted, mark_of, marked, same_text
from fleet.adapters.forges.github.people import People, login_in
from fleet.adapters.forges.github.requests import Rejected, Requests
from fleet.adapters.forges.github.seen import Entry, Seen
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
        entry = self.seen.take(repo, number)
        if entry is None:
            entry = self._ask(repo, number)
        texts, plan = _texts(entry, look), self.labels.plan(entry, look.labels)
        if _is_much(texts, plan) and not self.seen.is_fresh(repo, number, self.requests.now_ms()):
            # One request for all sets the whole list of labels: what people have given should be among them.
            entry = self._ask(repo, number)
            texts, plan = _texts(entry, look), self.labels.plan(entry, look.labels)
        if plan is None or not _is_much(texts, plan) or not self._at_once(repo, entry, texts, plan):
            self._one_by_one(repo, entry, texts, plan)
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

    def _ask(self, repo: str, number: int) -> Entry:
        entry: Entry = self.requests.get(f"repos/{repo}/issues/{number}").document
        self.seen.keep(repo, number, entry, self.requests.now_ms())
        return entry

    def _at_once(self, repo: str, entry: Entry, texts: Mapping[str, str], plan: Relabelling) -> bool:
        """Texts and labels in one request; False where the forge does not do that."""
        number = int(entry["number"])
        new = {**texts, "labels": list(plan.names)}
        try:
            with self.labels.doing(repo, number, plan):
                made = self.requests.send("PATCH", f"repos/{repo}/issues/{number}", new)
        except Rejected as error:
            if error.status not in (404, 405, 422):
                raise
            return False
        self._changed(repo, number, {**texts, "labels": [{"name": name} for name in plan.names]})
        there = {name.lower() for name in labels_of(made or {})}
        return all(name.lower() in there for name in plan.add) and not any(
            name.lower() in there for name in plan.off
        )

    def _one_by_one(
        self, repo: str, entry: Entry, texts: Mapping[str, str], plan: Relabelling | None
    ) -> None:
        number = int(entry["number"])
        if texts:
            kind = "pulls" if "pull_request" in entry else "issues"
            self.requests.send("PATCH", f"repos/{repo}/{kind}/{number}", texts)
            self._changed(repo, number, texts)
        if plan is not None:
            self.labels.put(repo, number, plan)
            self._changed(repo, number, {"labels": [{"name": name} for name in plan.names]})

    def _changed(self, repo: str, number: int, parts: Mapping[str, Any]) -> None:
        self.seen.changed(repo, number, self.requests.now_ms(), **parts)

    def _comments(self, repo: str, number: int, wanted: Mapping[str, str]) -> None:
        there: dict[str, Mapping[str, Any]] = {}
        known = all(
            (repo, number, mark_of(marked(text, mark))) in self._posted for mark, text in wanted.items()
        )
        for comment in () if known else self.requests.pages(f"repos/{repo}/issues/{number}/comments"):
            mark = mark_of(comment.get("body"))
            if mark and self.people.is_own(login_in(comment)):
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
            self.requests.send("PATCH", path, {"body": body})
            self._posted[repo, number, mark_of(body)] = {**comment, "body": body}
            self._changed(repo, number, {})
        except Rejected as error:
            if error.status != 404:  # somebody has deleted it just now
                raise
            self._comment(repo, number, body)

    def _comment(self, repo: str, number: int, body: str) -> None:
        posted = self.requests.send("POST", f"repos/{repo}/issues/{number}/comments", {"body": body})
        if isinstance(posted, dict) and posted.get("id"):
            self._posted[repo, number, mark_of(body)] = {**posted, "body": body}
        self._changed(repo, number, {})


def _is_much(texts: Mapping[str, str], plan: Relabelling | None) -> bool:
    """Whether it takes more than one request, unless all is set at once."""
    return plan is not None and bool(texts) + len(plan.add) + len(plan.off) > 1


def _texts(entry: Entry, look: Look) -> dict[str, str]:
    """Those of title and text that differ, as they are to be written."""
    if "pull_request" in entry:
        return pulls.texts_to_set(entry, look.title, look.body)
    new: dict[str, str] = {}
    if look.title is not None and look.title != entry.get("title"):
        new["title"] = look.title
    if look.body is not None and not same_text(fitted(look.body), entry.get("body")):
        new["body"] = fitted(look.body)
    return new
