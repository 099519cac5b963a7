"""Comments in the conversations of issues and pull requests."""

from __future__ import annotations

from fleet.testing.github.pages import page
from fleet.testing.github.records import Comment
from fleet.testing.github.routes import Routes
from fleet.testing.github.shapes.issues import comment as shape
from fleet.testing.github.wire import Answer, Ask, Refusal, missing, since

routes = Routes()


@routes.on("GET", "/issues/comments")
def all_comments(ask: Ask) -> Answer:
    """Every comment of the repository, by default oldest first."""
    after = since(ask)
    found = [c for issue in ask.repo.issues.values() for c in issue.comments if c.updated >= after]
    by_update = ask.query.get("sort") == "updated"
    down = ask.query.get("direction") == "desc" and "sort" in ask.query
    found.sort(key=lambda one: (one.updated if by_update else one.created, one.id), reverse=down)
    return page(ask, found, lambda one: shape(ask, one))


@routes.on("GET", "/issues/{number:int}/comments")
def comments_of(ask: Ask) -> Answer:
    """The comments of an issue, oldest first."""
    after = since(ask)
    return page(ask, [c for c in ask.issue().comments if c.updated >= after], lambda one: shape(ask, one))


@routes.on("POST", "/issues/{number:int}/comments")
def comment(ask: Ask) -> Answer:
    """Say something."""
    issue, now = ask.issue(), ask.site.now()
    body = ask.needed("body", "IssueComment")
    if len(body) > 65536:
        words = "Body is too long (maximum is 65536 characters)"
        raise Refusal(
            422,
            "Validation Failed",
            [{"resource": "IssueComment", "code": "custom", "field": "body", "message": words}],
        )
    made = Comment(ask.site.new_id(), issue.number, ask.site.user(ask.login).login, body, now, now)
    issue.comments.append(made)
    issue.updated = now
    ask.site.tell(ask.repo, "IssueCommentEvent", ask.login, "created", issue.number, made)
    shown = shape(ask, made)
    return Answer(shown, 201, {"Location": shown["url"]})


@routes.on("GET", "/issues/comments/{id:int}")
def one_comment(ask: Ask) -> Answer:
    """A comment."""
    one = _named(ask)
    return Answer(shape(ask, one), modified=one.updated)


@routes.on("PATCH", "/issues/comments/{id:int}")
def change_comment(ask: Ask) -> Answer:
    """Say it in other words."""
    one = _own(ask)
    body = ask.needed("body", "IssueComment")
    if body != one.body:
        one.body, one.updated = body, ask.site.now()
        ask.repo.issues[one.number].updated = one.updated
    return Answer(shape(ask, one))


@routes.on("DELETE", "/issues/comments/{id:int}")
def drop_comment(ask: Ask) -> Answer:
    """Take a comment back."""
    one = _own(ask)
    issue = ask.repo.issues[one.number]
    issue.comments.remove(one)
    issue.updated = ask.site.now()
    return Answer(status=204)


def _named(ask: Ask) -> Comment:
    for issue in ask.repo.issues.values():
        for one in issue.comments:
            if one.id == ask.number("id"):
                return one
    raise missing()


def _own(ask: Ask) -> Comment:
    one = _named(ask)
    if one.author.lower() != ask.login.lower() and not ask.may("write"):
        raise Refusal(403, "Must have admin rights to Repository.")
    return one
