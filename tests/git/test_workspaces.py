"""Workspaces: a clone that is its own, made whole or not at all, and read without trusting what is in it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from tests.git.conftest import AUTHOR, Desk, MakeDesk, commit, user_git, write

from fleet.model.errors import Permanent


def head_of(at: Path) -> str:
    return user_git(at, "rev-parse", "HEAD")


def test_a_workspace_is_a_clone_at_the_start_with_the_agents_name(desk: Desk) -> None:
    workspace = desk.prepare()
    assert head_of(workspace) == desk.repository.base_sha()
    assert user_git(workspace, "branch", "--show-current") == "fleet/r1"
    assert user_git(workspace, "config", "user.name") == "Robin"
    assert user_git(workspace, "remote") == ""
    assert user_git(workspace, "status", "--porcelain") == ""
    assert (workspace / "src/app").read_text() == "one\n"


def test_what_is_committed_in_it_is_not_in_the_project(desk: Desk) -> None:
    before = desk.git("for-each-ref")
    sha = commit(desk.prepare(), {"src/app": "two\n"})
    assert desk.git("for-each-ref") == before
    assert desk.git("cat-file", "-t", sha, ok=False) == ""
    assert (desk.root / "src/app").read_text() == "one\n"


def test_preparing_again_keeps_files_and_commits_and_moves_the_base(desk: Desk) -> None:
    workspace = desk.prepare()
    sha = commit(workspace, {"src/app": "two\n"})
    write(workspace, {"draft": "not yet\n"})
    base = commit(desk.root, {"other": "x\n"})
    assert desk.prepare(start=user_git(workspace, "rev-parse", "main")) == workspace
    assert head_of(workspace) == sha
    assert (workspace / "draft").exists()
    assert user_git(workspace, "rev-parse", "main") == base


def test_each_that_is_made_has_a_name_of_its_own_and_keeps_it(desk: Desk) -> None:
    desk.prepare()
    first = desk.workspaces.made("r1")
    desk.prepare()
    assert desk.workspaces.made("r1") == first
    desk.workspaces.discard("r1")
    desk.prepare()
    assert desk.workspaces.made("r1") not in (first, "")


def test_preparing_again_takes_away_the_lock_of_a_killed_git(desk: Desk) -> None:
    workspace = desk.prepare()
    (workspace / ".git/index.lock").touch()
    desk.prepare()
    commit(workspace, {"a": "a\n"})


def test_a_workspace_that_left_its_start_is_refused_without_reset(desk: Desk) -> None:
    start = desk.repository.base_sha()
    ahead = commit(desk.root, {"other": "x\n"})
    workspace = desk.prepare(start=start)
    with pytest.raises(Permanent, match="not after"):
        desk.prepare(start=ahead)
    assert head_of(workspace) == start


def test_reset_builds_it_anew(desk: Desk) -> None:
    workspace = desk.prepare()
    commit(workspace, {"src/app": "two\n"})
    ahead = commit(desk.root, {"other": "x\n"})
    desk.prepare(start=ahead, reset=True)
    assert head_of(workspace) == ahead
    assert desk.workspaces.status("r1").clean


def test_a_workspace_that_was_cut_off_while_it_was_made_is_not_believed(desk: Desk) -> None:
    desk.prepare()
    half = desk.workspaces.path("r2")
    (half / ".git").mkdir(parents=True)
    assert not desk.workspaces.exists("r2")
    assert desk.workspaces.ids() == ("r1",)
    desk.prepare("r2")
    assert desk.workspaces.status("r2").clean


def test_discarding_twice_is_fine(desk: Desk) -> None:
    desk.prepare()
    desk.workspaces.discard("r1")
    desk.workspaces.discard("r1")
    assert desk.workspaces.ids() == ()


def test_a_directory_without_write_permission_is_discarded_too(desk: Desk) -> None:
    workspace = desk.prepare()
    write(workspace, {"cache/a": "x"})
    (workspace / "cache").chmod(0o500)
    desk.workspaces.discard("r1")
    assert not workspace.exists()


@pytest.mark.parametrize("id", ["", "..", "a/b", ".records", "-x", "a" * 200])
def test_an_id_that_is_no_name_is_refused(desk: Desk, id: str) -> None:
    with pytest.raises(Permanent, match="not a name"):
        desk.workspaces.path(id)


def test_a_start_that_does_not_exist_is_refused(desk: Desk) -> None:
    with pytest.raises(Permanent, match="no commit"):
        desk.prepare(start="1" * 40)
    assert not desk.workspaces.exists("r1")


def test_status_counts_commits_and_names_what_is_not_committed(desk: Desk) -> None:
    workspace = desk.prepare()
    sha = commit(workspace, {"src/app": "two\n"})
    write(workspace, {"README": "changed\n", "new": "x\n", "src/lib/old": None})
    status = desk.workspaces.status("r1")
    assert (status.head, status.branch, status.branch_head) == (sha, "fleet/r1", sha)
    assert status.commits_ahead == 1
    assert set(status.dirty_paths) == {"README", "new", "src/lib/old"}


def test_ignored_files_do_not_make_it_dirty(desk: Desk) -> None:
    workspace = desk.prepare()
    commit(workspace, {".gitignore": "*.o\n"})
    write(workspace, {"a.o": "x"})
    assert desk.workspaces.status("r1").clean


def test_status_is_bounded_and_says_so(desk: Desk) -> None:
    write(desk.prepare(), {f"f{at}": "x" for at in range(80)})
    status = desk.workspaces.status("r1")
    assert len(status.dirty_paths) == 50
    assert status.more_dirty


def test_a_detached_head_is_seen_beside_the_branch(desk: Desk) -> None:
    workspace = desk.prepare()
    sha = commit(workspace, {"a": "a\n"})
    user_git(workspace, "checkout", "-q", "--detach", "main")
    status = desk.workspaces.status("r1")
    assert status.branch is None
    assert status.branch_head == sha
    assert status.head == desk.repository.base_sha()


def test_a_workspace_is_made_at_a_merge_commit_that_no_ref_points_to(desk: Desk) -> None:
    head = desk.change({"src/app": "two\n"})
    base = commit(desk.root, {"other": "x\n"})
    made = desk.repository.make_merge_commit(base, head, message="try", author=AUTHOR)
    assert made.commit is not None
    assert made.commit not in desk.git("for-each-ref")
    scratch = desk.prepare("c1", start=made.commit)
    assert head_of(scratch) == made.commit
    assert (scratch / "src/app").read_text() == "two\n"
    assert (scratch / "other").read_text() == "x\n"
    assert user_git(scratch, "fsck", "--connectivity-only") == ""


def test_it_works_with_the_object_format_of_the_project(make_desk: MakeDesk) -> None:
    desk = make_desk("new", "--object-format=sha256")
    sha = commit(desk.prepare(), {"src/app": "two\n"})
    assert len(sha) == 64
    assert desk.workspaces.status("r1").head == sha


PROGRAMS = [
    ("core", "fsmonitor"),
    ("core", "sshCommand"),
    ("diff", "external"),
    ('filter "evil"', "clean"),
    ('filter "evil"', "smudge"),
    ('diff "evil"', "textconv"),
    ('diff "evil"', "command"),
    ('merge "evil"', "driver"),
    ("uploadpack", "packObjectsHook"),
]


class TestATrap:
    """Whatever an agent leaves in its workspace: Fleet does not walk into it."""

    @pytest.fixture
    def workspace(self, desk: Desk) -> Path:
        workspace = desk.prepare()
        commit(workspace, {"src/app": "two\n"})
        return workspace

    @pytest.fixture
    def snare(self, tmp_path: Path) -> Path:
        """A program that leaves `sprung` beside itself when it is run."""
        program = tmp_path / "snare"
        program.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\ncat\n")
        program.chmod(0o755)
        return program

    def look(self, desk: Desk) -> None:
        desk.workspaces.status("r1")
        desk.repository.take(desk.workspaces.path("r1"), branch="fleet/r1")
        desk.prepare()

    def test_programs_in_the_configuration_are_not_run(
        self, desk: Desk, workspace: Path, snare: Path, tmp_path: Path
    ) -> None:
        commit(workspace, {".gitattributes": "* filter=evil diff=evil merge=evil\n"})
        for section, name in PROGRAMS:
            with (workspace / ".git/config").open("a") as file:
                file.write(f"[{section}]\n\t{name} = {snare}\n")
        (workspace / "src/app").write_text("three\n")
        self.look(desk)
        head = desk.repository.resolve("fleet/r1")
        assert head is not None
        desk.repository.diff(desk.repository.base_sha(), head)
        assert not (tmp_path / "sprung").exists()

    def test_hooks_are_not_run(self, desk: Desk, workspace: Path, snare: Path, tmp_path: Path) -> None:
        hooks = workspace / ".git/hooks"
        hooks.mkdir()
        for name in ("post-checkout", "post-index-change", "reference-transaction", "pre-receive", "update"):
            shutil.copy(snare, hooks / name)
        self.look(desk)
        assert not (tmp_path / "sprung").exists()

    def test_its_configuration_is_put_back_when_it_is_prepared_again(
        self, desk: Desk, workspace: Path, snare: Path
    ) -> None:
        user_git(workspace, "config", "core.fsmonitor", str(snare))
        desk.prepare()
        assert "snare" not in (workspace / ".git/config").read_text()

    def test_an_index_that_hides_changes_is_not_believed(self, desk: Desk, workspace: Path) -> None:
        user_git(workspace, "update-index", "--assume-unchanged", "src/app")
        (workspace / "src/app").write_text("hidden\n")
        assert desk.workspaces.status("r1").dirty_paths == ("src/app",)

    def test_its_own_list_of_ignored_files_does_not_hide_any(self, desk: Desk, workspace: Path) -> None:
        (workspace / ".git/info/exclude").write_text("*\n")
        (workspace / "hidden").touch()
        assert desk.workspaces.status("r1").dirty_paths == ("hidden",)

    def test_git_as_a_link_is_refused(self, desk: Desk, workspace: Path) -> None:
        shutil.rmtree(workspace / ".git")
        (workspace / ".git").symlink_to(desk.root / ".git")
        with pytest.raises(Permanent, match=r"no \.git directory of its own"):
            desk.workspaces.status("r1")

    def test_git_as_a_file_that_points_elsewhere_is_refused(self, desk: Desk, workspace: Path) -> None:
        shutil.rmtree(workspace / ".git")
        (workspace / ".git").write_text(f"gitdir: {desk.root}/.git\n")
        with pytest.raises(Permanent, match=r"no \.git directory of its own"):
            desk.repository.take(workspace, branch="fleet/r1")

    def test_a_workspace_as_a_link_is_refused(self, desk: Desk, workspace: Path) -> None:
        shutil.rmtree(workspace)
        workspace.symlink_to(desk.root)
        with pytest.raises(Permanent):
            desk.workspaces.status("r1")

    def test_a_branch_that_is_a_link_is_no_branch(self, desk: Desk, workspace: Path) -> None:
        ref = workspace / ".git/refs/heads/fleet/r1"
        ref.unlink()
        ref.symlink_to(desk.root / ".git/refs/heads/main")
        with pytest.raises(Permanent, match="no branch"):
            desk.repository.take(workspace, branch="fleet/r1")

    def test_a_pipe_in_the_place_of_a_file_holds_nobody_up(self, desk: Desk, workspace: Path) -> None:
        (workspace / ".git/HEAD").unlink()
        os.mkfifo(workspace / ".git/HEAD")
        assert desk.workspaces.status("r1").head is None

    def test_a_link_in_the_place_of_a_directory_is_not_written_through(
        self, desk: Desk, workspace: Path, tmp_path: Path
    ) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        shutil.rmtree(workspace / ".git/refs")
        (workspace / ".git/refs").symlink_to(outside)
        with pytest.raises(Permanent):
            desk.prepare()
        assert list(outside.iterdir()) == []
