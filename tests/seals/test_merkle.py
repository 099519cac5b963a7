"""The tree is that of RFC 6962, however it is put together, and a way proves one leaf and no other."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.adapters.seals.merkle import Frontier, Path, leaf, node, root_by


def by_definition(leaves: list[bytes]) -> bytes:
    """Section 2.1 of RFC 6962, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaf(leaves[0])
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node(by_definition(leaves[:split]), by_definition(leaves[split:]))


def records(count: int) -> list[bytes]:
    return [sha256(bytes([n])).digest() for n in range(count)]


@given(st.integers(0, 70), st.integers(0, 70))
def test_a_tree_that_was_put_away_grows_into_the_same_one(count: int, kept: int) -> None:
    leaves, tree = records(count), Frontier()
    for n, each in enumerate(leaves):
        if n == kept:
            tree = Frontier(tree.size, tree.hashes)
        tree.add(each)

    assert tree.root() == by_definition(leaves)


@given(st.integers(1, 70), st.data())
def test_a_way_leads_from_its_leaf_to_the_root_and_from_no_other(count: int, data: st.DataObject) -> None:
    leaves, index = records(count), data.draw(st.integers(0, count - 1))
    path = Path(index)
    for each in leaves:
        path.add(each)
    way, root = path.way(), by_definition(leaves)

    assert root_by(leaves[index], index, count, way) == root
    assert root_by(b"another", index, count, way) != root
    other = data.draw(st.integers(0, count - 1).filter(lambda each: each != index)) if count > 1 else None
    if other is not None:
        assert proves(leaves[index], other, count, way) != root
    assert proves(leaves[index], index, count, way[:-1]) != root or not way


def proves(record: bytes, index: int, size: int, way: list[bytes]) -> bytes:
    try:
        return root_by(record, index, size, way)
    except ValueError:
        return b""


def test_a_frontier_of_the_wrong_size_is_refused() -> None:
    with pytest.raises(ValueError, match="another frontier"):
        Frontier(3, [bytes(32)])
