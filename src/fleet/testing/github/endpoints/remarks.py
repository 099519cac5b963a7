"""Review comments: remarks at lines of a pull request's diff, and answers to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fleet.testing.github.diff import changed_files, hunk_at, line_at_position
from fleet.testing.github.pages import page
from fleet.testing.github.records import Issue, LineRemark, Pull, Review
from fleet.testing.github.routes import Routes
from fleet.testing.github.shapes.issues import remark as shape
from fleet.testing.github.shapes.pulls import visible_remarks
from fleet.testing.github.wire import Answer, Ask, Refusal, invalid, missing, since

routes = Routes()


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a remark stands."""

    path: str
    line: int
    side: str
    hunk: str
    start_line: int | None
    subject: str


@routes.on("GET", "/pulls/comments")
def all_remarks(ask: Ask) -> Answer:
    """The review comments of all pull requests, by default oldest first."""
    return _list(ask, [r for i in ask.repo.pulls() if i.pull for r in visible_remarks(ask, i.pull)])


@routes.on("GET", "/pulls/{number:int}/comments")
def remarks_of(ask: Ask) -> Answer:
    """The review comments of a pull request, oldest first."""
    return _list(ask, visible_remarks(ask, ask.pull()[1]))


@routes.on("POST", "/pulls/{number:int}/comments")
def remark(ask: Ask) -> Answer:
    """A single remark at a line, or with `in_reply_to` an answer to one."""
    issue, pull = ask.pull()
    text = ask.needed("body", "PullRequestReviewComment")
    if ask.body.get("in_reply_to"):
        return _reply(ask, issue, pull, int(ask.body["in_reply_to"]), text)
    commit = ask.needed("commit_id", "PullRequestReviewComment")
    ask.needed("path", "PullRequestReviewComment")
    spot = place(ask, pull, commit, ask.body)
    if isinstance(spot, str):
        if spot == "path":
            raise invalid("PullRequestReviewComment", "path")
        field = "pull_request_review_thread.line"
        raise invalid("PullRequestReviewComment", field, "custom", f"{field} must be part of the diff")
    made = write_remark(ask, issue, pull, _review_for(ask, pull, commit), spot, text)
    _tell(ask, made)
    return Answer(shape(ask, made), 201)


@routes.on("POST", "/pulls/{number:int}/comments/{id:int}/replies")
def reply(ask: Ask) -> Answer:
    """An answer to a remark."""
    issue, pull = ask.pull()
    return _reply(ask, issue, pull, ask.number("id"), ask.needed("body", "PullRequestReviewComment"))


@routes.on("GET", "/pulls/comments/{id:int}")
def one_remark(ask: Ask) -> Answer:
    """A review comment."""
    one = _named(ask)
    return Answer(shape(ask, one), modified=one.updated)


@routes.on("PATCH", "/pulls/comments/{id:int}")
def change_remark(ask: Ask) -> Answer:
    """Say it in other words."""
    one = _own(ask)
    one.body, one.updated = ask.needed("body", "PullRequestReviewComment"), ask.site.now()
    return Answer(shape(ask, one))


@routes.on("DELETE", "/pulls/comments/{id:int}")
def drop_remark(ask: Ask) -> Answer:
    """Take it back."""
    one = _own(ask)
    pull = ask.repo.issues[one.number].pull
    assert pull is not None
    pull.remarks.remove(one)
    return Answer(status=204)


def place(ask: Ask, pull: Pull, commit: str, given: Mapping[str, Any]) -> Spot | Literal["path", "line"]:
    """Where `given` (path and line, or an old-style position) stands in the diff; else what is wrong."""
    path, side = str(given.get("path")), str(given.get("side") or "RIGHT")
    sha = ask.repo.bare.resolve(commit)
    files = changed_files(ask.repo.bare, pull.base, sha) if sha else []
    file = next((one for one in files if one.path == path), None)
    if file is None:
        return "path"
    if given.get("subject_type") == "file":
        return Spot(path, 0, side, file.patch or "", None, "file")
    line = given.get("line") or line_at_position(file.patch, int(given.get("position") or 0))
    hunk = hunk_at(file.patch, int(line), side)
    start = given.get("start_line")
    if not hunk or (start and (int(start) > int(line) or not hunk_at(file.patch, int(start), side))):
        return "line"
    return Spot(path, int(line), side, hunk, int(start) if start else None, "line")


def write_remark(
    ask: Ask, issue: Issue, pull: Pull, review: Review, spot: Spot, text: str, reply_to: int = 0
) -> LineRemark:
    """Put a remark under a review."""
    now = ask.site.now()
    made = LineRemark(
        id=ask.site.new_id(),
        review=review.id,
        number=issue.number,
        author=ask.site.user(ask.login).login,
        body=text,
        path=spot.path,
        line=spot.line,
        side=spot.side,
        commit=review.commit,
        hunk=spot.hunk,
        created=now,
        updated=now,
        start_line=spot.start_line,
        start_side=spot.side if spot.start_line else None,
        reply_to=reply_to,
        subject=spot.subject,
    )
    pull.remarks.append(made)
    issue.updated = now
    return made


def _reply(ask: Ask, issue: Issue, pull: Pull, number: int, text: str) -> Answer:
    to = next((one for one in pull.remarks if one.id == number), None)
    if to is None:
        raise missing()
    spot = Spot(to.path, to.line, to.side, to.hunk, to.start_line, to.subject)
    review = _review_for(ask, pull, to.commit)
    made = write_remark(ask, issue, pull, review, spot, text, to.reply_to or to.id)
    _tell(ask, made)
    return Answer(shape(ask, made), 201)


def _review_for(ask: Ask, pull: Pull, commit: str) -> Review:
    """A remark that is posted alone has a review of its own, without words."""
    now = ask.site.now()
    made = Review(ask.site.new_id(), ask.site.user(ask.login).login, "", "COMMENTED", commit, now)
    pull.reviews.append(made)
    return made


def _tell(ask: Ask, made: LineRemark) -> None:
    ask.site.tell(ask.repo, "PullRequestReviewCommentEvent", ask.login, "created", made.number, made)


def _list(ask: Ask, found: list[LineRemark]) -> Answer:
    after = since(ask)
    found = [one for one in found if one.updated >= after]
    by_update, down = ask.query.get("sort") == "updated", ask.query.get("direction") == "desc"
    found.sort(key=lambda one: (one.updated if by_update else one.created, one.id), reverse=down)
    return page(ask, found, lambda one: shape(ask, one))


def _named(ask: Ask) -> LineRemark:
    for issue in ask.repo.pulls():
        for one in visible_remarks(ask, issue.pull) if issue.pull else ():
            if isinstance(one, LineRemark) and one.id == ask.number("id"):
                return one
    raise missing()


def _own(ask: Ask) -> LineRemark:
    one = _named(ask)
    if one.author.lower() != ask.login.lower() and not ask.may("write"):
        raise Refusal(403, "Must have admin rights to Repository.")
    return one
