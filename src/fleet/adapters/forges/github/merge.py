"""Merging a pull request: exactly the expected head, or nothing; and GitHub's "no" as something to act on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fleet.adapters.forges.github.deeds import Deeds
from fleet.adapters.forges.github.marks import fitted
from fleet.adapters.forges.github.requests import Rejected, Requests
from fleet.model.errors import Temporary
from fleet.ports.forge import MergeMethod, Refused

_SOON_MS = 3_000
_PASSES = ("base branch was modified", "try the merge again", "being computed", "please try again")


@dataclass(frozen=True, slots=True)
class Merger:
    """Merges pull requests."""

    requests: Requests
    deeds: Deeds

    def merge(
        self, repo: str, number: int, *, head: str, method: MergeMethod, title: str, message: str
    ) -> str | Refused:
        """The commit that brought it, also when it was merged before; or why not, in GitHub's words."""
        path = f"repos/{repo}/pulls/{number}"
        document = self.requests.get(path).document
        done = _before(document, head)
        if done is not None:
            return done
        wanted: dict[str, Any] = {"sha": head, "merge_method": method}
        if method != "rebase":
            wanted |= {"commit_title": title, "commit_message": fitted(message)}
        try:
            with self.deeds.doing(f"{repo}#{number} merged"):
                made = self.requests.send("PUT", f"{path}/merge", wanted)
        except Rejected as error:
            if error.status not in (403, 404, 405, 409, 422):
                raise
            return self._refused(path, head, error)
        if isinstance(made, dict) and made.get("sha"):
            return str(made["sha"])
        return self.requests.get(path).document.get("merge_commit_sha") or head

    def _refused(self, path: str, head: str, error: Rejected) -> str | Refused:
        """What GitHub's refusal means, seen with how the pull request stands now."""
        document = self.requests.get(path).document
        done = _before(document, head)
        if done is not None:
            return done
        words = error.why.lower()
        kind = _kind(words, str(document.get("mergeable_state") or ""))
        if kind is None:
            if error.status in (403, 404):
                raise error
            # It does not know yet whether it can, or the base moved just now.
            raise Temporary("GitHub could not merge yet", why=error.why, delay_ms=_SOON_MS)
        return Refused(kind, error.why)


def _before(document: Mapping[str, Any], head: str) -> str | Refused | None:
    """The answer where there is nothing to merge: it was done, is closed, or has another head."""
    at = str(document["head"]["sha"])
    if document.get("merged") or document.get("merged_at"):
        if at == head:
            return str(document.get("merge_commit_sha") or "")
        return Refused("closed", f"it was merged already, at {at[:12]}")
    if document.get("state") != "open":
        return Refused("closed", "the pull request is closed")
    if at != head:
        return Refused("moved", f"its head is {at[:12]} now")
    return None


def _kind(words: str, state: str) -> Literal["moved", "conflict", "protected", "behind", "closed"] | None:
    """What to do about it. None: it may go well the next time."""
    if "head branch was modified" in words or "head sha" in words:
        return "moved"
    if "conflict" in words or state == "dirty":
        return "conflict"
    if any(sign in words for sign in _PASSES) or ("not mergeable" in words and state in ("unknown", "")):
        return None
    if state == "behind" or "not up to date" in words or "out-of-date" in words or "out of date" in words:
        return "behind"
    # Reviews, checks, signatures, drafts, methods that are not allowed: the repository's own rules.
    return "protected"
