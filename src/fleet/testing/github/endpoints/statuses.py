"""Commit statuses."""

from __future__ import annotations

from fleet.testing.github.pages import page
from fleet.testing.github.records import Status
from fleet.testing.github.routes import Routes
from fleet.testing.github.shapes.basic import repo_url, repository
from fleet.testing.github.shapes.checks import status as shape
from fleet.testing.github.shapes.checks import status_brief
from fleet.testing.github.site import Repo
from fleet.testing.github.wire import Answer, Ask, Refusal, invalid, missing

routes = Routes()

_STATES = ("error", "failure", "pending", "success")


@routes.on("POST", "/statuses/{sha}", "write", hidden=True)
def set_status(ask: Ask) -> Answer:
    """A new status of a commit; the last of its context counts."""
    state, text = ask.needed("state", "Status"), ask.body.get("description")
    if state not in _STATES:
        raise invalid("Status", "state", "custom", "state is not included in the list")
    if isinstance(text, str) and len(text) > 140:
        raise invalid(
            "Status", "description", "custom", "description is too long (maximum is 140 characters)"
        )
    sha = ask.repo.bare.resolve(ask.args["sha"])
    if not sha:
        raise Refusal(422, f"No commit found for SHA: {ask.args['sha']}")
    context, target = str(ask.body.get("context") or "default"), ask.body.get("target_url")
    site = ask.site
    made = Status(site.new_id(), sha, state, context, text, target, ask.login, site.now())
    ask.repo.statuses.setdefault(sha, []).append(made)
    return Answer(shape(ask, made), 201)


@routes.on("GET", "/commits/{ref*}/statuses")
def list_statuses(ask: Ask) -> Answer:
    """All statuses of a commit, newest first."""
    found = ask.repo.statuses.get(commit_named(ask), [])
    return page(ask, found[::-1], lambda one: shape(ask, one))


@routes.on("GET", "/commits/{ref*}/status")
def combined(ask: Ask) -> Answer:
    """The last status of each context, and what they come to."""
    sha = commit_named(ask)
    found = sorted(latest_statuses(ask.repo, sha).values(), key=lambda one: one.id)
    answer = page(ask, found, lambda one: status_brief(ask, one), wrap="statuses")
    at = f"{repo_url(ask)}/commits/{sha}"
    answer.document = {
        "state": combined_state(found),
        **answer.document,
        "sha": sha,
        "repository": repository(ask, ask.repo),
        "commit_url": at,
        "url": f"{at}/status",
    }
    return answer


def commit_named(ask: Ask) -> str:
    """The sha of the commit that the path names, else 422 as GitHub says it."""
    sha = ask.repo.bare.resolve(ask.args["ref"])
    if not sha:
        if "/" in ask.args["ref"] and not ask.repo.heads:
            raise missing()
        raise Refusal(422, f"No commit found for SHA: {ask.args['ref']}")
    return sha


def latest_statuses(repo: Repo, sha: str) -> dict[str, Status]:
    """The status of each context that counts."""
    return {one.context: one for one in repo.statuses.get(sha, [])}


def combined_state(found: list[Status]) -> str:
    """Failure when one failed, success when there is one and all succeeded, else pending."""
    states = {one.state for one in found}
    if states & {"error", "failure"}:
        return "failure"
    return "success" if states == {"success"} else "pending"
