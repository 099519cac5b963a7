"""Merging without a checkout: what the commit is, when there is none, and that asking twice does no harm."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.git.conftest import AUTHOR, Desk, MakeDesk, commit, user_git

from fleet.adapters.git.project import find_project
from fleet.model.errors import Permanent
from fleet.ports.repository import Author, Blocked, Merged, MergeMethod


@pytest.fixture
def bare(make_desk: MakeDesk) -> Desk:
    """A bare repository: a merge there has no checkout to think of."""
    source = make_desk("source")
    root = source.root.parent / "bare"
    user_git(source.root, "clone", "-q", "--bare", str(source.root), str(root))
    return Desk(root)


def sha_of(outcome: Merged | Blocked) -> str:
    assert isinstance(outcome, Merged), outcome
    return outcome.sha


def test_a_merge_has_both_parents_the_message_the_author_and_the_time(bare: Desk) -> None:
    base = bare.repository.base_sha()
    head = bare.change({"src/app": "two\n"})
    sha = sha_of(bare.merge(head))
    assert bare.repository.base_sha() == sha
    assert bare.git("log", "-1", "--format=%P|%an <%ae>|%cn|%at|%ct|%B", sha) == (
        f"{base} {head}|Fleet <fleet@example.org>|Fleet|1700000000|1700000000|Merge it\n\nFleet-Head: {head}"
    )
    assert bare.git("show", "main:src/app") == "two"


def test_both_sides_changes_are_in_the_result(bare: Desk) -> None:
    one = bare.change({"a": "a\n"}, "r1")
    two = bare.change({"b": "b\n"}, "r2")
    bare.merge(one)
    bare.merge(two)
    assert set(bare.git("ls-tree", "--name-only", "main").split()) == {"README", "a", "b", "src"}


def test_a_conflict_is_named_and_nothing_moves(bare: Desk) -> None:
    one = bare.change({"src/app": "two\n", "README": "two\n"}, "r1")
    two = bare.change({"src/app": "three\n", "README": "three\n"}, "r2")
    bare.merge(one)
    base = bare.repository.base_sha()
    outcome = bare.merge(two)
    assert isinstance(outcome, Blocked)
    assert (outcome.kind, outcome.paths) == ("conflict", ("README", "src/app"))
    assert bare.repository.base_sha() == base


def test_the_tree_of_a_merge_can_be_had_alone(bare: Desk) -> None:
    base = bare.repository.base_sha()
    one = bare.change({"src/app": "two\n"}, "r1")
    two = bare.change({"src/app": "three\n"}, "r2")
    assert bare.repository.merge_tree(base, one).tree == bare.git("rev-parse", f"{one}^{{tree}}")
    conflict = bare.repository.merge_tree(one, two)
    assert (conflict.tree, conflict.conflicts) == (None, ("src/app",))


def test_a_base_that_is_not_the_expected_one_blocks(bare: Desk) -> None:
    old = bare.repository.base_sha()
    bare.merge(bare.change({"a": "a\n"}, "r1"))
    two = bare.change({"b": "b\n"}, "r2", start=old)
    outcome = bare.merge(two, base=old)
    assert isinstance(outcome, Blocked)
    assert outcome.kind == "moved"
    assert bare.repository.merged(two) is None


@pytest.mark.parametrize("method", ["merge", "squash"])
def test_merging_again_is_already_done(bare: Desk, method: MergeMethod) -> None:
    base = bare.repository.base_sha()
    head = bare.change({"a": "a\n"})
    sha = sha_of(bare.merge(head, method=method))
    assert bare.merge(head, base=base, method=method) == Merged(sha, already=True)
    assert bare.repository.base_sha() == sha


def test_a_squash_has_one_parent_and_is_found_by_its_trailer(bare: Desk) -> None:
    base = bare.repository.base_sha()
    workspace = bare.prepare()
    commit(workspace, {"a": "a\n"})
    commit(workspace, {"b": "b\n"})
    head = bare.repository.take(workspace, branch="fleet/r1").head
    sha = sha_of(bare.merge(head, method="squash"))
    bare.merge(bare.change({"c": "c\n"}, "r2"))
    assert bare.git("log", "-1", "--format=%P", sha) == base
    assert bare.repository.merged(head) == sha


def test_a_squash_without_the_trailer_is_refused(bare: Desk) -> None:
    head = bare.change({"a": "a\n"})
    with pytest.raises(Permanent, match="not be found again"):
        bare.repository.merge(
            head,
            expected_base=bare.repository.base_sha(),
            message="Add a",
            author=AUTHOR,
            when_ms=0,
            method="squash",
        )


def test_the_words_of_another_commit_do_not_make_a_head_merged(bare: Desk) -> None:
    head = bare.change({"a": "a\n"}, "r1")
    liar = bare.change({"b": "b\n"}, "r2", message=f"Lie\n\nFleet-Head: {head}")
    bare.merge(liar)
    assert bare.repository.merged(head) is None


def test_merged_names_the_merge_that_brought_a_head(bare: Desk) -> None:
    one = bare.change({"a": "a\n"}, "r1")
    first = sha_of(bare.merge(one))
    two = bare.change({"b": "b\n"}, "r2")
    second = sha_of(bare.merge(two))
    assert bare.repository.merged(one) == first
    assert bare.repository.merged(two) == second


def test_after_a_fast_forward_the_head_brought_itself(bare: Desk) -> None:
    head = bare.change({"a": "a\n"})
    bare.git("update-ref", "refs/heads/main", head)
    bare.merge(bare.change({"b": "b\n"}, "r2"))
    assert bare.repository.merged(head) == head


def test_a_head_without_commits_of_its_own_counts_as_merged(bare: Desk) -> None:
    base = bare.repository.base_sha()
    assert bare.repository.merged(base) == base
    assert bare.merge(base) == Merged(base, already=True)


def test_a_head_that_is_not_merged_has_no_commit_that_brought_it(bare: Desk) -> None:
    assert bare.repository.merged(bare.change({"a": "a\n"})) is None


@pytest.mark.parametrize("when_ms", [None, 1_700_000_000_000])
def test_the_same_arguments_make_the_same_commit(bare: Desk, when_ms: int | None) -> None:
    base = bare.repository.base_sha()
    head = bare.change({"a": "a\n"})
    made = [
        bare.repository.make_merge_commit(base, head, message="m", author=AUTHOR, when_ms=when_ms)
        for _ in range(2)
    ]
    assert made[0] == made[1]
    assert made[0].commit is not None
    assert bare.repository.base_sha() == base


def test_the_commit_that_was_checked_is_the_one_that_is_merged(bare: Desk) -> None:
    base = bare.repository.base_sha()
    head = bare.change({"a": "a\n"})
    message = f"Merge it\n\nFleet-Head: {head}\n"
    made = bare.repository.make_merge_commit(
        base, head, message=message, author=AUTHOR, when_ms=1_700_000_000_000
    )
    assert sha_of(bare.merge(head)) == made.commit


def test_a_merge_commit_cannot_be_made_of_a_conflict(bare: Desk) -> None:
    one = bare.change({"src/app": "two\n"}, "r1")
    two = bare.change({"src/app": "three\n"}, "r2")
    made = bare.repository.make_merge_commit(one, two, message="m", author=AUTHOR)
    assert (made.commit, made.conflicts) == (None, ("src/app",))


def test_a_name_with_line_ends_cannot_add_headers(bare: Desk) -> None:
    base, head = bare.repository.base_sha(), bare.change({"a": "a\n"})
    evil = Author("Eve\nparent 1", "e>\n@example.org")
    made = bare.repository.make_merge_commit(base, head, message="m", author=evil)
    assert made.commit is not None
    assert bare.git("log", "-1", "--format=%P", made.commit) == f"{base} {head}"


def test_a_head_that_is_not_here_is_named(bare: Desk) -> None:
    with pytest.raises(Permanent, match="take the branch again"):
        bare.merge("1" * 40)


def test_histories_with_nothing_in_common_are_refused(desk: Desk) -> None:
    stranger = desk.git("commit-tree", "HEAD^{tree}", "-m", "stranger")
    with pytest.raises(Permanent, match="unrelated"):
        desk.merge(stranger)


def test_it_works_in_sha256(make_desk: MakeDesk) -> None:
    desk = make_desk("new", "--object-format=sha256")
    head = desk.change({"src/app": "two\n"})
    sha = sha_of(desk.merge(head))
    assert desk.repository.merged(head) == sha
    assert (desk.root / "src/app").read_text() == "two\n"


def test_a_repository_without_a_commit_says_what_to_do(tmp_path: Path) -> None:
    root = tmp_path / "empty"
    root.mkdir()
    user_git(root, "init", "-q", "-b", "main")
    with pytest.raises(Permanent, match=r"no commit yet.*git add -A"):
        Desk(root).repository.base_sha()


def test_a_base_branch_that_was_deleted_is_named_with_those_that_are_there(desk: Desk) -> None:
    head = desk.change({"a": "a\n"})
    desk.git("checkout", "-q", "-b", "other")
    desk.git("branch", "-q", "-D", "main")
    with pytest.raises(Permanent, match=r"no branch main.*fleet/r1, other"):
        desk.repository.merge(head, expected_base=head, message="m", author=AUTHOR)


def test_the_main_checkout_is_found_from_a_linked_one(desk: Desk) -> None:
    linked = desk.root.parent / "linked"
    desk.git("worktree", "add", "-q", str(linked))
    assert find_project(linked / ".").checkout == desk.root
    assert find_project(desk.root / "src") == find_project(linked)


def test_a_directory_that_is_no_repository_says_what_to_do(desk: Desk) -> None:
    with pytest.raises(Permanent, match="git init"):
        find_project(desk.root.parent)
