"""Issues: list, open, change."""

from __future__ import annotations

from fleet.testing.github.endpoints.labels import add_labels, wanted_labels
from fleet.testing.github.follow import close
from fleet.testing.github.pages import page
from fleet.testing.github.records import Issue
from fleet.testing.github.routes import Routes
from fleet.testing.github.shapes.issues import issue as shape
from fleet.testing.github.wire import Answer, Ask, Refusal, invalid, since

routes = Routes()

_ORDERS = {
    "created": lambda one: (one.created, one.number),
    "updated": lambda one: (one.updated, one.number),
    "comments": lambda one: (len(one.comments), one.number),
}


@routes.on("GET", "/issues")
def list_issues(ask: Ask) -> Answer:
    """Issues and pull requests, the open ones if nothing else is asked; newest first."""
    asked = ask.query
    state, after = asked.get("state", "open"), since(ask)
    names = {name.strip().lower() for name in asked.get("labels", "").split(",") if name.strip()}

    def wanted(one: Issue) -> bool:
        return (
            (state == "all" or one.state == state)
            and one.updated >= after
            and names <= {label.name.lower() for label in one.labels}
            and asked.get("creator", one.author).lower() == one.author.lower()
            and _assigned(one, asked.get("assignee", ""))
        )

    found = [one for one in ask.repo.issues.values() if wanted(one)]
    return page(ask, ordered(ask, found), lambda one: shape(ask, one))


@routes.on("POST", "/issues")
def open_issue(ask: Ask) -> Answer:
    """Open an issue. Labels and assignees of somebody without write access are dropped, as GitHub does."""
    title = ask.needed("title", "Issue")
    one = new_issue(ask, title, ask.text("body", "Issue", needed=False))
    ask.site.tell(ask.repo, "IssuesEvent", ask.login, "opened", one.number)
    if ask.may("triage"):
        add_labels(ask, one, wanted_labels(ask))
        _assign(ask, one, ask.body.get("assignees") or [])
    return Answer(
        shape(ask, one), 201, {"Location": f"{ask.roots.api}/repos/{ask.repo.full}/issues/{one.number}"}
    )


@routes.on("GET", "/issues/{number:int}")
def one_issue(ask: Ask) -> Answer:
    """An issue or pull request."""
    one = ask.issue()
    return Answer(shape(ask, one), modified=one.updated)


@routes.on("PATCH", "/issues/{number:int}")
def change_issue(ask: Ask) -> Answer:
    """Title, body, state, labels, assignees; only what is named."""
    one, body = ask.issue(), ask.body
    if not ask.may("triage") and ask.login.lower() != one.author.lower():
        raise Refusal(403, "Must have admin rights to Repository.")
    change_text(ask, one, "Issue")
    if ask.may("triage"):
        if "labels" in body:
            add_labels(ask, one, wanted_labels(ask), only=True)
        if "assignees" in body:
            _assign(ask, one, body["assignees"] or [], only=True)
    change_state(ask, one, "Issue")
    return Answer(shape(ask, one))


@routes.on("POST", "/issues/{number:int}/assignees", "triage")
def assign(ask: Ask) -> Answer:
    """Assign more people."""
    one = ask.issue()
    _assign(ask, one, ask.body.get("assignees") or [])
    return Answer(shape(ask, one), 201)


@routes.on("DELETE", "/issues/{number:int}/assignees", "triage")
def unassign(ask: Ask) -> Answer:
    """Assign people no more."""
    one, named = ask.issue(), {login.lower() for login in ask.body.get("assignees") or []}
    _assign(ask, one, [login for login in one.assignees if login.lower() not in named], only=True)
    return Answer(shape(ask, one))


def ordered(ask: Ask, found: list[Issue]) -> list[Issue]:
    """In the order that the query asks for."""
    key = _ORDERS.get(ask.query.get("sort", "created"), _ORDERS["created"])
    return sorted(found, key=key, reverse=ask.query.get("direction", "desc") != "asc")


def new_issue(ask: Ask, title: str, body: str | None) -> Issue:
    """The next number of the repository, taken."""
    repo, now = ask.repo, ask.site.now()
    repo.last_number += 1
    one = Issue(ask.site.new_id(), repo.last_number, title, body, ask.site.user(ask.login).login, now, now)
    repo.issues[one.number] = one
    return one


def change_text(ask: Ask, one: Issue, resource: str) -> None:
    """Set title and body as far as the request names them."""
    title = ask.body.get("title", one.title)
    if not isinstance(title, str) or not title:
        raise invalid(resource, "title", "missing_field")
    if title != one.title:
        ask.site.happen(ask.repo, one, "renamed", ask.login, rename={"from": one.title, "to": title})
        one.title = title
    if "body" in ask.body and ask.body["body"] != one.body:
        one.body = ask.body["body"]
        one.updated = ask.site.now()


def change_state(ask: Ask, one: Issue, resource: str) -> None:
    """Close or open again, as far as the request says so."""
    state = ask.body.get("state", one.state)
    if state not in ("open", "closed"):
        raise invalid(resource, "state")
    if state == one.state:
        return
    if state == "closed":
        close(ask.site, ask.repo, one, ask.login, reason=ask.body.get("state_reason") or "completed")
        return
    if one.pull is not None and one.pull.merged:
        raise invalid(
            resource, "state", "custom", "state cannot be changed. The pull request has been merged."
        )
    one.state, one.reason, one.closed, one.closed_by = "open", None if one.pull else "reopened", 0, ""
    ask.site.happen(ask.repo, one, "reopened", ask.login)
    kind = "PullRequestEvent" if one.pull else "IssuesEvent"
    ask.site.tell(ask.repo, kind, ask.login, "reopened", one.number)


def _assign(ask: Ask, one: Issue, logins: list[str], *, only: bool = False) -> None:
    site, repo = ask.site, ask.repo
    known = [
        site.user(login).login for login in logins if repo.allows(login, "triage") or login == one.author
    ]
    for login in [login for login in one.assignees if only and login not in known]:
        one.assignees.remove(login)
        site.happen(repo, one, "unassigned", ask.login, assignee=login, assigner=ask.login)
    for login in known:
        if login not in one.assignees:
            one.assignees.append(login)
            site.happen(repo, one, "assigned", ask.login, assignee=login, assigner=ask.login)
            kind = "PullRequestEvent" if one.pull else "IssuesEvent"
            site.tell(repo, kind, ask.login, "assigned", one.number)


def _assigned(one: Issue, wanted: str) -> bool:
    if wanted in ("", "*", "none"):
        return not wanted or bool(one.assignees) == (wanted == "*")
    return wanted.lower() in [login.lower() for login in one.assignees]
