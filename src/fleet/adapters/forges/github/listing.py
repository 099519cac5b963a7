"""Which issues and pull requests changed: GitHub's list, the newest change first, asked with its ETag.

The address never changes, so while nothing does, one request tells and costs nothing. A change moves an entry
to the front; when the first page does not reach back to what is known, a window by `since` brings the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fleet.adapters.forges.github.cursor import OVERLAP_S, Cursor, earlier, known_of, ms_of, text_of
from fleet.adapters.forges.github.requests import Requests

_NEWEST = 50
_SETTLED_MS = 5_000  # times are whole seconds: what is younger than this may have changed once more

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Listing:
    """What the list brought. `changed` by number, oldest change first; `passed` were seen and need no look.

    `loose` are those that were changed just now: they are to be looked at once more.
    """

    same: bool
    tag: str
    seen: str
    date_ms: int
    least_ms: int
    changed: Mapping[int, Entry]
    passed: tuple[Entry, ...] = ()
    loose: tuple[int, ...] = ()

    def without(self, numbers: Collection[int]) -> Listing:
        """The same, but these are left for a later look."""
        changed = {number: entry for number, entry in self.changed.items() if number not in numbers}
        return replace(self, changed=changed, loose=tuple({*self.loose, *numbers}))


def look(requests: Requests, repo: str, cursor: Cursor) -> Listing:
    """Ask once, and more only when more changed than fits a page, or at the first time."""
    path = f"repos/{repo}/issues?state=all&sort=updated&direction=desc&per_page={_NEWEST}"
    answer = requests.get(path, known="" if cursor.loose else cursor.tag)
    date_ms = answer.date_ms or requests.now_ms()
    asked = answer.headers.get("x-poll-interval", "").strip()
    least_ms = int(asked) * 1000 if asked.isascii() and asked.isdigit() else 0
    if answer.document is None:
        return Listing(True, answer.tag, cursor.seen, date_ms, least_ms, {})
    page: list[Entry] = list(answer.document)
    first = not cursor.seen
    if first and len(page) >= _NEWEST:
        opened = f"repos/{repo}/issues?state=open&sort=created&direction=asc"
        page += requests.pages(opened)
    elif not first and len(page) >= _NEWEST and _begins_after(page, cursor.seen):
        since = earlier(cursor.seen, OVERLAP_S)
        page += requests.pages(f"repos/{repo}/issues?state=all&sort=updated&direction=desc&since={since}")
    entries = _newest_of_each(page)
    seen = max([str(entry["updated_at"]) for entry in entries.values()], default="")
    seen = max(seen, cursor.seen) or text_of(date_ms)
    changed = {number: entry for number, entry in entries.items() if _is_news(cursor, number, entry)}
    for number in cursor.loose:
        if number not in changed:
            entry = entries.get(number) or requests.find(f"repos/{repo}/issues/{number}")
            if entry is not None:
                changed[number] = entry
    young = date_ms - _SETTLED_MS
    loose = [n for n in changed if ms_of(entries.get(n, {}).get("updated_at")) >= young]
    passed = [entry for number, entry in entries.items() if first and number not in changed]
    ordered = dict(sorted(changed.items(), key=lambda each: (str(each[1]["updated_at"]), each[0])))
    return Listing(False, answer.tag, seen, date_ms, least_ms, ordered, tuple(passed), tuple(loose))


def trim(cursor: Cursor) -> None:
    """Forget the closed ones that are older than the overlap: a new change of them is seen as news anyway."""
    edge = earlier(cursor.seen, OVERLAP_S)
    cursor.known = {name: each for name, each in cursor.known.items() if each.open or each.updated >= edge}


def _begins_after(page: list[Entry], seen: str) -> bool:
    """Whether the whole page is news, so that there may be more behind it."""
    return min(str(entry["updated_at"]) for entry in page) >= earlier(seen, OVERLAP_S)


def _newest_of_each(page: Iterable[Entry]) -> dict[int, Entry]:
    """Each number once, as it was read last: what changes while we turn the pages comes twice."""
    entries: dict[int, Entry] = {}
    for entry in page:
        number = int(entry["number"])
        if number not in entries or str(entry["updated_at"]) >= str(entries[number]["updated_at"]):
            entries[number] = entry
    return entries


def _is_news(cursor: Cursor, number: int, entry: Entry) -> bool:
    known = cursor.known.get(str(number))
    if known is not None:
        return known.digest != known_of(entry).digest and (known.told or entry.get("state") == "open")
    if not cursor.seen:
        return entry.get("state") == "open"
    edge = earlier(cursor.seen, OVERLAP_S)
    if entry.get("state") == "closed" and str(entry.get("closed_at") or "") < edge:
        return False  # it ended before we came, and somebody talks about it
    return str(entry["updated_at"]) >= edge
