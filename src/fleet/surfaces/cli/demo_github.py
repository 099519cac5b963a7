"""`fleet demo --forge github`: the same story on a GitHub of this machine, with the real gh and real git."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any

from fleet.model.errors import FleetError
from fleet.surfaces.cli.demo_stage import git

if TYPE_CHECKING:
    from fleet.testing.github import GitHub

LOGIN = "you"
_PERSON = "mia"


@dataclass(frozen=True, slots=True)
class Standin:
    """The stand-in, while it is there, and where it keeps its repositories."""

    hub: GitHub

    def place(self, name: str) -> tuple[str, Path]:
        """What a repository of this name is called there, and where git finds it."""
        repo = f"{LOGIN}/{name}"
        return repo, self.hub.root / f"{repo}.git"

    def take(self, root: Path, repo: str, bare: Path) -> None:
        """Put the repository in `root` there, under the name and at the place that `place` gave."""
        bare.parent.mkdir(parents=True)
        git(root.parent, "clone", "--quiet", "--bare", "--no-hardlinks", "--template=", str(root), str(bare))
        self.hub.repo(repo, path=bare, permissions={_PERSON: "write"})

    def open_issues(self, repo: str, issues: Sequence[Mapping[str, Any]]) -> None:
        """Open the issues as a person does, and give them their labels."""
        for each in issues:
            number = self.hub.open_issue(repo, _PERSON, str(each["title"]), str(each["body"]))
            for label in each["labels"]:
                self.hub.label(repo, number, str(label), LOGIN)

    def told(self, repo: str) -> dict[str, Any]:
        """What is to be seen there at the end."""
        pulls = self.hub.call("GET", f"/repos/{repo}/pulls?state=all&per_page=100", LOGIN)
        asked = self.hub.requests
        return {
            "repository": repo,
            "pulls": [
                {"number": each["number"], "title": each["title"], "merged": bool(each["merged_at"])}
                for each in reversed(pulls)
            ],
            "requests": len(asked),
            "counted": sum(each.counted for each in asked),
        }


def check_gh() -> None:
    """Raise `FleetError` without gh."""
    if which("gh") is None:
        raise FleetError(
            "gh is not here", why="the demo on GitHub plays with the real one", do="apt-get install gh"
        )


@contextmanager
def github(folder: Path) -> Iterator[Standin]:
    """The stand-in, with the environment in which gh and git find it."""
    from fleet.testing.github import GitHub

    before = dict(os.environ)
    with GitHub(folder / "github") as hub:
        os.environ.update(hub.environment(LOGIN) | hub.git_environment())
        try:
            yield Standin(hub)
        finally:
            os.environ.clear()
            os.environ.update(before)
