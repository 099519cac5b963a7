"""GitHub as a forge, by the user's own gh: every verb of the port, each in a file of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from fleet.adapters.forges.github import pulls, refs
from fleet.adapters.forges.github.deeds import Deeds
from fleet.adapters.forges.github.detect import Detected, detect
from fleet.adapters.forges.github.gh import Gh
from fleet.adapters.forges.github.labels import Labels
from fleet.adapters.forges.github.limits import Clock
from fleet.adapters.forges.github.logins import Logins
from fleet.adapters.forges.github.merge import Merger
from fleet.adapters.forges.github.pace import Pace
from fleet.adapters.forges.github.people import People
from fleet.adapters.forges.github.poll import Poller
from fleet.adapters.forges.github.requests import Requests
from fleet.adapters.forges.github.review import Reviewer
from fleet.adapters.forges.github.seen import Seen
from fleet.adapters.forges.github.show import Shower
from fleet.adapters.forges.github.slips import Slips
from fleet.model.fleet import LABELS
from fleet.ports.forge import (
    LineComment,
    Look,
    MergeMethod,
    Polled,
    Posted,
    Protection,
    PullRequest,
    Quota,
    Refused,
    StatusState,
)


def now_ms() -> int:
    """The clock of this machine."""
    return time.time_ns() // 1_000_000


class GitHubForge:
    """The forge port for GitHub and GitHub Enterprise. One for the whole fleet, for any number of threads.

    `folder` keeps what a restart should not pay for again; None: memory only. `labels` are Fleet's own, by
    state; `show` takes off those that are not wanted. `trusted` logins count though they may not write.
    `logins`, each with its folder of gh's configuration, are those in whose names reviews can be posted.
    """

    def __init__(
        self,
        folder: Path | None,
        *,
        gh: Gh | None = None,
        labels: Mapping[str, str] | None = None,
        trusted: Collection[str] = (),
        logins: Mapping[str, str] = MappingProxyType({}),
        pace: Pace | None = None,
        clock: Clock = now_ms,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._gh = gh or Gh()
        self._requests = Requests(self._gh, folder, clock=clock, sleep=sleep)
        voices = Logins(logins, self._gh, folder, clock=clock, sleep=sleep)
        self._people = People(self._requests, clock, trusted, voices.has)
        self._heads = pulls.Heads(folder)
        deeds = self._deeds = Deeds(self._requests.now_ms, folder)
        named = dict(LABELS) if labels is None else labels
        slips = Slips(self._requests.now_ms)
        self._labels = Labels(self._requests, deeds, slips, named)
        seen = self._seen = Seen()
        self._shower = Shower(self._requests, self._people, deeds, self._labels, seen)
        self._reviewer = Reviewer(self._requests, self._people, voices, seen, deeds)
        self._merger = Merger(self._requests, deeds)
        self._statuses = refs.Statuses(self._requests, deeds)
        self._required: dict[str, Sequence[str]] = {}
        own = [label for state, label in named.items() if state != "ready"]
        self._poller = Poller(
            self._requests,
            self._people,
            deeds,
            self._heads,
            pace or Pace(),
            clock,
            seen,
            slips,
            self._required,
            own,
        )

    def poll(self, repo: str, cursor: Mapping[str, Any], known: Sequence[int] = ()) -> Polled:
        """What happened there since `cursor`; without one, also what became of those that are known."""
        polled = self._poller.poll(repo, cursor, known)
        self._labels.mend(repo)
        return polled

    def quota(self) -> Quota:
        """Where the limit on requests stands; asks nothing."""
        return self._requests.limits.quota()

    def open_pull_request(self, repo: str, *, branch: str, base: str, title: str, body: str) -> PullRequest:
        """The open pull request of this branch; made when there is none."""
        document = pulls.open_pull_request(
            self._requests, repo, branch=branch, base=base, title=title, body=body
        )
        made = self._read(repo, document)
        if "labels" in document:  # it is in the list of issues, too
            self._seen.keep(repo, made.number, {**document, "pull_request": {}}, self._requests.now_ms())
        with self._deeds.doing(f"{repo}#{made.number} head {made.head}"):
            return made

    def pull_request(self, repo: str, number: int) -> PullRequest:
        """A pull request as it is now."""
        return self._read(repo, self._requests.get(f"repos/{repo}/pulls/{number}").document)

    def pushed(self, repo: str, number: int, head: str) -> None:
        """Note that this head is there to be seen."""
        self._heads.saw(repo, number, head, self._requests.now_ms())

    def show(self, repo: str, number: int, look: Look) -> None:
        """Make an issue or pull request look like this."""
        self._shower.show(repo, number, look)

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
        """Post one review of `head` under this mark, once, in the name of `login` if that can be."""
        return self._reviewer.review(
            repo, number, head=head, mark=mark, verdict=verdict, text=text, comments=comments, login=login
        )

    def status(
        self, repo: str, head: str, *, name: str, state: StatusState, text: str, url: str = ""
    ) -> None:
        """Set a commit status, when it is another than the last."""
        self._statuses.put(repo, head, name, state, text, url)

    def merge(
        self, repo: str, number: int, *, head: str, method: MergeMethod, title: str, message: str
    ) -> str | Refused:
        """Merge exactly this head; the commit that brought it, or why not."""
        return self._merger.merge(repo, number, head=head, method=method, title=title, message=message)

    def close(self, repo: str, number: int, *, reason: str) -> None:
        """Close an issue or pull request that is open."""
        self._shower.close(repo, number, reason)

    def delete_branch(self, repo: str, branch: str, head: str) -> None:
        """Delete the branch if it is at `head`."""
        refs.delete_branch(self._requests, repo, branch, head)

    def release(self, repo: str, *, tag: str, commit: str, notes: str) -> str:
        """The address of the release of this tag; made when there is none."""
        return refs.release(self._requests, repo, tag=tag, commit=commit, notes=notes)

    def may_write(self, repo: str, login: str) -> bool:
        """Whether this person may push there."""
        return self._people.may_write(repo, login.removeprefix("user/"))

    def protection(self, repo: str, branch: str) -> Protection:
        """What the branch is protected by."""
        found = refs.protection(self._requests, repo, branch)
        self._required[repo] = found.checks
        return found

    def login(self) -> str:
        """The login that gh acts as."""
        return self._people.login()

    def missing_labels(self, repo: str) -> tuple[str, ...]:
        """Those of Fleet's labels that the repository lacks."""
        return self._labels.missing(repo)

    def make_labels(self, repo: str, names: Sequence[str]) -> None:
        """Make these labels where they are missing."""
        self._labels.make(repo, names)

    def detect(self) -> Detected:
        """Whether gh is there, logged in and allowed; for `fleet doctor`."""
        return detect(self._gh)

    def _read(self, repo: str, document: Mapping[str, Any]) -> PullRequest:
        pull = pulls.read_pull(document)
        self._heads.saw(repo, pull.number, pull.head, self._requests.now_ms())
        return pull
