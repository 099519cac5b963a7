"""Branches, commit statuses, releases, and what a branch is protected by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fleet.adapters.forges.github.deeds import Deeds
from fleet.adapters.forges.github.marks import fitted
from fleet.adapters.forges.github.requests import Rejected, Requests
from fleet.model.errors import Permanent
from fleet.ports.forge import Protection, StatusState

_DESCRIPTION = 140
_NONE = ("", "", "")


class Statuses:
    """Commit statuses that Fleet sets; the last of each is remembered, so the same is not sent again."""

    def __init__(self, requests: Requests, deeds: Deeds) -> None:
        self._requests = requests
        self._deeds = deeds
        self._last: dict[tuple[str, str, str], tuple[str, str, str]] = {}

    def put(self, repo: str, head: str, name: str, state: StatusState, text: str, url: str) -> None:
        """Set it when it is another than the last."""
        key, wanted = (repo, head, name), (state, text[:_DESCRIPTION], url)
        deed = f"{repo} status {head} {name}"
        if key not in self._last:
            # What was never begun needs no looking for.
            self._last[key] = _NONE if self._deeds.is_new(deed) else self._there(repo, head, name)
        if self._last[key] == wanted:
            return
        new = {"state": state, "context": name, "description": wanted[1]}
        if url:
            new["target_url"] = url
        with self._deeds.doing(deed):
            self._requests.send("POST", f"repos/{repo}/statuses/{head}", new)
        self._last[key] = wanted

    def _there(self, repo: str, head: str, name: str) -> tuple[str, str, str]:
        found = self._requests.find(f"repos/{repo}/commits/{head}/status?per_page=100") or {}
        for each in found.get("statuses") or ():
            if each.get("context") == name:
                return tuple(str(each.get(part) or "") for part in ("state", "description", "target_url"))  # type: ignore[return-value]
        return _NONE


def delete_branch(requests: Requests, repo: str, branch: str, head: str) -> None:
    """Delete it if it is at `head`; one that is gone or has moved on is left alone."""
    name = quote(branch)
    if _commit_of(requests, repo, f"heads/{name}") != head:
        return
    try:
        requests.send("DELETE", f"repos/{repo}/git/refs/heads/{name}")
    except Rejected as error:
        if error.status not in (404, 422):  # it is gone
            raise


def release(requests: Requests, repo: str, *, tag: str, commit: str, notes: str) -> str:
    """The address of the release of this tag. Raises Permanent when the tag is at another commit."""
    found: Mapping[str, Any] | None = requests.find(f"repos/{repo}/releases/tags/{quote(tag, safe='')}")
    at = _commit_of(requests, repo, f"tags/{quote(tag)}")
    if at and at != commit:
        raise Permanent(
            f"There is a tag {tag} already",
            why=f"it is at {at[:12]}, not at {commit[:12]}",
            do="take another name",
        )
    if found is None:
        new = {"tag_name": tag, "target_commitish": commit, "name": tag, "body": fitted(notes)}
        found = requests.send("POST", f"repos/{repo}/releases", new)
    return str((found or {}).get("html_url") or "")


def protection(requests: Requests, repo: str, branch: str) -> Protection:
    """What a branch is protected by, as far as the login may see it."""
    document = requests.find(f"repos/{repo}/branches/{quote(branch, safe='')}") or {}
    about = document.get("protection") or {}
    contexts = set(map(str, (about.get("required_status_checks") or {}).get("contexts") or ()))
    approvals, rules = 0, _rules(requests, repo, branch)
    for rule in rules:
        parameters = rule.get("parameters") or {}
        if rule.get("type") == "required_status_checks":
            contexts |= {str(each.get("context")) for each in parameters.get("required_status_checks") or ()}
        if rule.get("type") == "pull_request":
            approvals = max(approvals, int(parameters.get("required_approving_review_count") or 0))
    if document.get("protected"):
        reviews = _reviews(requests, repo, branch)
        approvals = max(approvals, int(reviews.get("required_approving_review_count") or 0))
    return Protection(bool(document.get("protected") or rules), tuple(sorted(contexts)), approvals)


def _rules(requests: Requests, repo: str, branch: str) -> list[Mapping[str, Any]]:
    try:
        found = requests.find(f"repos/{repo}/rules/branches/{quote(branch, safe='')}?per_page=100")
    except Rejected:  # not on this server, or not for this plan
        return []
    return [each for each in found or () if isinstance(each, dict)]


def _reviews(requests: Requests, repo: str, branch: str) -> Mapping[str, Any]:
    path = f"repos/{repo}/branches/{quote(branch, safe='')}/protection/required_pull_request_reviews"
    try:
        return requests.find(path) or {}
    except Rejected:  # for administrators alone
        return {}


def _commit_of(requests: Requests, repo: str, ref: str) -> str:
    """The commit that a ref is at, "" without one."""
    found = requests.find(f"repos/{repo}/git/ref/{ref}")
    target = found.get("object") if isinstance(found, dict) else None
    if target and target.get("type") == "tag":
        tag = requests.find(f"repos/{repo}/git/tags/{target['sha']}") or {}
        target = tag.get("object")
    return str((target or {}).get("sha") or "")
