"""What Fleet itself did on GitHub under the user's own login, so that it is not taken for a person's doing.

Comments and reviews carry marks. A label, a merge or a closing has none, and the one login is the user's as
well: so each is written down here before it is asked for, with GitHub's time, and the history's entry of that
kind, by that login, about that time is Fleet's.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fleet.model.errors import Permanent

_MOST = 3000
BEFORE_MS = 3_000  # GitHub's times are whole seconds, and its clocks are several
AFTER_MS = 5_000
UNKNOWN_MS = 120_000  # how long after its beginning a deed may show whose end nobody saw


class Deeds:
    """Deeds by their name, as `acme/shop#12 labeled fleet:working`. `now` is GitHub's clock."""

    def __init__(self, now: Callable[[], int], folder: Path | None) -> None:
        self._now = now
        self._file = folder / "deeds.json" if folder else None
        self._lock = threading.Lock()
        self._deeds: list[list[Any]] = self._load()  # [name, begun, ended (0: unknown)]

    @contextmanager
    def doing(self, name: str) -> Iterator[None]:
        """Write down that this is being done; after the block, that it is over, or that it was refused."""
        deed: list[Any] = [name, self._now(), 0]
        with self._lock:
            self._deeds = [*self._deeds[-_MOST:], deed]
            self._save()
        try:
            yield
        except Permanent:
            with self._lock:
                self._deeds = [each for each in self._deeds if each is not deed]
                self._save()
            raise
        with self._lock:
            deed[2] = self._now()
            self._save()

    def was(self, name: str, at_ms: int) -> bool:
        """Whether this was Fleet's own doing at that time of GitHub's."""
        for known, begun, ended in self._deeds:
            latest = ended + AFTER_MS if ended else begun + UNKNOWN_MS
            if known == name and begun - BEFORE_MS <= at_ms <= latest:
                return True
        return False

    def is_new(self, name: str) -> bool:
        """Whether it was surely never begun; where deeds are not kept on disk nobody can tell."""
        return self._file is not None and not self.knows(name)

    def knows(self, name: str) -> bool:
        """Whether this was ever Fleet's own doing, as far as it is remembered."""
        return any(known == name for known, *_ in self._deeds)

    def _load(self) -> list[list[Any]]:
        try:
            found = json.loads(self._file.read_text()) if self._file else []
            return [[str(name), int(begun), int(ended)] for name, begun, ended in found]
        except (OSError, ValueError, TypeError):
            return []

    def _save(self) -> None:
        if self._file is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        beside = self._file.with_suffix(".new")
        beside.write_text(json.dumps(self._deeds))
        beside.replace(self._file)
