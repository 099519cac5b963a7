"""Changes that are made to look like less than they are: what is judged is what a merge would bring."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.git.conftest import Desk, commit, user_git

from fleet.adapters.git import changes
from fleet.model.errors import Permanent

WEAK, STRICT = "gates: {}\n", "gates: {merge: [{human: {}}]}\n"


def met_twice(desk: Desk) -> str:
    """A head that takes back what the base has for fleet.yaml, as it is in one of the two commits where they
    met.
    """
    start = commit(desk.root, {"fleet.yaml": WEAK}, "Have a fleet")
    side = desk.change({"side": "side\n"}, "side")
    strict = commit(desk.root, {"fleet.yaml": STRICT}, "Ask a person")
    desk.git("merge", "-q", "--no-edit", side)
    workspace = desk.prepare("r1", start=start)
    user_git(workspace, "reset", "-q", "--hard", side)
    user_git(workspace, "merge", "-q", "-s", "ours", "-m", "Follow main", strict)
    commit(workspace, {"src/app": "two\n"})
    return desk.repository.take(workspace, branch="fleet/r1").head


def test_what_a_branch_with_two_bases_takes_back_is_seen(desk: Desk) -> None:
    head = met_twice(desk)
    base = desk.repository.base_sha()
    assert desk.git("rev-list", "--count", f"{base}..{head}") == "2"
    assert len(desk.git("merge-base", "--all", base, head).split()) == 2
    paths = {each.path for each in desk.repository.stat(base, head)}
    patch = desk.repository.diff(base, head)
    desk.merge(head)
    brought = set(desk.git("diff", "--name-only", base, "main").split())
    assert paths == brought
    assert all(f"b/{path}" in patch for path in brought)


def test_of_one_that_conflicts_too_all_is_seen(desk: Desk) -> None:
    head = met_twice(desk)
    base = commit(desk.root, {"src/app": "three\n"})
    assert {"fleet.yaml", "src/app"} <= {each.path for each in desk.repository.stat(base, head)}


def crowd(desk: Desk, workspace: Path, deep: int) -> None:
    """Commit a tree of 30 names, each of which is the same tree of 30 names, and so on."""
    kind, sha = "100644 blob", user_git(workspace, "hash-object", "-w", "--stdin", input="x")
    for _ in range(deep):
        entries = "".join(f"{kind} {sha}\tname-{at}\n" for at in range(30))
        kind, sha = "040000 tree", user_git(workspace, "mktree", input=entries)
    made = user_git(workspace, "commit-tree", sha, "-p", "HEAD", "-m", "Few objects, many files")
    user_git(workspace, "update-ref", "HEAD", made)


def test_a_commit_of_millions_of_files_is_not_taken(desk: Desk) -> None:
    workspace = desk.prepare()
    crowd(desk, workspace, 8)
    with pytest.raises(Permanent, match="too many files"):
        desk.workspaces.status("r1")
    with pytest.raises(Permanent, match="too many files"):
        desk.repository.take(workspace, branch="fleet/r1")
    assert not desk.git("branch", "--list", "fleet/*")


def test_a_list_of_files_is_never_cut_short_unsaid(desk: Desk, monkeypatch) -> None:
    head = desk.change({"src/app": "two\n", "z/fleet.yaml": WEAK})
    monkeypatch.setattr(changes, "_STAT_BYTES", 120)
    with pytest.raises(Permanent, match="more files than can be looked at"):
        desk.repository.stat(desk.repository.base_sha(), head)
