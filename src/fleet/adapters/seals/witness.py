"""A witness of the log: what the checkpoints signed, held against the records as they pass by."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from fleet.adapters.seals import checkpoint
from fleet.adapters.seals.checkpoint import MARK_BYTES, Checkpoint
from fleet.adapters.seals.key import PublicKey
from fleet.adapters.seals.merkle import Frontier
from fleet.ports.seal import Filed


class Witness:
    """See `fleet.ports.log.Witness`. `problem` is set when the checkpoints themselves are not to be believed.

    `key` is the key to believe. The marks beside a checkpoint name the first bad record; that there is one is
    told by the signed root alone.
    """

    def __init__(self, filed: Sequence[Filed], key: PublicKey) -> None:
        self.problem = ""
        self.checkpoints: list[tuple[str, Checkpoint]] = []
        self._marks: list[bytes] = []
        self._tree = Frontier()
        self._next = 0
        self._since = bytearray()
        for each in filed:
            try:
                found = checkpoint.read(each.note, key)
            except ValueError as error:
                self.problem = f"Checkpoint {each.name[:12]} is not to be believed: {error}"
                return
            last = self.checkpoints[-1][1] if self.checkpoints else None
            if last is not None and (found.size, found.root) == (last.size, last.root):
                continue  # the same said once more
            if last is not None and found.size <= last.size:
                self.problem = f"Checkpoint {each.name[:12]} is out of place: the one before signed as much"
                return
            self.checkpoints.append((each.name, found))
            self._marks.append(each.marks if sha256(each.marks).hexdigest() == found.marks else b"")

    @property
    def sealed(self) -> int:
        """Up to which record the newest checkpoint goes."""
        return self.checkpoints[-1][1].size if self.checkpoints else 0

    def see(self, digest: bytes) -> tuple[int, str]:
        """The next record. The first bad one and what is wrong with it; (0, "") when all is well."""
        self._tree.add(digest)
        if self._next == len(self.checkpoints):
            return 0, ""
        self._since += digest[:MARK_BYTES]
        name, said = self.checkpoints[self._next]
        if self._tree.size < said.size:
            return 0, ""
        if self._tree.root() != said.root:
            before = self.checkpoints[self._next - 1][1].size if self._next else 0
            first = self._first_other(before)
            what = "was changed" if first else "or one behind it was changed"
            return first or before + 1, f"it {what}: {_named(name, said)} signed another one in its place"
        self._next += 1
        self._since.clear()
        return 0, ""

    def end(self) -> str:
        """After the last record: what is wrong, empty when nothing is."""
        if self._next == len(self.checkpoints):
            return ""
        name, said = self.checkpoints[-1]
        gone = said.size - self._tree.size
        which = f"1 event that {_named(name, said)} signed is gone"
        which = which if gone == 1 else f"{gone} events that {_named(name, said)} signed are gone"
        return f"The end of the log was cut off: {which}"

    def suspect(self) -> int:
        """The first record after the last good checkpoint that is another one than was signed, 0 for none."""
        return self._first_other(self.checkpoints[self._next - 1][1].size if self._next else 0)

    def _first_other(self, before: int) -> int:
        marks, seen = self._marks[self._next], self._since
        for at in range(0, min(len(marks), len(seen)), MARK_BYTES):
            if marks[at : at + MARK_BYTES] != seen[at : at + MARK_BYTES]:
                return before + at // MARK_BYTES + 1
        return 0


def _named(name: str, said: Checkpoint) -> str:
    return f"checkpoint {name[:12]} of {said.time}"
