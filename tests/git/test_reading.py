"""What is read from the project's repository: changes, the log, the history of paths; and how branches go."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.git.conftest import Desk, commit, write

from fleet.adapters.git.command import git_version, run
from fleet.adapters.git.names import branch_ref
from fleet.model.errors import Permanent
from fleet.ports.repository import FileChange


def test_the_diff_is_what_the_head_changes_since_it_left_the_base(desk: Desk) -> None:
    head = desk.change({"src/app": "two\n"})
    base = commit(desk.root, {"README": "meanwhile\n"})
    patch = desk.repository.diff(base, head)
    assert "-one\n+two\n" in patch
    assert "README" not in patch


def test_a_long_diff_is_cut_and_says_so(desk: Desk) -> None:
    head = desk.change({"long": "line\n" * 10_000})
    patch = desk.repository.diff(desk.repository.base_sha(), head, limit=1000)
    assert patch.endswith("[the patch is longer than 1000 bytes and was cut here]\n")
    assert len(patch) < 1100


def test_the_users_programs_are_not_run_for_a_diff(desk: Desk, tmp_path: Path) -> None:
    desk.git("config", "diff.external", f"touch {tmp_path}/sprung")
    head = desk.change({"src/app": "two\n"})
    assert "+two" in desk.repository.diff(desk.repository.base_sha(), head)
    assert not (tmp_path / "sprung").exists()


def test_stat_counts_lines_and_names_what_happened_to_each_file(desk: Desk) -> None:
    base = commit(desk.root, {"long": "".join(f"{at}\n" for at in range(50))})
    workspace = desk.prepare()
    (workspace / "bin").write_bytes(b"\0\1")
    write(workspace, {"run": "#!/bin/sh\n", "src/app": "two\nthree\n", "README": None})
    (workspace / "run").chmod(0o755)
    (workspace / "link").symlink_to("run")
    (workspace / "long").rename(workspace / "länger")
    commit(workspace, {})
    head = desk.repository.take(workspace, branch="fleet/r1").head
    assert desk.repository.stat(base, head) == (
        FileChange("README", 0, 1, False, "D", "000000"),
        FileChange("bin", 0, 0, True, "A", "100644"),
        FileChange("link", 1, 0, False, "A", "120000"),
        FileChange("länger", 0, 0, False, "R", "100644", "long"),
        FileChange("run", 1, 0, False, "A", "100755"),
        FileChange("src/app", 2, 1, False, "M", "100644"),
    )


def test_a_name_that_is_no_utf8_is_shown_by_its_bytes(desk: Desk) -> None:
    head = desk.change({os.fsdecode(b"\xff\n"): "x\n"})
    (change,) = desk.repository.stat(desk.repository.base_sha(), head)
    assert change.path == "\\xff\n"


def test_the_log_is_newest_first_and_bounded(desk: Desk) -> None:
    for at in range(3):
        commit(desk.root, {"n": f"{at}\n"}, f"No {at}")
    found = desk.repository.log(2)
    assert [entry.subject for entry in found] == ["No 2", "No 1"]
    assert found[0].parents == (found[1].sha,)
    assert found[0].author.email == "ann@example.org"
    assert found[0].when_ms > 1_600_000_000_000


def test_the_log_of_a_branch_leaves_out_what_the_base_has(desk: Desk) -> None:
    base = desk.repository.base_sha()
    head = desk.change({"a": "a\n"}, message="Add a\n\nwith a body")
    assert [entry.subject for entry in desk.repository.log(10, head=head, base=base)] == ["Add a"]
    assert desk.repository.log(10, head=base, base=base) == ()


def test_a_branch_is_resolved_or_is_not_there(desk: Desk) -> None:
    assert desk.repository.resolve("main") == desk.git("rev-parse", "HEAD")
    assert desk.repository.resolve("fleet/none") is None


class TestDeleteBranch:
    def test_a_branch_at_the_commit_goes_and_may_be_deleted_again(self, desk: Desk) -> None:
        head = desk.change({"a": "a\n"})
        assert desk.repository.delete_branch("fleet/r1", head)
        assert desk.repository.resolve("fleet/r1") is None
        assert desk.repository.delete_branch("fleet/r1", head)

    def test_a_branch_elsewhere_stays(self, desk: Desk) -> None:
        head = desk.change({"a": "a\n"})
        assert not desk.repository.delete_branch("fleet/r1", desk.repository.base_sha())
        assert desk.repository.resolve("fleet/r1") == head

    def test_a_branch_that_is_checked_out_stays(self, desk: Desk) -> None:
        head = desk.change({"a": "a\n"})
        desk.git("checkout", "-q", "fleet/r1")
        assert not desk.repository.delete_branch("fleet/r1", head)
        assert desk.repository.resolve("fleet/r1") == head

    def test_the_base_stays(self, desk: Desk) -> None:
        desk.git("checkout", "-q", "--detach")
        base = desk.repository.base_sha()
        assert not desk.repository.delete_branch("main", base)
        assert desk.repository.base_sha() == base


@pytest.mark.parametrize(
    "name", ["", "-d", "HEAD", "a..b", "a b", "a/", "/a", "a.lock", "@", "a\n", "x/.y", "a@{1}"]
)
def test_a_name_that_git_would_not_allow_is_refused(name: str) -> None:
    with pytest.raises(Permanent, match="not a name for a branch"):
        branch_ref(name)


@pytest.mark.parametrize("sha", ["", "HEAD", "--all", "abc", "A" * 40, "1" * 41])
def test_what_is_no_full_commit_id_is_refused(desk: Desk, sha: str) -> None:
    with pytest.raises(Permanent, match="not a commit id"):
        desk.repository.diff(sha, sha)


def test_git_that_is_not_there_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="install git"):
        git_version(str(tmp_path))


def test_nothing_of_the_environment_reaches_git(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.bare")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "nonsense")
    assert run(desk.project.git_dir, "rev-parse", "main").code == 0


def test_a_file_is_read_as_it_is_in_a_commit_and_only_so_far(desk: Desk) -> None:
    base = commit(desk.root, {"docs/CODEOWNERS": "* @ann\n"})
    (desk.root / "docs/CODEOWNERS").write_text("* @eve\n")
    assert desk.repository.read(base, "docs/CODEOWNERS", limit=100) == b"* @ann\n"
    assert desk.repository.read(base, "docs/CODEOWNERS", limit=3) == b"* @"
    assert desk.repository.read(base, "docs", limit=100) is None
    assert desk.repository.read(base, "CODEOWNERS", limit=100) is None
