"""Pull requests: list, open, change, and what they bring."""

from __future__ import annotations

from typing import Any

from fleet.testing.github.diff import changed_files, diff_text
from fleet.testing.github.endpoints.issues import change_state, change_text, new_issue, ordered
from fleet.testing.github.follow import take_head
from fleet.testing.github.merging import stands
from fleet.testing.github.pages import page
from fleet.testing.github.records import Issue, Pull
from fleet.testing.github.routes import Routes
from fleet.testing.github.shapes.commits import changed, commit
from fleet.testing.github.shapes.pulls import pull as shape
from fleet.testing.github.shapes.pulls import pull_whole
from fleet.testing.github.site import Repo
from fleet.testing.github.wire import Answer, Ask, Refusal, invalid, unprocessable

routes = Routes()


@routes.on("GET", "/pulls")
def list_pulls(ask: Ask) -> Answer:
    """Pull requests, the open ones if nothing else is asked; newest first."""
    asked = ask.query
    state = asked.get("state", "open")

    def wanted(one: Issue) -> bool:
        of = one.pull
        return (
            of is not None
            and (state == "all" or one.state == state)
            and asked.get("base", of.base_ref) == of.base_ref
            and asked.get("head", "") in ("", f"{of.head_repo.partition('/')[0]}:{of.head_ref}")
        )

    found = [one for one in ask.repo.issues.values() if wanted(one)]
    return page(ask, ordered(ask, found), lambda one: shape(ask, one))


@routes.on("POST", "/pulls")
def open_pull(ask: Ask) -> Answer:
    """Open a pull request from a branch here, or of a fork (`owner:branch`)."""
    title, base = ask.needed("title", "PullRequest"), ask.needed("base", "PullRequest")
    source, head_ref = _source(ask, ask.needed("head", "PullRequest"))
    bare = ask.repo.bare
    head, tip = source.bare.branches().get(head_ref, ""), bare.branches().get(base, "")
    if not tip:
        raise invalid("PullRequest", "base")
    if not head:
        raise invalid("PullRequest", "head")
    _may_open(ask, source)
    if source is not ask.repo:
        bare.git("fetch", "--quiet", str(source.bare.path), head)
    for other in ask.repo.pulls():
        of = other.pull
        if of and (other.state, of.head_repo, of.head_ref, of.base_ref) == (
            "open",
            source.full,
            head_ref,
            base,
        ):
            label = f"{source.owner}:{head_ref}"
            words = f"A pull request already exists for {label}."
            raise Refusal(
                422, "Validation Failed", [{"resource": "PullRequest", "code": "custom", "message": words}]
            )
    if bare.contains(tip, head):
        words = f"No commits between {base} and {head_ref}"
        raise Refusal(
            422, "Validation Failed", [{"resource": "PullRequest", "code": "custom", "message": words}]
        )
    one = new_issue(ask, title, ask.text("body", "PullRequest", needed=False))
    draft = bool(ask.body.get("draft"))
    one.pull = Pull(ask.site.new_id(), source.full, head_ref, "", base, tip, draft)
    take_head(ask.site, ask.repo, one, one.pull, head, ask.login)
    ask.site.tell(ask.repo, "PullRequestEvent", ask.login, "opened", one.number)
    shown = _whole(ask, one, one.pull)
    return Answer(shown, 201, {"Location": shown["url"]})


@routes.on("GET", "/pulls/{number:int}")
def one_pull(ask: Ask) -> Answer:
    """A pull request; as a diff when that is what is accepted."""
    one, of = ask.pull()
    if "diff" in ask.accept:
        return Answer(text=diff_text(ask.repo.bare, of.base, of.head))
    return Answer(_whole(ask, one, of), modified=one.updated)


@routes.on("PATCH", "/pulls/{number:int}")
def change_pull(ask: Ask) -> Answer:
    """Title, body, state, base; only what is named."""
    one, of = ask.pull()
    if not ask.may("triage") and ask.login.lower() != one.author.lower():
        raise Refusal(403, "Must have admin rights to Repository.")
    change_text(ask, one, "PullRequest")
    base = ask.body.get("base", of.base_ref)
    if base != of.base_ref:
        if base not in ask.repo.bare.branches():
            raise invalid("PullRequest", "base")
        of.base_ref, of.base = base, ask.repo.bare.branches()[base]
        ask.site.happen(ask.repo, one, "base_ref_changed", ask.login)
    change_state(ask, one, "PullRequest")
    return Answer(_whole(ask, one, of))


@routes.on("GET", "/pulls/{number:int}/files")
def files(ask: Ask) -> Answer:
    """The files that it changes."""
    _, of = ask.pull()
    found = changed_files(ask.repo.bare, of.base, of.head)
    return page(ask, found, lambda one: changed(ask, of.head, one))


@routes.on("GET", "/pulls/{number:int}/commits")
def commits(ask: Ask) -> Answer:
    """The commits that it brings, oldest first."""
    _, of = ask.pull()
    return page(ask, ask.repo.bare.commits(of.base, of.head), lambda one: commit(ask, one), most=250)


@routes.on("POST", "/pulls/{number:int}/requested_reviewers", "triage")
def ask_reviewers(ask: Ask) -> Answer:
    """Ask people for a review."""
    one, of = ask.pull()
    logins = ask.body.get("reviewers") or []
    if one.author.lower() in [login.lower() for login in logins]:
        raise Refusal(422, "Review cannot be requested from pull request author.")
    for login in logins:
        if not ask.repo.permissions.get(login.lower()) and login.lower() != ask.repo.owner.lower():
            words = "Reviews may only be requested from collaborators. One or more of the users or teams "
            raise Refusal(
                422, f"{words}you specified is not a collaborator of the {ask.repo.full} repository."
            )
        if login not in of.asked:
            of.asked.append(ask.site.user(login).login)
            about = {"review_requester": ask.login, "requested_reviewer": login}
            ask.site.happen(ask.repo, one, "review_requested", ask.login, **about)
    return Answer(shape(ask, one), 201)


@routes.on("DELETE", "/pulls/{number:int}/requested_reviewers", "triage")
def ask_reviewers_no_more(ask: Ask) -> Answer:
    """Take the asking back."""
    one, of = ask.pull()
    for login in [login for login in ask.body.get("reviewers") or [] if login in of.asked]:
        of.asked.remove(login)
        about = {"review_requester": ask.login, "requested_reviewer": login}
        ask.site.happen(ask.repo, one, "review_request_removed", ask.login, **about)
    return Answer(shape(ask, one))


@routes.on("GET", "/pulls/{number:int}/requested_reviewers")
def asked_reviewers(ask: Ask) -> Answer:
    """Who was asked and has not answered."""
    one, _ = ask.pull()
    return Answer({"users": shape(ask, one)["requested_reviewers"], "teams": []})


def _whole(ask: Ask, one: Issue, of: Pull) -> dict[str, Any]:
    """The pull request with what git says of merging it, as soon as it was asked often enough."""
    mergeable, state = stands(ask.site, ask.repo, one, of)
    if ask.site.mergeable_after and one.state == "open":
        key = f"{of.head} {ask.repo.bare.branches().get(of.base_ref, '')}"
        looked = int(of.looked_at[1] or 0) if of.looked_at[0] == key else 0
        of.looked_at = (key, str(looked + 1))
        if looked < ask.site.mergeable_after:
            mergeable, state = None, "unknown"
    return pull_whole(ask, one, mergeable, state)


def _source(ask: Ask, head: str) -> tuple[Repo, str]:
    owner, colon, ref = head.rpartition(":")
    if not colon or owner.lower() == ask.repo.owner.lower():
        return ask.repo, ref
    for other in ask.site.repos.values():
        if other.fork_of == ask.repo.full and other.owner.lower() == owner.lower():
            return other, ref
    raise invalid("PullRequest", "head")


def _may_open(ask: Ask, source: Repo) -> None:
    if source is ask.repo and not ask.may("write"):
        raise unprocessable("must be a collaborator")
