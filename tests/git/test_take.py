"""Taking an agent's commits: whole and checked, or not at all; the branch moves by compare-and-swap."""

from __future__ import annotations

import shutil
import zlib
from pathlib import Path

import pytest
from tests.git.conftest import Desk, MakeDesk, commit, user_git, write

from fleet.adapters.git import refs
from fleet.adapters.git.command import Place
from fleet.model.errors import Permanent, Temporary


def loose(workspace: Path, sha: str) -> Path:
    return workspace / ".git/objects" / sha[:2] / sha[2:]


def test_the_branch_is_seen_in_the_project_by_plain_git(desk: Desk) -> None:
    workspace = desk.prepare()
    commit(workspace, {"a": "a\n"})
    head = commit(workspace, {"b": "b\n"})
    taken = desk.repository.take(workspace, branch="fleet/r1")
    assert (taken.head, taken.commits, taken.previous) == (head, 2, None)
    assert desk.git("rev-parse", "fleet/r1") == head
    assert desk.git("show", "fleet/r1:b") == "b"
    assert desk.git("fsck", "--full") == ""


def test_taking_the_same_head_again_changes_nothing(desk: Desk) -> None:
    workspace = desk.prepare()
    head = commit(workspace, {"a": "a\n"})
    desk.repository.take(workspace, branch="fleet/r1")
    again = desk.repository.take(workspace, branch="fleet/r1", head_expected=head)
    assert (again.head, again.commits, again.previous) == (head, 1, head)


def test_a_branch_without_commits_of_its_own_is_taken(desk: Desk) -> None:
    taken = desk.repository.take(desk.prepare(), branch="fleet/r1")
    assert (taken.head, taken.commits) == (desk.repository.base_sha(), 0)


def test_many_objects_come_as_one_pack(desk: Desk) -> None:
    workspace = desk.prepare()
    head = commit(workspace, {f"many/{at}": f"{at}\n" for at in range(200)})
    assert desk.repository.take(workspace, branch="fleet/r1").head == head
    assert len(list((desk.root / ".git/objects/pack").glob("*.pack"))) == 1
    assert desk.git("fsck", "--full") == ""


def test_objects_that_the_agent_has_packed_are_taken(desk: Desk) -> None:
    workspace = desk.prepare()
    head = commit(workspace, {"a": "a\n"})
    user_git(workspace, "gc", "-q")
    assert desk.repository.take(workspace, branch="fleet/r1").head == head


def test_a_fleet_branch_may_be_rewritten_and_its_old_head_is_kept_from_gc(desk: Desk) -> None:
    workspace = desk.prepare()
    first = commit(workspace, {"a": "a\n"})
    desk.repository.take(workspace, branch="fleet/r1")
    user_git(workspace, "commit", "-q", "--amend", "-m", "Better")
    second = desk.repository.take(workspace, branch="fleet/r1")
    assert second.previous == first
    desk.git("gc", "-q", "--prune=now")
    assert desk.git("cat-file", "-t", first) == "commit"


def test_another_branch_only_moves_forward(desk: Desk) -> None:
    workspace = desk.prepare()
    user_git(workspace, "checkout", "-q", "-b", "topic")
    first = commit(workspace, {"a": "a\n"})
    desk.repository.take(workspace, branch="topic")
    user_git(workspace, "commit", "-q", "--amend", "-m", "Better")
    with pytest.raises(Permanent, match="only move forward"):
        desk.repository.take(workspace, branch="topic")
    assert desk.repository.resolve("topic") == first


def test_the_base_branch_is_never_moved(desk: Desk) -> None:
    workspace = desk.prepare()
    base = desk.repository.base_sha()
    user_git(workspace, "checkout", "-q", "main")
    commit(workspace, {"a": "a\n"})
    with pytest.raises(Permanent, match="base branch"):
        desk.repository.take(workspace, branch="main")
    assert desk.repository.base_sha() == base


def test_a_head_that_is_not_the_expected_one_is_not_taken(desk: Desk) -> None:
    workspace = desk.prepare()
    first = commit(workspace, {"a": "a\n"})
    commit(workspace, {"b": "b\n"})
    with pytest.raises(Temporary, match="moved on"):
        desk.repository.take(workspace, branch="fleet/r1", head_expected=first)
    assert desk.repository.resolve("fleet/r1") is None


def test_a_branch_that_is_gone_is_named(desk: Desk) -> None:
    workspace = desk.prepare()
    with pytest.raises(Permanent, match="no branch fleet/other"):
        desk.repository.take(workspace, branch="fleet/other")


def test_a_branch_that_the_user_looks_at_waits(desk: Desk) -> None:
    workspace = desk.prepare()
    commit(workspace, {"a": "a\n"})
    desk.repository.take(workspace, branch="fleet/r1")
    desk.git("checkout", "-q", "fleet/r1")
    commit(workspace, {"b": "b\n"})
    with pytest.raises(Temporary, match="checked out"):
        desk.repository.take(workspace, branch="fleet/r1")
    assert desk.git("status", "--porcelain") == ""


def test_a_branch_in_the_way_of_the_name_is_permanent_and_named(desk: Desk) -> None:
    desk.git("branch", "fleet")
    with pytest.raises(Permanent, match="in its way"):
        desk.repository.take(desk.prepare(), branch="fleet/r1")


def test_a_branch_that_moves_meanwhile_is_not_overwritten(desk: Desk) -> None:
    old, new = desk.repository.base_sha(), commit(desk.root, {"a": "a\n"})
    place = Place(desk.project.git_dir)
    desk.git("branch", "fleet/r1", new)
    assert not refs.move(place, "refs/heads/fleet/r1", new, old, "test")
    assert not refs.move(place, "refs/heads/fleet/r1", old, None, "test")
    assert desk.repository.resolve("fleet/r1") == new


def test_the_lock_of_a_killed_git_on_a_fleet_branch_is_taken_away(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = desk.prepare()
    head = commit(workspace, {"a": "a\n"})
    desk.repository.take(workspace, branch="fleet/r1")
    user_git(workspace, "commit", "-q", "--amend", "-m", "Better")
    lock = desk.root / ".git/refs/heads/fleet/r1.lock"
    lock.touch()
    with pytest.raises(Temporary):
        desk.repository.take(workspace, branch="fleet/r1")
    monkeypatch.setattr(refs, "STALE_S", 0.0)
    assert desk.repository.take(workspace, branch="fleet/r1").previous == head


def test_it_works_in_sha256(make_desk: MakeDesk) -> None:
    desk = make_desk("new", "--object-format=sha256")
    workspace = desk.prepare()
    head = commit(workspace, {"a": "a\n"})
    assert desk.repository.take(workspace, branch="fleet/r1").head == head


class TestBrokenObjects:
    """The branch stays where it was, and the project stays whole."""

    @pytest.fixture
    def workspace(self, desk: Desk) -> Path:
        workspace = desk.prepare()
        commit(workspace, {"src/app": "two\n"})
        return workspace

    def refused(self, desk: Desk, workspace: Path) -> None:
        with pytest.raises(Permanent):
            desk.repository.take(workspace, branch="fleet/r1")
        assert desk.repository.resolve("fleet/r1") is None
        assert desk.git("fsck", "--full", "--no-dangling") == ""

    def test_a_missing_file(self, desk: Desk, workspace: Path) -> None:
        loose(workspace, user_git(workspace, "rev-parse", "HEAD:src/app")).unlink()
        self.refused(desk, workspace)

    def test_a_file_with_other_content_than_its_name_says(self, desk: Desk, workspace: Path) -> None:
        target = loose(workspace, user_git(workspace, "rev-parse", "HEAD:src/app"))
        target.chmod(0o644)
        target.write_bytes(zlib.compress(b"blob 4\0bad\n"))
        self.refused(desk, workspace)

    def test_a_cut_off_object(self, desk: Desk, workspace: Path) -> None:
        target = loose(workspace, user_git(workspace, "rev-parse", "HEAD"))
        target.chmod(0o644)
        target.write_bytes(target.read_bytes()[:20])
        self.refused(desk, workspace)

    def test_a_tree_that_would_write_outside(self, desk: Desk, workspace: Path) -> None:
        blob = user_git(workspace, "rev-parse", "HEAD:README")
        raw = b"100644 ..\0" + bytes.fromhex(blob)
        (workspace / "raw").write_bytes(raw)
        tree = user_git(workspace, "hash-object", "-t", "tree", "-w", "--literally", "raw")
        sha = user_git(workspace, "commit-tree", tree, "-p", "HEAD", "-m", "out")
        user_git(workspace, "update-ref", "refs/heads/fleet/r1", sha)
        self.refused(desk, workspace)

    def test_a_branch_that_is_no_commit(self, desk: Desk, workspace: Path) -> None:
        blob = user_git(workspace, "hash-object", "-w", "README")
        (workspace / ".git/refs/heads/fleet/r1").write_text(f"{blob}\n")
        self.refused(desk, workspace)

    def test_objects_borrowed_from_elsewhere(self, desk: Desk, workspace: Path, make_desk: MakeDesk) -> None:
        other = make_desk("other", files={"secret": "password\n"})
        (workspace / ".git/objects/info/alternates").write_text(
            f"{desk.root}/.git/objects\n{other.root}/.git/objects\n"
        )
        tree = user_git(other.root, "rev-parse", "HEAD^{tree}")
        sha = user_git(workspace, "commit-tree", tree, "-p", "HEAD", "-m", "steal")
        user_git(workspace, "update-ref", "refs/heads/fleet/r1", sha)
        self.refused(desk, workspace)

    def test_objects_that_are_links(self, desk: Desk, workspace: Path, make_desk: MakeDesk) -> None:
        other = make_desk("other", files={"secret": "password\n"})
        blob = user_git(other.root, "rev-parse", "HEAD:secret")
        loose(workspace, blob).parent.mkdir(exist_ok=True)
        loose(workspace, blob).symlink_to(loose(other.root, blob))
        write(workspace, {"secret": "password\n"})
        tree = user_git(workspace, "mktree", "--missing", input=f"100644 blob {blob}\tsecret\n")
        sha = user_git(workspace, "commit-tree", tree, "-p", "HEAD", "-m", "steal")
        user_git(workspace, "update-ref", "refs/heads/fleet/r1", sha)
        self.refused(desk, workspace)

    def test_an_object_store_that_is_a_link(self, desk: Desk, workspace: Path, make_desk: MakeDesk) -> None:
        other = make_desk("other")
        shutil.rmtree(workspace / ".git/objects")
        (workspace / ".git/objects").symlink_to(other.root / ".git/objects")
        self.refused(desk, workspace)

    def test_replaced_history_is_not_believed(self, desk: Desk, workspace: Path) -> None:
        head = user_git(workspace, "rev-parse", "HEAD")
        user_git(workspace, "replace", "--graft", head)
        taken = desk.repository.take(workspace, branch="fleet/r1")
        assert taken.commits == 1
        assert desk.git("rev-parse", "fleet/r1^") == desk.repository.base_sha()
