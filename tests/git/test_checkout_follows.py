"""Where the base is checked out: a clean checkout moves along, one with somebody's work is never touched."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from tests.git.conftest import Desk, MakeDesk, commit, user_git, write

from fleet.adapters.git.repository import GitRepository
from fleet.ports.repository import Blocked, Merged


def contents(root: Path) -> dict[str, str]:
    """Every file of a checkout: what it is and what is in it."""
    found = {}
    for folder, folders, files in os.walk(root):
        if ".git" in folders:
            folders.remove(".git")
        for name in [*files, *(name for name in folders if (Path(folder) / name).is_symlink())]:
            path = Path(folder) / name
            if name != ".git":
                kind = "x" if os.access(path, os.X_OK) else "-"
                text = f"-> {path.readlink()}" if path.is_symlink() else f"{kind} {path.read_text()}"
                found[path.relative_to(root).as_posix()] = text
    return found


def assert_followed(desk: Desk, at: Path, outcome: Merged | Blocked) -> None:
    assert isinstance(outcome, Merged), outcome
    assert user_git(at, "rev-parse", "HEAD") == outcome.sha
    assert user_git(at, "status", "--porcelain") == ""
    assert user_git(at, "diff-files") == ""  # the index knows the files: nothing has to be read again
    left = [
        path
        for path in (desk.root / ".git").rglob("*")
        if "fleet-merge" in path.name or path.suffix == ".lock"
    ]
    assert left == []


def assert_untouched(desk: Desk, head: str, dirty: tuple[str, ...] | None, kind: str = "dirty") -> None:
    base, files = desk.repository.base_sha(), contents(desk.root)
    status, index = desk.git("status", "--porcelain"), (desk.root / ".git/index").read_bytes()
    outcome = desk.merge(head)
    assert isinstance(outcome, Blocked)
    assert outcome.kind == kind
    if dirty is not None:
        assert outcome.paths == dirty
    assert desk.repository.base_sha() == base
    assert contents(desk.root) == files
    assert desk.git("status", "--porcelain") == status
    assert (desk.root / ".git/index").read_bytes() == index
    assert not list((desk.root / ".git").glob("fleet-merge*"))


def test_a_clean_checkout_has_the_merge(desk: Desk) -> None:
    head = desk.change({"src/app": "two\n", "new/deep/file": "x\n", "src/lib/old": None})
    assert_followed(desk, desk.root, desk.merge(head))
    assert contents(desk.root) == {"README": "- hello\n", "src/app": "- two\n", "new/deep/file": "- x\n"}
    assert not (desk.root / "src/lib").exists()


def test_modes_links_and_odd_names_come_along(desk: Desk) -> None:
    workspace = desk.prepare()
    write(workspace, {"run me": "#!/bin/sh\n", "nä\nme": "x\n", "README": "hello\n"})
    (workspace / "run me").chmod(0o755)
    (workspace / "README").chmod(0o755)
    (workspace / "link").symlink_to("src/app")
    write(workspace, {"\udcff/b": "bytes\n"})
    commit(workspace, {})
    head = desk.repository.take(workspace, branch="fleet/r1").head
    assert_followed(desk, desk.root, desk.merge(head))
    found = contents(desk.root)
    assert found["run me"] == "x #!/bin/sh\n"
    assert found["README"] == "x hello\n"
    assert found["link"] == "-> src/app"
    assert found["nä\nme"] == "- x\n"
    assert found["\udcff/b"] == "- bytes\n"


def test_a_file_becomes_a_directory_and_a_directory_a_file(desk: Desk) -> None:
    workspace = desk.prepare()
    write(workspace, {"README": None, "src/lib/old": None})
    (workspace / "src/lib").rmdir()
    commit(workspace, {"README/one": "1\n", "README/two": "2\n", "src/lib": "flat\n"})
    head = desk.repository.take(workspace, branch="fleet/r1").head
    assert_followed(desk, desk.root, desk.merge(head))
    assert contents(desk.root) == {
        "README/one": "- 1\n",
        "README/two": "- 2\n",
        "src/app": "- one\n",
        "src/lib": "- flat\n",
    }


def test_files_that_git_does_not_know_stay(desk: Desk) -> None:
    write(desk.root, {"notes": "mine\n", "src/lib/mine": "mine\n"})
    head = desk.change({"src/lib/old": None, "a": "a\n"})
    assert isinstance(desk.merge(head), Merged)
    assert desk.git("status", "--porcelain") == "?? notes\n?? src/lib/"


def test_the_users_line_endings_hold(desk: Desk) -> None:
    desk.git("config", "core.autocrlf", "true")
    head = desk.change({"a": "a\nb\n"})
    assert_followed(desk, desk.root, desk.merge(head))
    assert (desk.root / "a").read_bytes() == b"a\r\nb\r\n"


def test_a_submodule_gets_its_directory(desk: Desk) -> None:
    workspace = desk.prepare()
    user_git(workspace, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    user_git(workspace, "commit", "-q", "-m", "Add sub")
    head = desk.repository.take(workspace, branch="fleet/r1").head
    assert_followed(desk, desk.root, desk.merge(head))
    assert (desk.root / "sub").is_dir()


def test_what_a_sparse_checkout_leaves_out_stays_out(desk: Desk) -> None:
    desk.git("sparse-checkout", "set", "--no-cone", "/README", "/a")
    head = desk.change({"src/app": "two\n", "src/lib/old": None, "src/more": "x\n", "a": "a\n"})
    assert_followed(desk, desk.root, desk.merge(head))
    assert contents(desk.root) == {"README": "- hello\n", "a": "- a\n"}


def test_several_merges_in_a_row_are_followed(desk: Desk) -> None:
    for at in range(3):
        head = desk.change({"src/app": f"{at}\n", f"f{at}": "x\n"}, f"r{at}")
        assert_followed(desk, desk.root, desk.merge(head))
    assert (desk.root / "src/app").read_text() == "2\n"


def test_a_squash_is_followed(desk: Desk) -> None:
    head = desk.change({"src/app": "two\n"})
    assert_followed(desk, desk.root, desk.merge(head, method="squash"))


class TestDirty:
    def test_a_changed_file(self, desk: Desk) -> None:
        head = desk.change({"src/app": "two\n"})
        write(desk.root, {"README": "mine\n"})
        assert_untouched(desk, head, ("README",))

    def test_a_file_changed_without_a_trace_in_its_size_and_time(self, desk: Desk) -> None:
        head = desk.change({"src/app": "two\n"})
        path = desk.root / "src/app"
        found = path.stat()
        path.write_text("uno\n")
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
        assert_untouched(desk, head, ("src/app",))

    def test_a_staged_file(self, desk: Desk) -> None:
        head = desk.change({"src/app": "two\n"})
        write(desk.root, {"mine": "mine\n"})
        desk.git("add", "mine")
        assert_untouched(desk, head, ("mine",))

    def test_a_deleted_file(self, desk: Desk) -> None:
        head = desk.change({"src/app": "two\n"})
        (desk.root / "README").unlink()
        assert_untouched(desk, head, ("README",))

    def test_a_changed_file_that_git_was_told_to_assume_unchanged(self, desk: Desk) -> None:
        head = desk.change({"src/app": "two\n"})
        desk.git("update-index", "--assume-unchanged", "src/app")
        write(desk.root, {"src/app": "mine\n"})
        assert_untouched(desk, head, ("src/app",))

    def test_an_untracked_file_in_the_way(self, desk: Desk) -> None:
        head = desk.change({"new/file": "theirs\n"})
        write(desk.root, {"new/file": "mine\n"})
        assert_untouched(desk, head, ("new/file",))

    def test_an_ignored_file_in_the_way(self, desk: Desk) -> None:
        head = desk.change({"local.cfg": "theirs\n"})
        write(desk.root, {".git/info/exclude": "local.cfg\n", "local.cfg": "mine\n"})
        assert_untouched(desk, head, ("local.cfg",))

    def test_an_untracked_file_where_a_directory_comes(self, desk: Desk) -> None:
        head = desk.change({"new/file": "theirs\n"})
        write(desk.root, {"new": "mine\n"})
        assert_untouched(desk, head, ("new",))

    def test_an_untracked_link_where_a_directory_comes(self, desk: Desk, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        head = desk.change({"new/file": "theirs\n"})
        (desk.root / "new").symlink_to(outside)
        assert_untouched(desk, head, ("new",))
        assert list(outside.iterdir()) == []

    def test_an_untracked_file_in_a_directory_where_a_file_comes(self, desk: Desk) -> None:
        workspace = desk.prepare()
        write(workspace, {"src/lib/old": None})
        (workspace / "src/lib").rmdir()
        commit(workspace, {"src/lib": "flat\n"})
        head = desk.repository.take(workspace, branch="fleet/r1").head
        write(desk.root, {"src/lib/mine": "mine\n"})
        assert_untouched(desk, head, ("src/lib/mine",))

    def test_it_goes_through_once_the_user_has_committed(self, desk: Desk) -> None:
        head = desk.change({"src/app": "two\n"})
        write(desk.root, {"README": "mine\n"})
        assert isinstance(desk.merge(head), Blocked)
        commit(desk.root, {})
        assert_followed(desk, desk.root, desk.merge(head))


class TestBusy:
    @pytest.mark.parametrize("name", ["index.lock", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD"])
    def test_another_git_operation_is_waited_for(self, desk: Desk, name: str) -> None:
        head = desk.change({"src/app": "two\n"})
        (desk.root / ".git" / name).write_text(f"{head}\n")
        outcome = desk.merge(head)
        assert isinstance(outcome, Blocked)
        assert outcome.kind == "busy"
        assert (desk.root / ".git" / name).exists()
        assert (desk.root / "src/app").read_text() == "one\n"

    def test_a_rebase_of_the_base_is_waited_for(self, desk: Desk) -> None:
        head = desk.change({"src/app": "two\n"})
        desk.git("branch", "topic")
        commit(desk.root, {"README": "a\n"})
        desk.git("checkout", "-q", "topic")
        commit(desk.root, {"README": "b\n"})
        desk.git("checkout", "-q", "main")
        desk.git("rebase", "-q", "topic", ok=False)
        assert (desk.root / ".git/rebase-merge").exists()
        assert_untouched(desk, head, None, kind="busy")


class TestWhereItIsCheckedOut:
    def test_a_detached_head_is_left_alone(self, desk: Desk) -> None:
        head = desk.change({"src/app": "two\n"})
        desk.git("checkout", "-q", "--detach")
        write(desk.root, {"README": "mine\n"})
        assert isinstance(desk.merge(head), Merged)
        assert (desk.root / "src/app").read_text() == "one\n"
        assert desk.git("status", "--porcelain") == " M README"

    def test_another_branch_is_left_alone(self, desk: Desk) -> None:
        head = desk.change({"src/app": "two\n"})
        desk.git("checkout", "-q", "-b", "mine")
        assert isinstance(desk.merge(head), Merged)
        assert desk.git("status", "--porcelain") == ""
        assert (desk.root / "src/app").read_text() == "one\n"

    @pytest.fixture
    def linked(self, desk: Desk) -> Path:
        linked = desk.root.parent / "linked"
        desk.git("checkout", "-q", "-b", "mine")
        desk.git("worktree", "add", "-q", str(linked), "main")
        return linked

    def test_a_linked_worktree_follows(self, desk: Desk, linked: Path) -> None:
        head = desk.change({"src/app": "two\n", "src/lib/old": None})
        assert_followed(desk, linked, desk.merge(head))
        assert contents(linked) == {"README": "- hello\n", "src/app": "- two\n"}
        assert (desk.root / "src/app").read_text() == "one\n"

    def test_a_dirty_linked_worktree_is_not_touched(self, desk: Desk, linked: Path) -> None:
        head = desk.change({"src/app": "two\n"})
        write(linked, {"README": "mine\n"})
        outcome = desk.merge(head)
        assert isinstance(outcome, Blocked)
        assert (outcome.kind, outcome.paths) == ("dirty", ("README",))
        assert str(linked) in outcome.reason
        assert (linked / "src/app").read_text() == "one\n"

    def test_a_linked_worktree_that_was_removed_is_no_hindrance(self, desk: Desk, linked: Path) -> None:
        head = desk.change({"src/app": "two\n"})
        linked.rename(linked.with_name("away"))
        assert isinstance(desk.merge(head), Merged)

    def test_two_checkouts_of_the_base_follow_both_or_none(self, desk: Desk, linked: Path) -> None:
        desk.git("checkout", "-q", "--ignore-other-worktrees", "main")
        head = desk.change({"src/app": "two\n"})
        write(linked, {"README": "mine\n"})
        assert_untouched(desk, head, ("README",))
        user_git(linked, "checkout", "-q", "README")
        assert_followed(desk, desk.root, desk.merge(head))
        assert (linked / "src/app").read_text() == "two\n"

    def test_a_base_that_is_not_main(self, make_desk: MakeDesk) -> None:
        root = make_desk().root
        user_git(root, "checkout", "-q", "-b", "trunk/next")
        desk = Desk(root, "trunk/next")
        head = desk.change({"src/app": "two\n"})
        assert_followed(desk, root, desk.merge(head))
        assert user_git(root, "show", "main:src/app") == "one"

    def test_fleets_own_directory_may_be_on_another_file_system(self, desk: Desk) -> None:
        memory = Path("/dev/shm")
        if not memory.is_dir() or memory.stat().st_dev == desk.root.stat().st_dev:
            pytest.skip("there is no second file system to be had")
        scratch = Path(tempfile.mkdtemp(dir=memory))
        try:
            desk.repository = GitRepository(desk.project, "main", scratch)
            head = desk.change({"src/app": "two\n", "src/lib/old": None})
            assert_followed(desk, desk.root, desk.merge(head))
            assert contents(desk.root) == {"README": "- hello\n", "src/app": "- two\n"}
        finally:
            shutil.rmtree(scratch)
