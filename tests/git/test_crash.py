"""kill -9 at every instant of a merge into a checked-out base: afterwards it is whole, or it never was.

The merge runs in a process of its own that ends itself before its n-th step (a file renamed, linked, made,
removed; a git started), or whose n-th git is killed with it, without it, or goes on after it.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path

import pytest
from tests.git.conftest import Desk, MakeDesk, commit, user_git, write
from tests.git.test_checkout_follows import contents

from fleet.adapters.git import refs
from fleet.adapters.git.advance import advance
from fleet.adapters.git.checkout import lock_index
from fleet.adapters.git.journal import Journal, Part, Plan, holding
from fleet.model.errors import Permanent, Temporary
from fleet.ports.repository import Blocked, Merged

STEPS = {"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "subprocess.Popen", "open"}
OLD = {
    "README": "- hello\n",
    "src/app": "- one\n",
    "src/lib/old": "- old\n",
    "flat": "- file\n",
    "gone": "- x\n",
}
NEW = {
    "README": "x hello\n",
    "src/app": "- two\n",
    "new/deep/file": "- x\n",
    "flat/now": "- directory\n",
    "l": "-> README",
}


class Crash:
    """A project with a change to merge, which can be put back to where it was before the merge."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.base = desk.repository.base_sha()
        workspace = desk.prepare()
        write(workspace, {"flat": None, "gone": None, "src/lib/old": None})
        (workspace / "README").chmod(0o755)
        (workspace / "l").symlink_to("README")
        commit(workspace, {"src/app": "two\n", "new/deep/file": "x\n", "flat/now": "directory\n"})
        self.head = desk.repository.take(workspace, branch="fleet/r1").head
        self.kept = desk.root.with_name("kept")
        shutil.copytree(desk.root, self.kept, symlinks=True)

    def restore(self) -> None:
        shutil.rmtree(self.desk.root)
        shutil.copytree(self.kept, self.desk.root, symlinks=True)

    def in_a_process(self, prelude: Callable[[], object], *, only_recover: bool = False) -> int:
        """Merge (or recover) in a child after `prelude`. Its exit code, or minus the signal that ended it."""
        child = os.fork()
        if child == 0:
            try:
                prelude()
                if only_recover:
                    os._exit(0 if self.desk.repository.recover() is None else 3)
                outcome = self.desk.merge(self.head, base=self.base)
                os._exit(0 if isinstance(outcome, Merged) else 3)
            finally:
                os._exit(4)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def assert_whole(self) -> bool:
        """After recovery the merge is there in full, or nothing of it. Whether it is there."""
        desk, root = self.desk, self.desk.root
        assert desk.repository.recover() is None
        done = desk.repository.base_sha() != self.base
        assert contents(root) == (NEW if done else OLD)
        assert desk.git("status", "--porcelain", "--ignored") == ""
        assert (desk.repository.merged(self.head) is not None) == done
        left = [
            path
            for path in (root / ".git").rglob("*")
            if path.suffix == ".lock" or "fleet-merge" in path.name
        ]
        assert left == []
        assert not Journal(root.parent / f"{root.name}-fleet" / "git").home.exists()
        return done

    def assert_it_can_go_on(self) -> None:
        assert isinstance(self.desk.merge(self.head, base=self.base), Merged)
        assert self.assert_whole()


@pytest.fixture
def crash(make_desk: MakeDesk) -> Crash:
    plain = {name: content[2:] for name, content in OLD.items()}
    return Crash(make_desk(files=dict(plain)))


def die_at(step: int) -> Callable[[], None]:
    """Make this process kill itself just before its step of that number."""

    def install() -> None:
        seen = 0

        def hook(event: str, args: tuple[object, ...]) -> None:
            nonlocal seen
            if event not in STEPS or (event == "open" and not _writes(args)):
                return
            seen += 1
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)

    return install


def die_before(verb: str) -> Callable[[], None]:
    """Make this process kill itself just before it starts that verb of git."""

    def hook(event: str, args: tuple[object, ...]) -> None:
        if event == "subprocess.Popen" and isinstance(args[1], list) and verb in args[1]:
            os.kill(os.getpid(), signal.SIGKILL)

    return lambda: sys.addaudithook(hook)


def die_after(verb: str) -> Callable[[], None]:
    """Make this process kill itself before the first step that follows that verb of git."""
    seen = False

    def hook(event: str, args: tuple[object, ...]) -> None:
        nonlocal seen
        if seen and event in STEPS and not (event == "open" and not _writes(args)):
            os.kill(os.getpid(), signal.SIGKILL)
        if event == "subprocess.Popen" and isinstance(args[1], list) and verb in args[1]:
            seen = True

    return lambda: sys.addaudithook(hook)


def _writes(args: tuple[object, ...]) -> bool:
    flags = args[2]
    return isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR) != 0


@pytest.mark.slow
def test_killed_before_any_step_of_its_own_the_merge_is_whole_or_not_there(crash: Crash) -> None:
    outcomes = []
    for step in range(1, 1000):
        ended = crash.in_a_process(die_at(step))
        if ended == 0:
            break
        assert ended == -signal.SIGKILL
        outcomes.append(crash.assert_whole())
        if step % 10 == 0:
            crash.assert_it_can_go_on()
        crash.restore()
    # The sweep is worth something only if it saw both sides of the deciding step, which comes once.
    assert len(outcomes) > 50
    assert outcomes == sorted(outcomes)
    assert set(outcomes) == {False, True}


@pytest.mark.slow
@pytest.mark.parametrize(("first", "done"), [(die_before, False), (die_after, True)])
def test_a_recovery_that_is_killed_too_is_made_good_by_the_next(
    crash: Crash, first: Callable[[str], Callable[[], None]], done: bool
) -> None:
    for step in range(1, 1000):
        assert crash.in_a_process(first("update-ref")) == -signal.SIGKILL
        ended = crash.in_a_process(die_at(step), only_recover=True)
        assert crash.assert_whole() is done
        if ended == 0:
            break
        assert ended == -signal.SIGKILL
        crash.restore()
    assert step > 8


def wrapped_git(folder: Path, number: int, how: str) -> str:
    """A PATH whose git, called for the `number`-th time, kills its starter and itself ("both"), its starter
    only, and goes on ("orphan"), or itself only ("alone").
    """
    real = shutil.which("git")
    act = {"both": "kill -9 $PPID $$", "orphan": "kill -9 $PPID", "alone": "kill -9 $$"}[how]
    folder.mkdir(exist_ok=True)
    (folder / "count").write_text("0")
    script = folder / "git"
    script.write_text(
        f"#!/bin/sh\nread n < {folder}/count || :\nn=$((n+1))\necho $n > {folder}/count\n"
        f'[ $n = {number} ] && {act}\nexec {real} "$@"\n'
    )
    script.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.slow
@pytest.mark.parametrize("how", ["both", "orphan", "alone"])
def test_killed_with_any_of_its_gits_the_merge_is_whole_or_not_there(
    crash: Crash, how: str, tmp_path: Path
) -> None:
    outcomes = []
    for number in range(1, 100):
        wrapped = wrapped_git(tmp_path / "bin", number, how)
        ended = crash.in_a_process(partial(os.environ.__setitem__, "PATH", wrapped))
        if int((tmp_path / "bin/count").read_text()) < number:
            break
        assert ended != 0 or how == "alone"
        outcomes.append(crash.assert_whole())
        crash.assert_it_can_go_on()
        crash.restore()
    assert len(outcomes) > 10
    assert set(outcomes) == {False, True}


class TestWhatAPersonDidMeanwhile:
    """Between the crash and the recovery somebody may have worked in the half-changed checkout."""

    def half_way(self, crash: Crash) -> None:
        """The files are there, the branch has not moved."""
        assert crash.in_a_process(die_before("update-ref")) == -signal.SIGKILL
        assert contents(crash.desk.root) == NEW
        assert crash.desk.repository.base_sha() == crash.base

    def test_a_changed_file_stays_theirs(self, crash: Crash) -> None:
        self.half_way(crash)
        (crash.desk.root / "src/app").write_text("mine\n")
        assert crash.desk.repository.recover() is None
        assert contents(crash.desk.root) == OLD | {"src/app": "- mine\n"}
        assert crash.desk.git("status", "--porcelain") == " M src/app"

    def test_a_file_in_the_way_is_named_and_kept_until_it_is_gone(self, crash: Crash) -> None:
        self.half_way(crash)
        write(crash.desk.root, {"gone": "mine\n", "flat/mine": "mine\n"})
        outcome = crash.desk.repository.recover()
        assert isinstance(outcome, Blocked)
        assert (outcome.kind, outcome.paths) == ("dirty", ("flat",))
        assert (crash.desk.root / "flat/mine").read_text() == "mine\n"
        assert isinstance(crash.desk.merge(crash.head), Blocked)
        write(crash.desk.root, {"flat/mine": None, "gone": "x\n"})
        assert crash.assert_whole() is False

    def test_a_lock_that_they_removed_is_no_hindrance(self, crash: Crash) -> None:
        self.half_way(crash)
        (crash.desk.root / ".git/index.lock").unlink()
        assert crash.assert_whole() is False
        crash.assert_it_can_go_on()


def plan_of(crash: Crash) -> tuple[Journal, Plan]:
    root = crash.desk.root
    journal = Journal(root.parent / f"{root.name}-fleet" / "git")
    part = Part(root / ".git", root, journal.home / "0")
    return journal, Plan("refs/heads/main", crash.base, crash.head, (part,))


def test_the_locks_of_a_killed_update_of_the_branch_are_taken_away(
    crash: Crash, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, plan = plan_of(crash)
    journal.write(plan)
    assert lock_index(crash.desk.root / ".git", journal.scratch)
    (crash.desk.root / ".git/HEAD.lock").touch()
    (crash.desk.root / ".git/refs/heads/main.lock").write_text(f"{crash.head}\n")
    monkeypatch.setattr(refs, "STALE_S", 0.0)
    assert crash.assert_whole() is False
    crash.assert_it_can_go_on()


def test_a_lock_of_the_users_own_git_is_left(crash: Crash) -> None:
    lock = crash.desk.root / ".git/index.lock"
    lock.touch()
    assert crash.desk.repository.recover() is None
    assert lock.exists()


def test_a_file_that_is_changed_between_the_check_and_its_turn_is_kept(
    crash: Crash, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, _ = plan_of(crash)
    real, root = Journal.write, crash.desk.root

    def and_then_the_user_saves(self: Journal, plan: Plan) -> None:
        real(self, plan)
        if plan.parts[0].moves:
            (root / "src/app").write_text("mine\n")

    monkeypatch.setattr(Journal, "write", and_then_the_user_saves)
    with holding(root / ".git") as held:
        outcome = advance(crash.desk.project, "refs/heads/main", crash.base, crash.head, journal, held)
    assert isinstance(outcome, Blocked)
    assert (outcome.kind, outcome.paths) == ("dirty", ("src/app",))
    assert contents(root) == OLD | {"src/app": "- mine\n"}
    assert crash.desk.git("status", "--porcelain") == " M src/app"


def test_a_damaged_plan_is_named(crash: Crash) -> None:
    journal, plan = plan_of(crash)
    journal.write(plan)
    (journal.home / "plan.json").write_text("{")
    with pytest.raises(Exception, match="damaged"):
        crash.desk.repository.recover()


def test_two_merges_at_once_wait_for_each_other(desk: Desk) -> None:
    one, two = desk.change({"a": "a\n"}, "r1"), desk.change({"b": "b\n"}, "r2")
    base = desk.repository.base_sha()
    with ThreadPoolExecutor(1) as other:
        with holding(desk.root / ".git"):
            merging = other.submit(desk.merge, one, base=base)
            assert not wait([merging], timeout=0.1).done
            assert desk.repository.base_sha() == base
        assert isinstance(merging.result(), Merged)
    outcome = desk.merge(two, base=base)
    assert isinstance(outcome, Blocked)
    assert outcome.kind == "moved"
    assert user_git(desk.root, "status", "--porcelain") == ""


def test_a_scratch_directory_that_cannot_be_written_leaves_everything_as_it_was(crash: Crash) -> None:
    scratch = crash.desk.root.parent / f"{crash.desk.root.name}-fleet" / "git"
    scratch.write_text("a file")
    with pytest.raises(Temporary, match="cannot merge"):
        crash.desk.merge(crash.head)
    scratch.unlink()
    assert crash.assert_whole() is False


def test_a_filter_of_the_user_that_fails_leaves_everything_as_it_was(make_desk: MakeDesk) -> None:
    desk = make_desk(files={".gitattributes": "*.bin filter=big\n"})
    desk.git("config", "filter.big.smudge", "false")
    desk.git("config", "filter.big.required", "true")
    head = desk.change({"a.bin": "x\n"})
    base = desk.repository.base_sha()
    with pytest.raises(Permanent, match="filter"):
        desk.merge(head)
    assert desk.repository.base_sha() == base
    assert desk.git("status", "--porcelain", "--ignored") == ""
    assert not (desk.root / ".git/index.lock").exists()
