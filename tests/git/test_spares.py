"""A spare of a big tree: made ahead, taken by a rename, and never less than a workspace made afresh."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.git.conftest import Desk, commit, user_git

from fleet.adapters.git import spares


@pytest.fixture
def big(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A project that counts as big, with a spare."""
    monkeypatch.setattr(spares, "BIG_FILES", 0)
    assert desk.workspaces.stock(desk.repository.base_sha())
    return desk


def spare(desk: Desk) -> list[Path]:
    return list(desk.workspaces.path("r1").parent.glob(".spare-*"))


def test_a_small_tree_has_none(desk: Desk):
    assert not desk.workspaces.stock(desk.repository.base_sha())
    assert spare(desk) == []


def test_there_is_one_at_a_time(big: Desk):
    assert not big.workspaces.stock(big.repository.base_sha())
    assert len(spare(big)) == 1


def test_a_new_workspace_is_the_spare(big: Desk):
    (kept,) = spare(big)
    inode = kept.stat().st_ino
    assert big.prepare().stat().st_ino == inode
    assert spare(big) == []


def test_it_is_as_one_that_was_made_afresh(big: Desk):
    made = big.prepare("r1")
    afresh = big.prepare("r2")
    for words in (["status", "--porcelain"], ["for-each-ref", "--format=%(refname)"], ["log", "--format=%H"]):
        want = user_git(afresh, *words).replace("r2", "r1")
        assert user_git(made, *words) == want
    assert (made / ".git/config").read_text() == (afresh / ".git/config").read_text()


def test_a_spare_from_before_is_brought_to_the_commit_that_is_wanted(big: Desk):
    new = commit(big.root, {"src/app": "two\n", "more": "x\n"})
    made = big.prepare()
    assert (user_git(made, "rev-parse", "HEAD"), (made / "src/app").read_text()) == (new, "two\n")
    assert user_git(made, "status", "--porcelain") == ""


def test_a_broken_spare_is_replaced_by_a_workspace_made_afresh(big: Desk):
    (kept,) = spare(big)
    (kept / ".git/index").write_bytes(b"broken")
    assert user_git(big.prepare(), "status", "--porcelain") == ""


def test_a_spare_is_no_workspace(big: Desk):
    assert big.workspaces.ids() == ()
