"""The Merkle tree of RFC 6962 over the log, kept as the few hashes that its next leaf needs.

A leaf is the chain hash of a record. A tree of n leaves is kept as its frontier: the roots of its full
subtrees, largest first, one for each bit that is set in n. So a checkpoint can be gone on from without the
records before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf(record: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(b"\0" + record).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\1" + left + right).digest()


class Frontier:
    """A tree that grows. `size` is the number of its leaves."""

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.hashes = list(hashes)
        if len(self.hashes) != size.bit_count() or any(len(each) != HASH_BYTES for each in self.hashes):
            raise ValueError(f"a tree of {size} leaves has another frontier")

    def add(self, record: bytes) -> None:
        """One more leaf."""
        found = sha256(b"\0" + record).digest()
        size = self.size
        while size & 1:
            found = sha256(b"\1" + self.hashes.pop() + found).digest()
            size >>= 1
        self.hashes.append(found)
        self.size += 1

    def root(self) -> bytes:
        """The root of the tree as it is."""
        if not self.hashes:
            return EMPTY_ROOT
        found = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            found = node(left, found)
        return found


class Path:
    """The way from one leaf up to the root, gathered while the leaves pass by, in memory for its own length.

    `index` counts from 0.
    """

    def __init__(self, index: int) -> None:
        self._index = index
        self._seen = 0
        self._stack: list[tuple[int, bytes, bool]] = []  # height, hash, whether the leaf is below
        self._way: list[bytes] = []

    def add(self, record: bytes) -> None:
        """The next leaf of the tree."""
        height, found, ours = 0, leaf(record), self._seen == self._index
        self._seen += 1
        while self._stack and self._stack[-1][0] == height:
            _, left, theirs = self._stack.pop()
            found, ours = self._join(left, theirs, found, ours)
            height += 1
        self._stack.append((height, found, ours))

    def way(self) -> list[bytes]:
        """The hashes beside the way, from the leaf to the root, in the tree of all leaves that passed."""
        if self._seen <= self._index:
            raise ValueError("the leaf has not passed")
        before = list(self._way)
        _, found, ours = self._stack[-1]
        for _, left, theirs in reversed(self._stack[:-1]):
            found, ours = self._join(left, theirs, found, ours)
        gathered, self._way = self._way, before
        return gathered

    def _join(self, left: bytes, theirs: bool, right: bytes, ours: bool) -> tuple[bytes, bool]:
        if theirs or ours:
            self._way.append(right if theirs else left)
        return node(left, right), theirs or ours


def root_by(record: bytes, index: int, size: int, way: Sequence[bytes]) -> bytes:
    """The root that a leaf at `index` of `size` has by this way (RFC 9162, 2.1.3.2). Raises `ValueError` for
    a way of the wrong length.
    """
    if not 0 <= index < size:
        raise ValueError("there is no such leaf")
    at, last, found = index, size - 1, leaf(record)
    for beside in way:
        if last == 0:
            raise ValueError("the way is too long")
        if at & 1 or at == last:
            found = node(beside, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = node(found, beside)
        at, last = at >> 1, last >> 1
    if last:
        raise ValueError("the way is too short")
    return found
