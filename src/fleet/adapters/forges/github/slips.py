"""What one request that set all labels of an issue undid of what a person did a moment before.

GitHub cannot be asked to change two labels at once, only to set all of them; and what Fleet knows of the
others may be a little old. So what was sent is remembered here, the history's entries show what went wrong,
and the labels are put right after the poll that read them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Literal

from fleet.adapters.forges.github.deeds import AFTER_MS, BEFORE_MS, UNKNOWN_MS

_MOST = 200

Kind = Literal["labeled", "unlabeled"]


class Slips:
    """For any number of threads. `now` is GitHub's clock."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._sent: list[tuple[str, int, int, int, frozenset[str]]] = []
        self._owed: dict[tuple[str, int, str], Kind] = {}

    @contextmanager
    def sending(self, repo: str, number: int, names: Collection[str]) -> Iterator[None]:
        """In the block the issue gets these labels and no other."""
        begun, ended = self._now(), 0
        try:
            yield
            ended = self._now()
        finally:
            last = ended + AFTER_MS if ended else begun + UNKNOWN_MS
            sent = (repo, number, begun - BEFORE_MS, last, frozenset(name.lower() for name in names))
            with self._lock:
                self._sent = [*self._sent[-_MOST:], sent]

    def may_be(self, repo: str, number: int, kind: str, name: str, at_ms: int) -> bool:
        """Whether Fleet's login, if it did this at that time, did it only since it set all labels."""
        return any(
            (known, of) == (repo, number)
            and first <= at_ms <= last
            and (kind == "labeled") == (name.lower() in names)
            for known, of, first, last, names in self._sent
        )

    def owe(self, repo: str, number: int, kind: str, name: str) -> None:
        """This was one, and is to be put right."""
        with self._lock:
            self._owed[repo, number, name] = "labeled" if kind == "unlabeled" else "unlabeled"

    def owed(self, repo: str) -> list[tuple[int, Kind, str]]:
        """What is to be done to put it right."""
        with self._lock:
            return [(number, kind, name) for (of, number, name), kind in self._owed.items() if of == repo]

    def settled(self, repo: str, number: int, name: str) -> None:
        """It was put right."""
        with self._lock:
            self._owed.pop((repo, number, name), None)
