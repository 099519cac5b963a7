"""Changes that are made to look like less than they are: what is judged is what a merge would bring."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.git.conftest import Desk, commit, user_git

from fleet.adapters.git import changes
from fleet.engine.effects.inspect import looked_at
from fleet.model.errors import Permanent
from fleet.testing.story import FLEET

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


def test_lines_that_a_merge_puts_into_a_file_that_the_base_has_moved_are_seen_there(desk: Desk) -> None:
    lines = "".join(f"step: {at}\n" for at in range(30))
    commit(desk.root, {"steps.yml": lines}, "Have steps")
    head = desk.change({"steps.yml": f"{lines}step: mine\n"})
    base = commit(desk.root, {"steps.yml": None, ".github/workflows/ci.yml": lines}, "Run the steps")
    assert ".github/workflows/ci.yml" in {each.path for each in desk.repository.stat(base, head)}
    desk.merge(head)
    assert "mine" in desk.git("show", "main:.github/workflows/ci.yml")


RULED = {"fleet.yaml": "a\n" * 20, ".github/workflows/ci.yml": "b\n" * 20, ".claude/settings.json": "{}\n"}


def test_no_way_to_replace_move_or_hide_a_guarded_file_goes_unseen(desk: Desk) -> None:
    commit(desk.root, RULED)
    workspace = desk.prepare("r1")
    user_git(workspace, "mv", "fleet.yaml", "gone.yaml")
    user_git(workspace, "rm", "-rq", ".github")
    (workspace / ".github").symlink_to("other")
    (workspace / ".claude/settings.json").chmod(0o755)
    commit(
        workspace, {".gitattributes": "* -diff binary linguist-generated\n", "other/workflows/ci.yml": "x"}
    )
    head = desk.repository.take(workspace, branch="fleet/r1").head
    stat = desk.repository.stat(desk.repository.base_sha(), head)
    seen = {path for each in stat for path in (each.path, each.old_path) if path}
    assert {*RULED, ".github"} <= seen


def test_attributes_of_a_branch_do_not_hide_its_lines(desk: Desk) -> None:
    head = desk.change({".gitattributes": "* -diff\n", "src/app": "two\n"})
    assert "+two" in desk.repository.diff(desk.repository.base_sha(), head)


def test_a_change_to_what_a_guarded_link_leads_to_is_one_to_what_agents_are_told(desk: Desk) -> None:
    (desk.root / "CLAUDE.md").symlink_to("docs/manners.md")
    commit(desk.root, {"docs/manners.md": "Ask.\n"})
    head = desk.change({"docs/manners.md": "Don't ask.\n"})
    found = looked_at(FLEET, desk.repository, head)["guarded"]
    assert [each["path"] for each in found] == ["docs/manners.md"]


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
