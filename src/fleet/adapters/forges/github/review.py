"""Reviews: posted once, under a mark, with remarks at lines where GitHub takes them.

GitHub lets nobody approve a pull request that the same login opened. Then the review is a comment that says
the verdict; the truth of it is the event in the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fleet.adapters.forges.github.diff_lines import shown_lines
from fleet.adapters.forges.github.marks import fitted, is_mark, marked
from fleet.adapters.forges.github.people import People
from fleet.adapters.forges.github.requests import Rejected, Requests
from fleet.ports.forge import LineComment

Verdict = Literal["approve", "request-changes", "comment"]
_EVENTS = {"approve": "APPROVE", "request-changes": "REQUEST_CHANGES", "comment": "COMMENT"}
_SAYS = {"approve": "Approved", "request-changes": "Changes requested"}


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Posts reviews."""

    requests: Requests
    people: People

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
    ) -> None:
        """Post it, unless a review with this mark is there."""
        path = f"repos/{repo}/pulls/{number}"
        if self._is_there(path, mark):
            return
        document = self.requests.get(path).document
        mine = self.people.is_own(str((document.get("user") or {}).get("login")))
        inline, rest = self._placed(path, head, document, comments)
        tries = [(_EVENTS[verdict], inline, rest)] if not (mine and verdict != "comment") else []
        tries += [("COMMENT", inline, rest), ("COMMENT", (), tuple(comments))]
        for place, (event, at_lines, in_text) in enumerate(dict.fromkeys(tries)):
            said = _text(text, head, verdict if event == "COMMENT" else "comment", in_text)
            new: dict[str, Any] = {"commit_id": head, "event": event, "body": marked(said, mark)}
            if at_lines:
                new["comments"] = [
                    {"path": each.path, "line": each.line, "side": "RIGHT", "body": fitted(each.text)}
                    for each in at_lines
                ]
            try:
                self.requests.send("POST", f"{path}/reviews", new)
            except Rejected as error:
                # Of a verdict that may not be, or a line that is not in the diff, GitHub says 422.
                if error.status != 422 or place == len(dict.fromkeys(tries)) - 1:
                    raise
            else:
                return

    def _is_there(self, path: str, mark: str) -> bool:
        for each in self.requests.pages(f"{path}/reviews"):
            login = str((each.get("user") or {}).get("login"))
            if is_mark(each.get("body"), mark) and self.people.is_own(login):
                return True
        return False

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
