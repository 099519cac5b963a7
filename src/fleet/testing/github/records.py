"""What the stand-in remembers of issues, pull requests, reviews and checks. Times are whole epoch seconds.

Only data: who may change it and what follows from a change stands in the endpoints.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Label:
    """A label of a repository; issues hold the object itself, so a new name shows everywhere."""

    id: int
    name: str
    color: str = "ededed"
    description: str | None = None


@dataclass(slots=True)
class Comment:
    """A comment in the conversation of an issue or pull request."""

    id: int
    number: int
    author: str
    body: str
    created: int
    updated: int


@dataclass(slots=True)
class Happening:
    """An entry of an issue's history (GitHub's "issue event"); `extra` holds its own fields as they show."""

    id: int
    number: int
    event: str
    actor: str
    created: int
    commit: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Activity:
    """An entry of the repository's activity (`/events`); what its payload shows is named, not copied."""

    id: int
    type: str
    actor: str
    created: int
    action: str = ""
    number: int = 0
    of: Any = None
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Review:
    """A review: PENDING (its author alone sees it), COMMENTED, APPROVED, CHANGES_REQUESTED or DISMISSED."""

    id: int
    author: str
    body: str
    state: str
    commit: str
    submitted: int = 0


@dataclass(slots=True)
class LineRemark:
    """A review comment at a line of a file. `reply_to` is the first comment of its thread, else 0."""

    id: int
    review: int
    number: int
    author: str
    body: str
    path: str
    line: int
    side: str
    commit: str
    hunk: str
    created: int
    updated: int
    start_line: int | None = None
    start_side: str | None = None
    reply_to: int = 0
    subject: str = "line"


@dataclass(slots=True)
class Pull:
    """What a pull request has besides being an issue. `head` follows its branch until it is closed."""

    id: int
    head_repo: str
    head_ref: str
    head: str
    base_ref: str
    base: str
    draft: bool = False
    merged: int = 0
    merged_by: str = ""
    merge_commit: str = ""
    asked: list[str] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    remarks: list[LineRemark] = field(default_factory=list)
    looked_at: tuple[str, str] = ("", "")


@dataclass(slots=True)
class Issue:
    """An issue, or (with `pull`) a pull request: both share one line of numbers."""

    id: int
    number: int
    title: str
    body: str | None
    author: str
    created: int
    updated: int
    state: str = "open"
    reason: str | None = None
    closed: int = 0
    closed_by: str = ""
    labels: list[Label] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    history: list[Happening] = field(default_factory=list)
    pull: Pull | None = None


@dataclass(slots=True)
class Status:
    """A commit status; the newest of a context counts."""

    id: int
    sha: str
    state: str
    context: str
    description: str | None
    target: str | None
    creator: str
    created: int


@dataclass(slots=True)
class Suite:
    """The check suite of one app at one commit."""

    id: int
    sha: str
    branch: str
    app: str
    created: int
    updated: int


@dataclass(slots=True)
class CheckRun:
    """One check of a suite. `log` is what its job printed (for the endpoint of job logs)."""

    id: int
    suite: Suite
    name: str
    started: int
    status: str = "queued"
    conclusion: str | None = None
    completed: int = 0
    details: str = ""
    external: str = ""
    output: dict[str, Any] = field(default_factory=dict)
    log: str = ""


@dataclass(slots=True)
class Protection:
    """What a branch asks before a merge. `checks` None: none asked; `approvals` None: no reviews asked."""

    checks: list[str] | None = None
    strict: bool = False
    approvals: int | None = None
    dismiss_stale: bool = False
    enforce_admins: bool = False


@dataclass(slots=True)
class Release:
    """A release; its tag exists unless it is a draft."""

    id: int
    tag: str
    target: str
    name: str | None
    body: str | None
    author: str
    created: int
    published: int
    draft: bool = False
    prerelease: bool = False
