"""Answers that GitHub gave, with their ETags, so that asking again costs nothing while nothing changed.

One file an answer, in a folder of their own: a watcher that starts anew does not pay again. Bounded; what was
not used for longest goes first. A file that cannot be read is an answer that is not known.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from dataclasses import asdict, dataclass
from pathlib import Path

MOST_FILES = 4000
MOST_BYTES = 96 * 1024 * 1024
_LARGEST = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it was. `body` is its text, `link` its Link header."""

    path: str
    etag: str
    link: str
    body: str


class Cache:
    """Answers by path. Not for several threads at once: the requests hold a lock."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._memory: dict[str, Kept] = {}
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._bytes = 0
        self._tags: dict[str, str] = {}
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            files = sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime)
            for file in files:
                self._count(file.stem, file.stat().st_size)

    def tag(self, path: str) -> str:
        """The ETag of the answer that is known for this path, "" without one."""
        name = _name(path)
        if name not in self._sizes:
            return ""
        if name not in self._tags:
            kept = self.get(path)
            if kept is None:
                self.drop(path)
                return ""
            self._tags[name] = kept.etag
        return self._tags[name]

    def get(self, path: str) -> Kept | None:
        """The whole answer that is known for this path."""
        name = _name(path)
        if self._folder is None:
            return self._memory.get(name)
        try:
            kept = Kept(**json.loads((self._folder / f"{name}.json").read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return kept if kept.path == path else None

    def put(self, kept: Kept) -> None:
        """Know this answer from now on."""
        if not kept.etag or len(kept.body) > _LARGEST:
            self.drop(kept.path)
            return
        name = _name(kept.path)
        text = json.dumps(asdict(kept), ensure_ascii=False)
        if self._folder is None:
            self._memory[name] = kept
        else:
            beside = self._folder / f"{name}.new"
            beside.write_text(text, "utf-8", "replace")
            beside.replace(self._folder / f"{name}.json")
        self._tags[name] = kept.etag
        self._count(name, len(text))
        while len(self._sizes) > MOST_FILES or self._bytes > MOST_BYTES:
            self._drop(next(iter(self._sizes)))

    def used(self, path: str) -> None:
        """It was asked for again: it goes last."""
        name = _name(path)
        if name in self._sizes:
            self._sizes.move_to_end(name)

    def drop(self, path: str) -> None:
        """Forget the answer for this path."""
        self._drop(_name(path))

    def _drop(self, name: str) -> None:
        self._bytes -= self._sizes.pop(name, 0)
        self._memory.pop(name, None)
        self._tags.pop(name, None)
        if self._folder is not None:
            (self._folder / f"{name}.json").unlink(missing_ok=True)

    def _count(self, name: str, size: int) -> None:
        self._bytes += size - self._sizes.pop(name, 0)
        self._sizes[name] = size


def _name(path: str) -> str:
    return hashlib.sha256(path.encode("utf-8", "replace")).hexdigest()[:32]
