"""Reviews of pull requests."""

from __future__ import annotations

from typing import Any

from fleet.testing.github.endpoints.remarks import Spot, place, write_remark
from fleet.testing.github.pages import page
from fleet.testing.github.records import Issue, Pull, Review
from fleet.testing.github.routes import Routes
from fleet.testing.github.shapes.issues import remark as remark_shape
from fleet.testing.github.shapes.issues import review as shape
from fleet.testing.github.wire import Answer, Ask, Refusal, invalid, missing, unprocessable

routes = Routes()

_STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}
_OWN = {"APPROVE": "Can not approve your own pull request"}
_OWN["REQUEST_CHANGES"] = "Can not request changes on your own pull request"


@routes.on("GET", "/pulls/{number:int}/reviews")
def list_reviews(ask: Ask) -> Answer:
    """The reviews, oldest first; of pending ones only the asker's own."""
    issue, pull = ask.pull()
    mine = [r for r in pull.reviews if r.state != "PENDING" or r.author.lower() == ask.login.lower()]
    return page(ask, mine, lambda one: shape(ask, issue.number, one))


@routes.on("POST", "/pulls/{number:int}/reviews")
def review(ask: Ask) -> Answer:
    """A review with all its comments at lines, or (one that does not fit) nothing at all."""
    issue, pull = ask.pull()
    body, event = ask.body, ask.body.get("event") or ""
    commit = str(body.get("commit_id") or pull.head)
    spots = [_spot(ask, pull, commit, given) for given in body.get("comments") or []]
    if not ask.repo.bare.resolve(commit) or not ask.repo.bare.contains(pull.head, commit):
        raise unprocessable("The commit is not part of the pull request")
    if any(r.state == "PENDING" and r.author == ask.login for r in pull.reviews) and not event:
        raise unprocessable("User can only have one pending review per pull request")
    _allowed(ask, issue, event, str(body.get("body") or ""), bool(spots))
    made = Review(
        ask.site.new_id(), ask.site.user(ask.login).login, str(body.get("body") or ""), "PENDING", commit
    )
    pull.reviews.append(made)
    for spot, text in spots:
        write_remark(ask, issue, pull, made, spot, text)
    if event:
        submit(ask, issue, pull, made, event)
    return Answer(shape(ask, issue.number, made))


@routes.on("GET", "/pulls/{number:int}/reviews/{id:int}")
def one_review(ask: Ask) -> Answer:
    """A review."""
    return Answer(shape(ask, ask.number(), _named(ask)))


@routes.on("PUT", "/pulls/{number:int}/reviews/{id:int}")
def change_review(ask: Ask) -> Answer:
    """Another text of a review."""
    one = _own(ask)
    one.body = ask.needed("body", "PullRequestReview")
    return Answer(shape(ask, ask.number(), one))


@routes.on("DELETE", "/pulls/{number:int}/reviews/{id:int}")
def drop_review(ask: Ask) -> Answer:
    """Drop a review that was not submitted."""
    one = _own(ask)
    if one.state != "PENDING":
        raise Refusal(422, "Can not delete a non-pending pull request review")
    _, pull = ask.pull()
    pull.reviews.remove(one)
    pull.remarks = [remark for remark in pull.remarks if remark.review != one.id]
    return Answer(shape(ask, ask.number(), one))


@routes.on("GET", "/pulls/{number:int}/reviews/{id:int}/comments")
def remarks_of(ask: Ask) -> Answer:
    """The comments at lines of a review."""
    one, (_, pull) = _named(ask), ask.pull()
    return page(ask, [r for r in pull.remarks if r.review == one.id], lambda r: remark_shape(ask, r))


@routes.on("POST", "/pulls/{number:int}/reviews/{id:int}/events")
def submit_review(ask: Ask) -> Answer:
    """Submit a pending review."""
    issue, pull = ask.pull()
    one, event = _own(ask), ask.needed("event", "PullRequestReview")
    if one.state != "PENDING":
        raise unprocessable("Pull request review has already been submitted")
    one.body = str(ask.body.get("body") or one.body)
    _allowed(ask, issue, event, one.body, any(r.review == one.id for r in pull.remarks))
    submit(ask, issue, pull, one, event)
    return Answer(shape(ask, issue.number, one))


@routes.on("PUT", "/pulls/{number:int}/reviews/{id:int}/dismissals", "write")
def dismiss(ask: Ask) -> Answer:
    """A verdict counts no more."""
    issue, _ = ask.pull()
    one, message = _named(ask), ask.needed("message", "PullRequestReview")
    if one.state not in ("APPROVED", "CHANGES_REQUESTED"):
        raise Refusal(422, "Can not dismiss a commented pull request review")
    detail = {"state": one.state.lower(), "review_id": one.id, "dismissal_message": message}
    one.state = "DISMISSED"
    ask.site.happen(ask.repo, issue, "review_dismissed", ask.login, dismissed_review=detail)
    return Answer(shape(ask, issue.number, one))


def submit(ask: Ask, issue: Issue, pull: Pull, one: Review, event: str) -> None:
    """From now on everybody sees the review."""
    one.state, one.submitted = _STATES[event], ask.site.now()
    issue.updated = one.submitted
    pull.asked = [login for login in pull.asked if login != one.author]
    ask.site.tell(ask.repo, "PullRequestReviewEvent", ask.login, "created", issue.number, one)
    for remark in pull.remarks:
        if remark.review == one.id:
            kind = "PullRequestReviewCommentEvent"
            ask.site.tell(ask.repo, kind, ask.login, "created", issue.number, remark)


def _allowed(ask: Ask, issue: Issue, event: str, text: str, remarks: bool) -> None:
    if event and event not in _STATES:
        raise invalid("PullRequestReview", "event")
    if ask.login.lower() == issue.author.lower() and event in _OWN:
        raise unprocessable(_OWN[event])
    if not text and (event == "REQUEST_CHANGES" or (event == "COMMENT" and not remarks)):
        raise unprocessable("Review body can't be blank")


def _spot(ask: Ask, pull: Pull, commit: str, given: Any) -> tuple[Spot, str]:
    if not isinstance(given, dict) or not given.get("path") or not given.get("body"):
        raise unprocessable("Pull request review thread path and body can't be blank")
    found = place(ask, pull, commit, given)
    if isinstance(found, str):
        words = "path is invalid" if found == "path" else "line must be part of the diff"
        raise unprocessable(
            f"Pull request review thread {words} and Pull request review thread diff hunk can't be blank"
        )
    return found, str(given["body"])


def _named(ask: Ask) -> Review:
    for one in ask.pull()[1].reviews:
        if one.id == ask.number("id") and (one.state != "PENDING" or one.author.lower() == ask.login.lower()):
            return one
    raise missing()


def _own(ask: Ask) -> Review:
    one = _named(ask)
    if one.author.lower() != ask.login.lower():
        raise Refusal(403, "Must have admin rights to Repository.")
    return one
