"""The forge port: where issues, pull requests and people's answers live, when that is not Fleet's own log.

Law
  * `poll` tells everything that happened since its cursor at least once, in an order in which it could have
    happened; the ids of its facts come from the forge, so telling twice adds nothing to the log. A page that
    was missed is told at the next poll. It changes nothing on the forge.
  * Facts name what they are about by `ref` ("acme/shop#12") and `repo`, with `item` or `change` 0, and say
    `at`, the forge's own time in ms: when it happened, which may be long before it is told. What Fleet itself
    did is no fact. Labels come with who set them, so an opened item has none.
  * Every other verb looks before it acts, and may be called again after a crash at any moment: one pull
    request for a branch, one comment under a mark, one merge of a head.
  * `merge` merges exactly `head`, or nothing.
  * Words of the forge's refusal reach the reader (`Permanent.why`). A limit on requests is `Temporary` with
    `delay_ms`: the pause is shared by all verbs, and during it no request is sent.
  * Everything blocks; an asyncio caller uses a thread. Times are milliseconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from fleet.model.event import Event

MergeMethod = Literal["merge", "squash", "rebase"]
StatusState = Literal["pending", "success", "failure"]


@dataclass(frozen=True, slots=True)
class Polled:
    """What one poll brought. `cursor` is plain JSON, given back at the next poll; `next_ms` is when to ask
    again.
    """

    facts: tuple[Event, ...]
    cursor: Mapping[str, Any]
    next_ms: int


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of the forge's limit on requests, and when it begins anew; `paused_until` 0: it does not
    pause.
    """

    remaining: int | None = None
    limit: int | None = None
    resets_ms: int = 0
    paused_until: int = 0
    counted: int = 0  # requests that counted against the quota since the start
    free: int = 0  # answered "not modified", which costs nothing


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request as the forge has it. `merged` is the commit that brought it, "" while it is not."""

    number: int
    head: str
    base: str
    open: bool
    merged: str = ""
    title: str = ""
    body: str = ""
    labels: tuple[str, ...] = ()
    mergeable: bool | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class LineComment:
    """A remark at one line of the head."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Posted:
    """A review as it is there. `counted`: the forge itself takes it for the verdict that it is; else `reason`
    says why it is a comment only.
    """

    login: str
    counted: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The forge would not merge. `kind` says what to do about it; `reason` is in the forge's own words."""

    kind: Literal["moved", "conflict", "protected", "behind", "closed"]
    reason: str


@dataclass(frozen=True, slots=True)
class Protection:
    """What a branch asks of a pull request, as far as the login may see: checks by name, and approvals."""

    protected: bool
    checks: tuple[str, ...] = ()
    approvals: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """How an item or a pull request should look: `labels` of Fleet's own (all others are left alone; None:
    these, too), and the texts of comments by their mark. A comment whose mark is known is edited, never
    repeated.
    """

    labels: tuple[str, ...] | None = None
    comments: Mapping[str, str] = field(default_factory=dict)
    title: str | None = None
    body: str | None = None


class Forge(Protocol):
    """One forge with any number of repositories, named `owner/name`."""

    def poll(self, repo: str, cursor: Mapping[str, Any], known: Sequence[int] = ()) -> Polled:
        """What happened there since `cursor` ({} for the first time: what is open now, and what became of
        those that are `known`).
        """
        ...

    def quota(self) -> Quota:
        """Where the limit on requests stands, from the last answer; asks nothing."""
        ...

    def open_pull_request(self, repo: str, *, branch: str, base: str, title: str, body: str) -> PullRequest:
        """The open pull request of this branch; made when there is none."""
        ...

    def pull_request(self, repo: str, number: int) -> PullRequest:
        """A pull request as it is now."""
        ...

    def pushed(self, repo: str, number: int, head: str) -> None:
        """Fleet itself has brought the pull request to this head: what people say from now on is said of it.
        Asks nothing.
        """
        ...

    def show(self, repo: str, number: int, look: Look) -> None:
        """Make an issue or pull request look like this; writes what differs, makes missing labels."""
        ...

    def review(
        self,
        repo: str,
        number: int,
        *,
        head: str,
        mark: str,
        verdict: Literal["approve", "request-changes", "comment"],
        text: str,
        comments: Sequence[LineComment] = (),
        login: str = "",
    ) -> Posted:
        """Post one review of `head` under this mark, once: in the name of `login`, "" for the forge's own.
        A verdict that the login may not give is posted as a comment that says it, and why.
        """
        ...

    def status(
        self, repo: str, head: str, *, name: str, state: StatusState, text: str, url: str = ""
    ) -> None:
        """Set a commit status, when it is another than the last."""
        ...

    def merge(
        self, repo: str, number: int, *, head: str, method: MergeMethod, title: str, message: str
    ) -> str | Refused:
        """Merge exactly this head; the commit that brought it (also when it was merged before)."""
        ...

    def close(self, repo: str, number: int, *, reason: str) -> None:
        """Close an issue or pull request that is open. `reason` is `completed`, `not_planned`, or words for a
        comment there.
        """
        ...

    def delete_branch(self, repo: str, branch: str, head: str) -> None:
        """Delete the branch if it is at `head`."""
        ...

    def release(self, repo: str, *, tag: str, commit: str, notes: str) -> str:
        """The address of the release of this tag; made when there is none."""
        ...

    def may_write(self, repo: str, login: str) -> bool:
        """Whether this person may push there. Remembered for some minutes."""
        ...

    def protection(self, repo: str, branch: str) -> Protection:
        """What the branch is protected by."""
        ...
