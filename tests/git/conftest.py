"""A real repository in a directory of the test's own, and what a test does with git beside Fleet."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fleet.adapters.git.project import Project, find_project
from fleet.adapters.git.repository import GitRepository
from fleet.adapters.git.workspaces import CloneWorkspaces
from fleet.ports.repository import Author, Blocked, Merged, MergeMethod

AUTHOR = Author("Fleet", "fleet@example.org")
NOON_MS = 1_700_000_000_000
_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.org",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.org",
}


def user_git(at: Path, *args: str, input: str | None = None, ok: bool = True) -> str:
    """Git as a person runs it there."""
    done = subprocess.run(
        ["git", *args], cwd=at, env=_ENVIRONMENT, input=input, capture_output=True, text=True, check=False
    )
    assert not ok or done.returncode == 0, done.stderr
    return done.stdout.rstrip("\n")


def write(at: Path, files: dict[str, str | None]) -> None:
    """Put the files there; None removes one."""
    for name, content in files.items():
        path = at / name
        if content is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)


def commit(at: Path, files: dict[str, str | None], message: str = "Change") -> str:
    """Commit the files there, and return the commit."""
    write(at, files)
    user_git(at, "add", "-A")
    user_git(at, "commit", "-q", "--allow-empty", "-m", message)
    return user_git(at, "rev-parse", "HEAD")


@dataclass
class Desk:
    """One project with all that Fleet has beside it."""

    root: Path
    base: str = "main"
    project: Project = field(init=False)
    repository: GitRepository = field(init=False)
    workspaces: CloneWorkspaces = field(init=False)

    def __post_init__(self) -> None:
        self.project = find_project(self.root)
        dot = self.root.parent / f"{self.root.name}-fleet"
        self.repository = GitRepository(self.project, self.base, dot / "git")
        self.workspaces = CloneWorkspaces(self.project, dot / "workspaces")

    def prepare(self, id: str = "r1", *, start: str | None = None, reset: bool = False) -> Path:
        base = self.repository.base_sha()
        return self.workspaces.prepare(
            id,
            start=start or base,
            branch=f"fleet/{id}",
            base_name=self.base,
            base_sha=base,
            author_name="Robin",
            author_email="robin@example.org",
            reset=reset,
        )

    def change(
        self,
        files: dict[str, str | None],
        id: str = "r1",
        *,
        start: str | None = None,
        message: str = "Change",
    ) -> str:
        """A commit on the branch fleet/<id>, made in a workspace and taken."""
        workspace = self.prepare(id, start=start)
        commit(workspace, files, message)
        return self.repository.take(workspace, branch=f"fleet/{id}").head

    def merge(self, head: str, *, base: str | None = None, method: MergeMethod = "merge") -> Merged | Blocked:
        return self.repository.merge(
            head,
            expected_base=base or self.repository.base_sha(),
            message=f"Merge it\n\nFleet-Head: {head}\n",
            author=AUTHOR,
            when_ms=NOON_MS,
            method=method,
        )

    def git(self, *args: str, ok: bool = True) -> str:
        return user_git(self.root, *args, ok=ok)


MakeDesk = Callable[..., Desk]


@pytest.fixture
def make_desk(tmp_path: Path) -> MakeDesk:
    """Makes a project with one commit; `init` are more options of `git init`."""

    def make(name: str = "shop", *init: str, files: dict[str, str | None] | None = None) -> Desk:
        root = tmp_path / name
        root.mkdir()
        user_git(root, "init", "-q", "-b", "main", *init)
        commit(root, files or {"README": "hello\n", "src/app": "one\n", "src/lib/old": "old\n"}, "Start")
        return Desk(root)

    return make


@pytest.fixture
def desk(make_desk: MakeDesk) -> Desk:
    """A project whose base is checked out."""
    return make_desk()
