"""Fleet's own bare repository of a remote one: where workspaces, changes and pushes start from.

The user's checkout is never touched for a forge that is not local. What everything else in this folder does
with a project's repository works on a mirror unchanged; only here git reaches the network, as the user.

Nobody but Fleet writes to a mirror. `refs/heads/<base>` is where the remote's base branch was at the last
fetch, branches below fleet/ are those of runs. Nothing is ever pruned: workspaces borrow its objects.
"""

from __future__ import annotations

from pathlib import Path

from fleet.adapters.git import refs
from fleet.adapters.git.command import GitBusy, GitFailed, git
from fleet.adapters.git.names import FLEET, branch_ref, commit_id
from fleet.adapters.git.project import find_project
from fleet.adapters.git.remote import reach, shown
from fleet.adapters.git.scratch import made_name, remove_tree, sweep
from fleet.model.errors import FleetError, Permanent, Temporary

FIRST_S = 3600.0
FETCH_S = 300.0
PUSH_S = 300.0
_TIDY_S = 900.0
_MANY_PACKS = 40
_MANY_LOOSE = 30  # in one of 256 folders, as git itself estimates

_FETCH = (
    "--quiet",
    "--no-tags",
    "--no-prune",
    "--no-recurse-submodules",
    "--no-write-fetch-head",
    "--no-auto-maintenance",
)
_PUSH = ("--quiet", "--no-verify", "--no-follow-tags", "--no-signed", "--recurse-submodules=no")


class Mirror:
    """The mirror at `path` of the repository at `url`, whose branch `base` is merged into."""

    def __init__(self, path: Path, url: str, *, base: str) -> None:
        self.path = path.absolute()
        self.url = url
        self.base = base
        self._base_ref = branch_ref(base)

    def exists(self) -> bool:
        """Whether it was made."""
        return (self.path / "HEAD").is_file()

    def ensure(self, reference: Path | None = None) -> None:
        """Make it, with its base branch, unless it is there: beside its place, then renamed.

        `reference` is a checkout of the same repository on this machine: what that has is not fetched. It is
        copied, so the mirror does not depend on it afterwards. Raises as `fetch` does.
        """
        try:
            if self.exists():
                self._tidy()
                return
            making = self.path.parent / ".making"
            making.mkdir(parents=True, exist_ok=True)
            sweep(making)
            if reference is None or not self._make(making / made_name(), _objects(reference)):
                self._make(making / made_name(), None)
        except OSError as error:
            raise Temporary(f"cannot make a mirror of {shown(self.url)}", why=str(error)) from error

    def fetch(self) -> str:
        """Bring the base branch, wherever it moved, and return its commit; makes the mirror if it is gone.

        Raises Temporary when the remote was not reached, Permanent when there is no such repository or branch
        there, or access is denied.
        """
        if not self.exists():
            self.ensure()
        return self._fetched(self.path, self._base_ref, FETCH_S)

    def fetch_branch(self, branch: str) -> str | None:
        """Bring a branch of the remote under its own name, whatever was here; None when it has none such."""
        ref = branch_ref(branch)
        try:
            return self._fetched(self.path, ref, FETCH_S)
        except _NoBranch:
            return None

    def push(self, branch: str, sha: str, *, expected: str | None) -> bool:
        """Point the remote's branch at `sha` if it is at `expected` (None: not there), or at `sha` already.

        False: it is somewhere else, since somebody pushed; `fetch_branch` brings that. Only below fleet/.
        """
        ref = self._own(branch)
        lease = f"--force-with-lease={ref}:{commit_id(expected) if expected else ''}"
        return self._push(lease, f"{commit_id(sha)}:{ref}")

    def delete(self, branch: str, sha: str) -> bool:
        """Delete the remote's branch if it is at `sha`. True: it is gone. Only below fleet/."""
        ref = self._own(branch)
        if self._push(f"--force-with-lease={ref}:{commit_id(sha)}", f":{ref}"):
            return True
        found = reach(self.path, self.url, "ls-remote", "--quiet", "--", self.url, ref, timeout=FETCH_S)
        return not found.text.strip()

    def has(self, commit: str, path: str) -> bool:
        """Whether a commit that is here has a file or folder of this name."""
        return bool(git(self.path, "ls-tree", "--name-only", commit_id(commit), "--", path).strip())

    def _own(self, branch: str) -> str:
        ref = branch_ref(branch)
        if not branch.startswith(FLEET) or branch == self.base:
            raise Permanent(
                f"the branch {branch} is not Fleet's to push", why=f"only those below {FLEET} are"
            )
        return ref

    def _push(self, lease: str, what: str) -> bool:
        try:
            reach(self.path, self.url, "push", *_PUSH, lease, "--", self.url, what, timeout=PUSH_S)
        except FleetError as error:
            if "(stale info)" in error.why:
                return False
            raise
        return True

    def _make(self, draft: Path, borrowed: Path | None) -> bool:
        """Make a mirror in `draft` and give it its name. False: it could not be made of what was borrowed."""
        try:
            draft.mkdir()
            git(draft, "init", "--bare", "--quiet", "--template=", f"--initial-branch={self.base}")
            git(draft, "config", "core.logAllRefUpdates", "true")
            alternates = draft / "objects" / "info" / "alternates"
            if borrowed is not None:
                alternates.parent.mkdir(exist_ok=True)
                alternates.write_text(f"{borrowed}\n")
            try:
                self._fetched(draft, self._base_ref, FIRST_S)
                if borrowed is not None:
                    git(draft, "repack", "-a", "-d", "-q", "--no-write-bitmap-index", timeout=_TIDY_S)
                    alternates.unlink()
                    git(draft, "rev-list", "--quiet", "--objects", self._base_ref, timeout=_TIDY_S)
            except FleetError:
                if borrowed is None:
                    raise
                return False
            if not self.exists():
                draft.rename(self.path)
        finally:
            if draft.exists():
                remove_tree(draft)
        return True

    def _fetched(self, git_dir: Path, ref: str, timeout: float) -> str:
        self._unlock(git_dir, ref)
        try:
            reach(git_dir, self.url, "fetch", *_FETCH, "--", self.url, f"+{ref}:{ref}", timeout=timeout)
        except FleetError as error:
            if "couldn't find remote ref" in error.why:
                raise self._no_branch(ref) from error
            raise
        sha = refs.read(git_dir, ref)
        if sha is None:
            raise Temporary(f"{ref} is gone again from {git_dir}", why="somebody deleted it meanwhile")
        return sha

    def _no_branch(self, ref: str) -> Permanent:
        branch = ref.removeprefix("refs/heads/")
        do = f"name another one as base in fleet.yaml, or make it: git push {shown(self.url)} HEAD:{ref}"
        why = "it was never pushed, or was deleted there"
        return _NoBranch(f"there is no branch {branch} at {shown(self.url)}", why=why, do=do)

    @staticmethod
    def _unlock(git_dir: Path, ref: str) -> None:
        """Take away locks that a killed git has left: every branch here is Fleet's, no move takes seconds."""
        for lock in (git_dir / f"{ref}.lock", git_dir / "packed-refs.lock"):
            if refs.age(lock) >= refs.STALE_S:
                lock.unlink(missing_ok=True)

    def _tidy(self) -> None:
        """Join packs and single objects when there are many. Drops nothing, reachable or not."""
        objects = self.path / "objects"
        packs = sum(1 for _ in objects.glob("pack/*.pack"))
        if packs < _MANY_PACKS and sum(1 for _ in objects.glob("17/*")) < _MANY_LOOSE:
            return
        try:
            git(
                self.path,
                "repack",
                "--geometric=2",
                "-d",
                "-q",
                "--no-write-bitmap-index",
                timeout=_TIDY_S,
            )
        except (GitBusy, GitFailed):
            return  # it works as it is, only slower; the next start tries again


class _NoBranch(Permanent):
    """The remote has no branch of that name."""


def _objects(reference: Path) -> Path | None:
    """The objects of a checkout, if they are whole; a shallow or partial clone lacks some."""
    try:
        project = find_project(reference)
    except FleetError:
        return None
    partial = any(project.objects.glob("pack/*.promisor"))
    if project.sha256 or partial or project.shallow() is not None:
        return None
    return project.objects
