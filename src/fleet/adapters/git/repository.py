"""The project's repository as one port: each verb is a few steps of the modules beside it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from fleet.adapters.git import changes, refs
from fleet.adapters.git.added import added
from fleet.adapters.git.advance import advance, recover
from fleet.adapters.git.checkout import holders
from fleet.adapters.git.command import Place, git, run
from fleet.adapters.git.history import brought_by, commits, squashed_by
from fleet.adapters.git.journal import Journal, holding
from fleet.adapters.git.merge import Note, fork, merge_commit, merge_tree
from fleet.adapters.git.names import FLEET, branch_ref, commit_id
from fleet.adapters.git.past import PastStore
from fleet.adapters.git.project import Project
from fleet.adapters.git.tags import tag
from fleet.adapters.git.take import check_after, check_forward, take_objects, workspace_head
from fleet.adapters.git.write import write
from fleet.model.errors import Permanent, Temporary
from fleet.ports.repository import (
    Added,
    Author,
    Background,
    Blocked,
    Commit,
    FileChange,
    MadeMerge,
    Merged,
    MergeMethod,
    MergeResult,
    Taken,
)

_MOST_SUBJECTS = 50


class GitRepository:
    """The repository `project` with its branch `base`. `scratch` is a directory of Fleet's own, best on the
    same file system as the checkout; it is kept between calls, since it remembers a merge that was cut off.
    """

    def __init__(self, project: Project, base: str, scratch: Path) -> None:
        self._project = project
        self._git_dir = project.git_dir
        self._base = base
        self._ref = branch_ref(base)
        self._journal = Journal(scratch.absolute())
        self._past = PastStore(scratch.absolute() / "past.db")
        self._past_then = PastStore(scratch.absolute() / "past-then.db")  # before a commit of the base

    def base_sha(self) -> str:
        """See the port."""
        return refs.base_commit(self._git_dir, self._base)

    def resolve(self, branch: str) -> str | None:
        """See the port."""
        return refs.read(self._git_dir, branch_ref(branch))

    def take(
        self, workspace: Path, *, branch: str, head_expected: str | None = None, after: str = ""
    ) -> Taken:
        """See the port. The objects come first, then the branch moves."""
        ref = branch_ref(branch)
        if branch == self._base:
            raise Permanent(f"nothing is taken to the base branch {branch}", do="merge it")
        head = workspace_head(workspace, branch, head_expected)
        base, previous = refs.read_branches(self._git_dir, self._base, branch)
        base = base or self.base_sha()
        place = Place(self._git_dir)
        if head == previous:
            check_after(place, branch, after, head)
            return Taken(head, self._ahead(head, base), previous)
        in_use = holders(self._project, ref)
        if in_use:
            raise Temporary(
                f"the branch {branch} cannot be moved",
                why=f"it is checked out in {in_use[0].work_tree}",
                do="check out another one there: git checkout --detach",
            )
        count = take_objects(self._project, workspace, head, base, previous)
        check_after(place, branch, after, head)
        if not branch.startswith(FLEET):
            check_forward(place, branch, previous, head)
        if not refs.move(place, ref, head, previous, "fleet: take"):
            raise Temporary(f"the branch {branch} was moved by somebody else meanwhile")
        return Taken(head, count, previous)

    def merge_tree(self, base: str, head: str) -> MergeResult:
        """See the port."""
        return merge_tree(self._git_dir, base, head)

    def make_merge_commit(
        self,
        base: str,
        head: str,
        *,
        message: str,
        author: Author,
        when_ms: int | None = None,
        method: MergeMethod = "merge",
    ) -> MadeMerge:
        """See the port. For a head that the base has already, the base itself."""
        left = fork(self._git_dir, base, head)
        if left == head:
            return MadeMerge(base)
        note = Note(message, author, when_ms, method)
        return merge_commit(self._git_dir, base, head, note, left=left)

    def merge(
        self,
        head: str,
        *,
        expected_base: str,
        message: str,
        author: Author,
        when_ms: int | None = None,
        method: MergeMethod = "merge",
    ) -> Merged | Blocked:
        """See the port."""
        note = Note(message, author, when_ms, method)
        note.check(head)
        try:
            with holding(self._git_dir) as held:
                left_over = recover(self._project, self._journal, held)
                return self._merge(head, expected_base, note, held) if left_over is None else left_over
        except OSError as error:
            raise Temporary(f"cannot merge {head[:12]}", why=str(error)) from error

    def recover(self) -> Blocked | None:
        """See the port."""
        try:
            with holding(self._git_dir) as held:
                return recover(self._project, self._journal, held)
        except OSError as error:
            raise Temporary("cannot finish a merge that was cut off", why=str(error)) from error

    def merged(self, head: str) -> str | None:
        """See the port."""
        base = self.base_sha()
        return self._brought(head, base, contained=refs.contains(self._git_dir, commit_id(head), base))

    def diff(self, base: str, head: str, *, limit: int = 1_000_000) -> str:
        """See the port."""
        return changes.patch(self._git_dir, base, head, limit)

    def added(self, head: str, known: Iterable[str]) -> tuple[Added, ...]:
        """See the port."""
        return added(self._git_dir, head, known)

    def stat(self, base: str, head: str) -> tuple[FileChange, ...]:
        """See the port."""
        return changes.file_changes(self._git_dir, base, head)

    def read(self, commit: str, path: str, *, limit: int) -> bytes | None:
        """See the port."""
        return changes.content(self._git_dir, commit, path, limit)

    def write(
        self,
        branch: str,
        *,
        base: str,
        path: str,
        data: bytes,
        message: str,
        author: Author,
        when_ms: int,
    ) -> str:
        """See the port."""
        note = Note(message, author, when_ms, "merge")
        return write(self._git_dir, branch, base=base, path=path, data=data, note=note)

    def delete_branch(self, branch: str, sha: str) -> bool:
        """See the port. The base branch is never deleted."""
        ref = branch_ref(branch)
        found = refs.read(self._git_dir, ref)
        if found is None:
            return True
        if branch == self._base or found != sha or holders(self._project, ref):
            return False
        return refs.delete(Place(self._git_dir), ref, sha) or refs.read(self._git_dir, ref) is None

    def tag(self, name: str, commit: str, *, message: str, author: Author, when_ms: int) -> None:
        """See the port."""
        tag(self._git_dir, name, commit, message=message, author=author, when_ms=when_ms)

    def log(self, n: int, *, head: str | None = None, base: str | None = None) -> tuple[Commit, ...]:
        """See the port."""
        return commits(self._git_dir, n, head or self.base_sha(), base)

    def commit(self, name: str) -> str:
        """See the port."""
        found = run(
            self._git_dir,
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            f"{name}^{{commit}}",
            ok=(0, 1, 128),
        )
        if found.code:
            raise Permanent(f"there is no commit {name!r}", do="name a commit, a branch, a tag, or FROM..TO")
        return found.text.strip()

    def background(self, start: str, head: str) -> Background:
        """See the port."""
        files = changes.file_changes(self._git_dir, start, head)
        made = commits(self._git_dir, _MOST_SUBJECTS, head, start)
        author, when = (made[0].author.email, made[0].when_ms) if made else ("", 0)
        tip, store = self.base_sha(), self._past
        if refs.contains(self._git_dir, commit_id(head), tip):
            tip, store = commit_id(start), self._past_then
        touched, past = store.look(self._git_dir, tip, files, author, when)
        return Background(tuple(touched), past, tuple(each.subject for each in made))

    def _merge(self, head: str, expected_base: str, note: Note, held: int) -> Merged | Blocked:
        base = self.base_sha()
        left = fork(self._git_dir, base, head)
        there = self._brought(head, base, contained=left == head)
        if there is not None:
            return Merged(there, already=True)
        if base != expected_base:
            return Blocked("moved", f"{self._base} is at {base[:12]}, not at {expected_base[:12]}")
        made = merge_commit(self._git_dir, base, head, note, left=left)
        if made.commit is None:
            return Blocked("conflict", f"{head[:12]} conflicts with {self._base}", made.conflicts)
        blocked = advance(self._project, self._ref, base, made.commit, self._journal, held)
        return Merged(made.commit) if blocked is None else blocked

    def _brought(self, head: str, base: str, *, contained: bool) -> str | None:
        if contained:
            return brought_by(self._git_dir, head, base)
        return squashed_by(self._git_dir, head, base)

    def _ahead(self, head: str, base: str) -> int:
        return int(git(self._git_dir, "rev-list", "--count", head, f"^{base}"))
