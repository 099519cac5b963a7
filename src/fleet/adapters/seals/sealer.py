"""Sealing: the tree goes on from the newest checkpoint on the shelf, and is signed and put there anew."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fleet.adapters.seals import checkpoint
from fleet.adapters.seals.envelope import wrap
from fleet.adapters.seals.key import SigningKey
from fleet.adapters.seals.line import Line
from fleet.adapters.seals.merkle import Frontier
from fleet.model.errors import FleetError, Permanent
from fleet.model.event import rfc3339
from fleet.ports.log import Log
from fleet.ports.seal import Shelf

GONE = "there were some (.fleet/sealed says so), and refs/fleet/checkpoints is not there any more"
_DO = "run `fleet audit verify`; nothing is sealed until the log is the one that was sealed before"


class Sealer:
    """Seals one log with one key. `shelf` has the checkpoints, `shelves` the attestations of each repository.

    What it knows of the last seal is read from the shelf once, and then kept: from there on nobody can make
    it sign another past. In the file `mark` it notes how far it has come, so that a shelf which was emptied
    is noticed. What is new on the shelves is brought to the remote `push` ("": to none). Used by one thread
    at a time, but for `newest` and `attest`.
    """

    def __init__(
        self,
        key: SigningKey,
        shelf: Shelf,
        shelves: Mapping[str, Shelf],
        mark: Path,
        push: str = "",
    ) -> None:
        self._mark = mark
        self._push = push
        self._pushed = ""
        self._key = key
        self._shelf = shelf
        self._shelves = shelves
        self._name: str | None = None
        self._head = ""
        self._tree = Frontier()
        self._newest: Line | None = None

    @property
    def key(self) -> str:
        """See `fleet.ports.seal.Seals`."""
        return self._key.public.word

    def sealed(self) -> int:
        """See `fleet.ports.seal.Seals`."""
        self._begin()
        return self._tree.size

    def seal(self, log: Log, now: int) -> int:
        """See `fleet.ports.seal.Seals`."""
        self._begin()
        tree = Frontier(self._tree.size, self._tree.hashes)
        head, marks = self._head, bytearray()
        if tree.size:
            last = next(iter(log.read(tree.size - 1, 1)), None)
            if last is None or last.hash != head:
                raise Permanent(
                    "The log was not sealed: it is not the one that was sealed before.",
                    why=f"record {tree.size} is gone, or not the one in checkpoint {str(self._name)[:12]}",
                    do=_DO,
                )
        for event in log.read(tree.size):
            head, record = event.hash, bytes.fromhex(event.hash)
            tree.add(record)
            marks += record[: checkpoint.MARK_BYTES]
        if tree.size > self._tree.size:
            note = checkpoint.write(tree, head, bytes(marks), now, self._key)
            self._name = self._shelf.file(note, bytes(marks), self.key, when_ms=now, behind=self._name or "")
            self._tree, self._head = tree, head
            write_mark(self._mark, tree.size)
            self._newest = Line(tree.size, head, rfc3339(now), self._key.public.name)
        return tree.size

    def newest(self) -> tuple[int, str]:
        """See `fleet.ports.seal.Seals`."""
        found = self._newest
        return (found.size, found.text(self._key)) if found is not None else (0, "")

    def push(self) -> str:
        """See `fleet.ports.seal.Seals`. What does not get through is tried again after the next seal."""
        if not self._push or self._name == self._pushed:
            return ""
        failed: list[FleetError] = []
        for shelf in (self._shelf, *(each for each in self._shelves.values() if each is not self._shelf)):
            try:
                shelf.push(self._push)
            except FleetError as error:
                failed.append(error)
        if failed:
            raise failed[0]
        self._pushed = self._name or ""
        return self._push

    def attest(self, repo: str, commit: str, statement: Mapping[str, Any]) -> Mapping[str, Any]:
        """See `fleet.ports.seal.Seals`."""
        shelf = self._shelves.get(repo)
        if shelf is None:
            raise Permanent(f"{repo or 'the local repository'} is not in fleet.yaml any more")
        envelope = wrap(statement, self._key)
        shelf.attach(commit, json.dumps(envelope, indent=1) + "\n")
        return envelope

    def _begin(self) -> None:
        if self._name is not None:
            return
        filed = self._shelf.newest()
        if filed is None:
            if read_mark(self._mark):
                raise Permanent("The log is not sealed: its checkpoints are gone.", why=GONE, do=_DO)
            self._name = ""
            return
        try:
            found = checkpoint.read(filed.note, self._key.public)
        except ValueError as error:
            raise Permanent(
                "The log is not sealed: its newest checkpoint cannot be gone on from.",
                why=f"checkpoint {filed.name[:12]}: {error}",
                do=_DO,
            ) from error
        self._name, self._head = filed.name, found.head
        self._tree = Frontier(found.size, found.frontier)
        self._newest = Line(found.size, found.head, found.time, self._key.public.name)


def read_mark(path: Path) -> int:
    """Up to which record the log was sealed when that was last noted; 0 when it never was."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return 0


def write_mark(path: Path, size: int) -> None:
    """Note how far the log is sealed."""
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(f"{size}\n", encoding="ascii")
    draft.replace(path)
