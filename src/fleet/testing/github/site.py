"""The whole of the stand-in's memory: people, repositories, and the clock they share."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from fleet.testing.github.bare import Bare, Person
from fleet.testing.github.records import (
    Activity,
    CheckRun,
    Happening,
    Issue,
    Label,
    Protection,
    Release,
    Status,
    Suite,
)

Level = Literal["none", "read", "triage", "write", "maintain", "admin"]
LEVELS: tuple[Level, ...] = ("none", "read", "triage", "write", "maintain", "admin")


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with a login. A login that ends in `[bot]` is an app, which alone may write check runs."""

    login: str
    id: int

    @property
    def bot(self) -> bool:
        """Whether it is an app's login."""
        return self.login.endswith("[bot]")


@dataclass(slots=True)
class Repo:
    """One repository: its git and everything around it."""

    full: str
    id: int
    bare: Bare
    created: int
    default: str = "main"
    private: bool = False
    fork_of: str = ""
    permissions: dict[str, Level] = field(default_factory=dict)
    allow: dict[str, bool] = field(default_factory=lambda: {"merge": True, "squash": True, "rebase": True})
    delete_branch_on_merge: bool = False
    last_number: int = 0
    labels: dict[str, Label] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    history: list[Happening] = field(default_factory=list)
    activity: list[Activity] = field(default_factory=list)
    statuses: dict[str, list[Status]] = field(default_factory=dict)
    suites: dict[int, Suite] = field(default_factory=dict)
    checks: dict[int, CheckRun] = field(default_factory=dict)
    protections: dict[str, Protection] = field(default_factory=dict)
    releases: dict[int, Release] = field(default_factory=dict)
    pushed: int = 0
    heads: dict[str, str] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        """The part before the slash."""
        return self.full.partition("/")[0]

    @property
    def name(self) -> str:
        """The part after the slash."""
        return self.full.partition("/")[2]

    def level(self, login: str) -> Level:
        """What this login ("" for nobody) may do here."""
        if login and login.lower() == self.owner.lower():
            return "admin"
        given = self.permissions.get(login.lower()) if login else None
        return given or ("none" if self.private else "read")

    def allows(self, login: str, level: Level) -> bool:
        """Whether this login may do what needs `level`."""
        return LEVELS.index(self.level(login)) >= LEVELS.index(level)

    def pulls(self) -> list[Issue]:
        """The pull requests, oldest first."""
        return [issue for issue in self.issues.values() if issue.pull is not None]


class Site:
    """Everything behind the API. Whoever reads or changes it holds `lock`."""

    def __init__(self, root: Path, clock: Callable[[], float] = time.time) -> None:
        self.root = root
        self.lock = threading.RLock()
        self.repos: dict[str, Repo] = {}
        self.mergeable_after = 0
        self._clock = clock
        self._last_id = 1_000_000
        self._users: dict[str, User] = {}

    def now(self) -> int:
        """Whole epoch seconds: GitHub's times know nothing finer."""
        return int(self._clock())

    def new_id(self) -> int:
        """An id that nothing else has; later things have greater ones."""
        self._last_id += 1
        return self._last_id

    def user(self, login: str) -> User:
        """The user of this login; whoever is named exists."""
        known = self._users.get(login.lower())
        if known is None:
            known = self._users[login.lower()] = User(login, 1000 + len(self._users))
        return known

    def knows(self, login: str) -> bool:
        """Whether this login was ever named."""
        return login.lower() in self._users

    def find(self, full: str) -> Repo | None:
        """A repository by `owner/name`, however it is spelled."""
        return self.repos.get(full.lower())

    def person(self, login: str) -> Person:
        """Who a commit that this login makes on the site is by."""
        user = self.user(login)
        return Person(user.login, f"{user.id}+{user.login}@users.noreply.github.com", self.now())

    def committer(self) -> Person:
        """Who commits what is made on the site itself."""
        return Person("GitHub", "noreply@github.com", self.now())

    def happen(
        self, repo: Repo, issue: Issue, event: str, actor: str, commit: str = "", **extra: Any
    ) -> Happening:
        """Add to an issue's history; the issue counts as updated."""
        entry = Happening(self.new_id(), issue.number, event, actor, self.now(), commit, extra)
        issue.history.append(entry)
        repo.history.append(entry)
        issue.updated = entry.created
        return entry

    def tell(
        self,
        repo: Repo,
        type: str,
        actor: str,
        action: str = "",
        number: int = 0,
        of: Any = None,
        more: dict[str, Any] | None = None,
    ) -> None:
        """Add to the repository's activity; `more` are fields of its payload."""
        entry = Activity(self.new_id(), type, actor, self.now(), action, number, of, more or {})
        repo.activity.append(entry)
