"""How issues and pull requests that Fleet shows things on look, as far as it knows without asking.

What was asked for once is kept up to date by Fleet's own changes and by what polls bring, which costs nothing
more: each look would count, since Fleet itself has just changed what it looks at.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from fleet.adapters.forges.github.cursor import labels_of, ms_of
from fleet.adapters.forges.github.marks import same_text

_MOST = 2000
_SECOND_MS = 1000  # GitHub's times are whole seconds
FRESH_MS = 3 * 60_000

Entry = Mapping[str, Any]


class Seen:
    """The newest entry of each, for any number of threads. `take` gives one of an issue that was kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[tuple[str, int], Entry] = {}
        self._changed: dict[tuple[str, int], int] = {}  # when Fleet last changed it, by GitHub's clock
        self._asked: dict[tuple[str, int], int] = {}  # when it was last asked for by itself
        self._listed: dict[str, int] = {}  # when the list of all that changed was last asked for

    def take(self, repo: str, number: int) -> Entry | None:
        """How it looks, None where it has to be asked for."""
        return self._entries.get((repo, number))

    def keep(self, repo: str, number: int, entry: Entry, now_ms: int) -> None:
        """It was asked for, and looks like this."""
        with self._lock:
            self._entries[repo, number] = entry
            self._asked[repo, number] = now_ms
            while len(self._entries) > _MOST:
                self._changed.pop(name := next(iter(self._entries)), None)
                self._asked.pop(name, None)
                del self._entries[name]

    def is_fresh(self, repo: str, number: int, now_ms: int) -> bool:
        """Whether GitHub has told lately how it looks, by itself or by a poll that brought no other."""
        told = max(self._asked.get((repo, number), 0), self._listed.get(repo, 0))
        return now_ms - told <= FRESH_MS

    def did(self, repo: str, number: int, at: str) -> bool:
        """Whether its change at that time of GitHub's was, or may have been, Fleet's own."""
        return self._changed.get((repo, number), 0) >= ms_of(at) - _SECOND_MS

    def listed(self, repo: str, at_ms: int) -> None:
        """All that had changed in the repository at that time was told to `polled`."""
        self._listed[repo] = at_ms

    def polled(self, repo: str, entry: Entry) -> None:
        """A poll brought it. One that may be older than Fleet's last change of it is not trusted."""
        name = (repo, int(entry["number"]))
        with self._lock:
            if name not in self._entries:
                return
            at, changed = ms_of(str(entry.get("updated_at"))), self._changed.get(name, 0)
            if at > changed + _SECOND_MS:
                self._entries[name] = entry
            elif at > changed - _SECOND_MS and not _alike(entry, self._entries[name]):
                del self._entries[name]

    def changed(self, repo: str, number: int, now_ms: int, **parts: Any) -> None:
        """Fleet has changed these parts of it, or something under it."""
        with self._lock:
            known = self._entries.get((repo, number))
            if known is not None:
                self._entries[repo, number] = {**known, **parts}
                self._changed[repo, number] = now_ms


def _alike(one: Entry, other: Entry) -> bool:
    """Whether both show the same."""
    same = all(one.get(part) == other.get(part) for part in ("title", "state", "assignees"))
    bodies = same_text(str(one.get("body") or ""), str(other.get("body") or ""))
    return same and bodies and sorted(labels_of(one)) == sorted(labels_of(other))
