"""What happened: events of issues, timelines, and the repository's activity."""

from __future__ import annotations

from typing import Any

from fleet.testing.github.pages import page
from fleet.testing.github.routes import Routes
from fleet.testing.github.shapes.activity import activity
from fleet.testing.github.shapes.commits import git_commit
from fleet.testing.github.shapes.issues import happening, happening_with_issue, reviewed, said
from fleet.testing.github.wire import Answer, Ask, missing

routes = Routes()

POLL_INTERVAL_S = 60
_MOST = 300


@routes.on("GET", "/events")
def activities(ask: Ask) -> Answer:
    """The activity of the repository, newest first; the last three hundred entries."""
    newest = ask.repo.activity[::-1]
    answer = page(ask, newest, lambda one: activity(ask, one), most=_MOST)
    answer.headers["X-Poll-Interval"] = str(POLL_INTERVAL_S)
    answer.modified = newest[0].created if newest else 0
    return answer


@routes.on("GET", "/issues/events")
def all_events(ask: Ask) -> Answer:
    """The events of all issues and pull requests, newest first."""
    return page(ask, ask.repo.history[::-1], lambda one: happening_with_issue(ask, one))


@routes.on("GET", "/issues/events/{id:int}")
def one_event(ask: Ask) -> Answer:
    """An event."""
    for one in ask.repo.history:
        if one.id == ask.number("id"):
            return Answer(happening_with_issue(ask, one), modified=one.created)
    raise missing()


@routes.on("GET", "/issues/{number:int}/events")
def events_of(ask: Ask) -> Answer:
    """The events of an issue, oldest first."""
    return page(ask, ask.issue().history, lambda one: happening(ask, one))


@routes.on("GET", "/issues/{number:int}/timeline")
def timeline(ask: Ask) -> Answer:
    """Events, comments, reviews and commits in one line, oldest first."""
    issue = ask.issue()
    found: list[tuple[int, int, dict[str, Any]]] = []
    found += [(one.created, one.id, happening(ask, one)) for one in issue.history]
    found += [(one.created, one.id, said(ask, one)) for one in issue.comments]
    if issue.pull is not None:
        for review in issue.pull.reviews:
            if review.state != "PENDING":
                found.append((review.submitted, review.id, reviewed(ask, issue.number, review)))
        for place, commit in enumerate(ask.repo.bare.commits(issue.pull.base, issue.pull.head)):
            shown = git_commit(ask, commit) | {"event": "committed"}
            found.append((commit.committer[2], place, shown))
    found.sort(key=lambda entry: entry[:2])
    return page(ask, found, lambda entry: entry[2])
