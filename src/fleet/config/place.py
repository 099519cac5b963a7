"""Where a project's things lie."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from fleet.model.errors import UsageError

CONFIG_NAME = "fleet.yaml"
DOT_NAME = ".fleet"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a project's things lie. `root` is the folder of fleet.yaml; everything of Fleet's own is below
    `.fleet`.
    """

    root: Path

    @property
    def config(self) -> Path:
        """The operator's fleet.yaml."""
        return self.root / CONFIG_NAME

    @property
    def dot(self) -> Path:
        """Fleet's own folder, which git ignores."""
        return self.root / DOT_NAME

    @property
    def log(self) -> Path:
        """The event log."""
        return self.dot / "log.db"

    @property
    def runs(self) -> Path:
        """One folder for each session."""
        return self.dot / "runs"

    @property
    def workspaces(self) -> Path:
        """One clone for each job at work."""
        return self.dot / "workspaces"

    @property
    def git(self) -> Path:
        """What the repository needs beside git's own: the plan of a merge that is under way."""
        return self.dot / "git"

    @property
    def mirrors(self) -> Path:
        """Fleet's own copies of repositories on a forge."""
        return self.dot / "repos"

    def mirror(self, repo: str) -> Path:
        """Fleet's own copy of this repository (owner/name)."""
        return self.mirrors / f"{repo.replace('/', '+')}.git"

    @property
    def socket(self) -> Path:
        """The gateway's socket: alone in its folder, which sandboxes show, as each watcher makes it anew."""
        return self.dot / "door" / "gateway.sock"

    @property
    def sandbox(self) -> Path:
        """What sandboxes are prepared from."""
        return self.dot / "sandbox"

    @property
    def lock(self) -> Path:
        """Held by the one watcher of this project."""
        return self.dot / "watcher.lock"

    @property
    def watcher(self) -> Path:
        """What the watcher says of itself: pid, port, since when."""
        return self.dot / "watcher.json"

    @property
    def watcher_log(self) -> Path:
        """What a watcher in the background prints."""
        return self.dot / "watcher.log"

    @property
    def secret(self) -> Path:
        """What the runs' tokens are made with."""
        return self.dot / "secret"

    @property
    def snapshot(self) -> Path:
        """What was true a while ago, so that nobody needs to fold the whole log."""
        return self.dot / "snapshot"

    @property
    def seal_key(self) -> Path:
        """What the log and the merges are signed with. Nobody but the watcher needs it."""
        return self.dot / "seal.key"

    @property
    def sealed(self) -> Path:
        """Up to which record the log was sealed."""
        return self.dot / "sealed"

    @property
    def digest(self) -> str:
        """A short name for this project that no other one on the machine has."""
        return hashlib.sha256(str(self.root).encode()).hexdigest()[:8]


def find_place(start: Path | None = None) -> Place:
    """The project at or above `start` (the working directory). Raises `UsageError` when there is none."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / CONFIG_NAME).is_file():
            return Place(folder)
    raise UsageError(
        f"There is no {CONFIG_NAME} here", why=f"neither in {here} nor above it", do="Run: fleet init"
    )
