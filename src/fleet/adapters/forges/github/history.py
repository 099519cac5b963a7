"""What happened to an issue or pull request: labels, comments, reviews, with who did it and when.

For one, its timeline has all in one list. For many at once, the repository's own lists of events and comments
cost less. Both give entries in the shape of the timeline: `event`, `id`, `actor`, `created_at` and the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from fleet.adapters.forges.github.cursor import OVERLAP_S, earlier, ms_of
from fleet.adapters.forges.github.requests import Rejected, Requests

_MOST_PAGES = 50  # of a repository's events, newest first
_MOST_COMMENTS = 20

Happening = Mapping[str, Any]


def of_one(requests: Requests, repo: str, number: int, *, pull: bool, updated: str = "") -> list[Happening]:
    """All that happened to one, oldest first. `updated`: when it is said to have changed last."""
    path = f"repos/{repo}/issues/{number}"
    try:
        found = list(requests.pages(f"{path}/timeline"))
        if pull and not any(entry.get("event") == "reviewed" for entry in found) and is_late(found, updated):
            found += _reviews(requests, repo, number)  # of some forges the timeline has none
        return in_order(found)
    except Rejected as error:
        if error.status not in (404, 410):
            raise
    # Some forges that speak GitHub's language have no timeline.
    found = list(requests.pages(f"{path}/events"))
    found += [_comment(each) for each in requests.pages(f"{path}/comments")]
    if pull:
        found += _reviews(requests, repo, number)
    return in_order(found)


def of_many(
    requests: Requests, repo: str, wanted: Mapping[int, bool], since: str, labels: Collection[tuple[int, str]]
) -> tuple[dict[int, list[Happening]], set[int]]:
    """What happened since then to each of `wanted` (number → whether it is a pull request).

    Older events are read too, as far as needed to know who set each of `labels`. Also the numbers for which
    that was not found. Raises Rejected where the forge has no such lists.
    """
    found: dict[int, list[Happening]] = {number: [] for number in wanted}
    open_labels = {pair for pair in labels if pair[0] in wanted}
    edge = earlier(since, OVERLAP_S)
    for entry in requests.pages(f"repos/{repo}/issues/events", most=_MOST_PAGES):
        number = int((entry.get("issue") or {}).get("number") or 0)
        if not number:
            raise Rejected("The list of events does not say of which issue", why="it is no use", status=404)
        if number in found:
            found[number].append(entry)
            if entry.get("event") == "labeled":
                open_labels.discard((number, str((entry.get("label") or {}).get("name"))))
        if str(entry.get("created_at")) < edge and not open_labels:
            break
    for number, entry in newest_of(requests, f"repos/{repo}/issues/comments", "issue_url", edge):
        if number in found:
            found[number].append(_comment(entry))
    for number, pull in wanted.items():
        if pull:
            found[number] += _reviews(requests, repo, number)
    ordered = {number: in_order(entries) for number, entries in found.items()}
    return ordered, {number for number, _ in open_labels}


def is_late(entries: Iterable[Happening], updated: str) -> bool:
    """Whether none of these explains a change at that time."""
    return max((at_of(entry) for entry in entries), default="") < updated


def newest_of(requests: Requests, path: str, of: str, edge: str) -> Iterator[tuple[int, Happening]]:
    """Entries of a repository's own list that changed since `edge`, with the number that the address under
    `of` ends with. The request is always the same, so it is free while nothing was added.
    """
    last = ""
    for entry in requests.pages(f"{path}?sort=updated&direction=desc", most=_MOST_COMMENTS):
        at = str(entry.get("updated_at") or entry.get("created_at") or "")
        if at < edge and at < last:  # some forges know no such order: then all of it is read
            return
        last = at
        number = str(entry.get(of) or "").rpartition("/")[2]
        if number.isdigit():
            yield int(number), entry


def at_of(entry: Happening) -> str:
    """When it happened, as GitHub writes it; "" for what has no time (commits)."""
    return str(entry.get("submitted_at") or entry.get("created_at") or "")


def actor_of(entry: Happening) -> str:
    """The login of who did it, "" where GitHub does not say (a user who is gone)."""
    person = entry.get("actor") or entry.get("user") or {}
    return str(person.get("login") or "")


def name_of(entry: Happening) -> str:
    """What tells an entry from all others of its history."""
    return f"{entry.get('event')}:{entry.get('id')}"


def end_of(entries: Sequence[Happening], otherwise: str) -> tuple[str, list[str]]:
    """Up to when a history goes, and the names of its last entries: what is not among them came later."""
    until = max((at_of(entry) for entry in entries), default="") or otherwise
    edge = earlier(until, OVERLAP_S)
    return until, [name_of(entry) for entry in entries if at_of(entry) >= edge]


def in_order(entries: Iterable[Happening]) -> list[Happening]:
    """Oldest first."""
    return sorted(entries, key=lambda entry: (ms_of(at_of(entry)), _id(entry)))


def _id(entry: Happening) -> int:
    found = str(entry.get("id") or "")
    return int(found) if found.isascii() and found.isdigit() else 0


def _comment(entry: Happening) -> Happening:
    return {**entry, "event": "commented", "actor": entry.get("user")}


def _reviews(requests: Requests, repo: str, number: int) -> list[Happening]:
    reviews = requests.pages(f"repos/{repo}/pulls/{number}/reviews")
    return [{**each, "event": "reviewed", "actor": each.get("user")} for each in reviews]
