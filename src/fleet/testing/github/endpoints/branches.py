"""References, branches and their protection."""

from __future__ import annotations

from typing import Any

from fleet.model.errors import Permanent
from fleet.testing.github.follow import follow
from fleet.testing.github.pages import page
from fleet.testing.github.records import Protection
from fleet.testing.github.routes import Routes
from fleet.testing.github.shapes.basic import repo_url
from fleet.testing.github.shapes.commits import branch as branch_shape
from fleet.testing.github.shapes.commits import commit, reference
from fleet.testing.github.wire import Answer, Ask, Refusal, missing

routes = Routes()


@routes.on("GET", "/git/ref/{ref*}")
def one_reference(ask: Ask) -> Answer:
    """A reference by its exact name (`heads/main`)."""
    name = f"refs/{ask.args['ref']}"
    sha = ask.repo.bare.reference(name)
    if not sha:
        raise missing()
    return Answer(_reference(ask, name, sha))


@routes.on("GET", "/git/matching-refs/{ref*}")
def matching(ask: Ask) -> Answer:
    """The references whose names begin so."""
    found = ask.repo.bare.references("refs/")
    names = sorted(name for name in found if name.startswith(ask.args["ref"]))
    return page(ask, names, lambda name: _reference(ask, f"refs/{name}", found[name]))


@routes.on("POST", "/git/refs", "write", hidden=True)
def make_reference(ask: Ask) -> Answer:
    """A new reference."""
    name, sha = ask.needed("ref", "Reference"), ask.needed("sha", "Reference")
    if not name.startswith("refs/") or name.count("/") < 2:
        raise Refusal(422, "Reference name must start with 'refs/' and contain at least two slashes")
    if not ask.repo.bare.resolve(sha):
        raise Refusal(422, "Object does not exist")
    if ask.repo.bare.reference(name):
        raise Refusal(422, "Reference already exists")
    _set(ask, name, sha)
    shown = _reference(ask, name, sha)
    return Answer(shown, 201, {"Location": shown["url"]})


@routes.on("PATCH", "/git/refs/{ref*}", "write", hidden=True)
def move_reference(ask: Ask) -> Answer:
    """Move a reference; only forward, unless forced."""
    name, sha = f"refs/{ask.args['ref']}", ask.needed("sha", "Reference")
    old = ask.repo.bare.reference(name)
    if not old:
        raise Refusal(422, "Reference does not exist")
    if not ask.repo.bare.resolve(sha):
        raise Refusal(422, "Object does not exist")
    if not ask.body.get("force") and not ask.repo.bare.contains(sha, old):
        raise Refusal(422, "Update is not a fast forward")
    _set(ask, name, sha)
    return Answer(_reference(ask, name, sha))


@routes.on("DELETE", "/git/refs/{ref*}", "write", hidden=True)
def drop_reference(ask: Ask) -> Answer:
    """Delete a reference."""
    name = f"refs/{ask.args['ref']}"
    if not ask.repo.bare.reference(name):
        raise Refusal(422, "Reference does not exist")
    if name.removeprefix("refs/heads/") in ask.repo.protections:
        raise Refusal(422, "Cannot delete this protected branch")
    _set(ask, name, "")
    return Answer(status=204)


@routes.on("GET", "/branches")
def list_branches(ask: Ask) -> Answer:
    """The branches, by name."""
    heads, only = ask.repo.bare.branches(), ask.query.get("protected")
    names = [n for n in sorted(heads) if only is None or (n in ask.repo.protections) == (only == "true")]
    return page(ask, names, lambda name: branch_shape(ask, name, heads[name]))


@routes.on("GET", "/branches/{branch*}/protection", "admin", hidden=True)
def protection(ask: Ask) -> Answer:
    """What the branch asks."""
    return Answer(_protection(ask, _guard(ask)))


@routes.on("GET", "/branches/{branch*}/protection/required_status_checks", "admin", hidden=True)
def required_checks(ask: Ask) -> Answer:
    """The checks that the branch asks."""
    shown = _protection(ask, _guard(ask)).get("required_status_checks")
    if shown is None:
        raise Refusal(404, "Required status checks not enabled")
    return Answer(shown)


@routes.on("GET", "/branches/{branch*}/protection/required_pull_request_reviews", "admin", hidden=True)
def required_reviews(ask: Ask) -> Answer:
    """The reviews that the branch asks."""
    shown = _protection(ask, _guard(ask)).get("required_pull_request_reviews")
    if shown is None:
        raise Refusal(404, "Required pull request reviews not enabled")
    return Answer(shown)


@routes.on("PUT", "/branches/{branch*}/protection", "admin", hidden=True)
def protect(ask: Ask) -> Answer:
    """Ask checks and reviews of what is merged into the branch."""
    if _name(ask) not in ask.repo.bare.branches():
        raise Refusal(404, "Branch not found")
    body = ask.body
    lacking = [
        name
        for name in (
            "required_status_checks",
            "enforce_admins",
            "required_pull_request_reviews",
            "restrictions",
        )
        if name not in body
    ]
    if lacking:
        named = ", ".join(f'"{name}"' for name in lacking)
        raise Refusal(422, f"Invalid request.\n\n{named} weren't supplied.")
    checks, reviews = body["required_status_checks"], body["required_pull_request_reviews"]
    guard = Protection(enforce_admins=bool(body["enforce_admins"]))
    if checks is not None:
        listed = [check["context"] for check in checks.get("checks") or []]
        guard.checks = list(dict.fromkeys([*listed, *(checks.get("contexts") or [])]))
        guard.strict = bool(checks.get("strict"))
    if reviews is not None:
        guard.approvals = int(reviews.get("required_approving_review_count", 1))
        guard.dismiss_stale = bool(reviews.get("dismiss_stale_reviews"))
    ask.repo.protections[_name(ask)] = guard
    return Answer(_protection(ask, guard))


@routes.on("DELETE", "/branches/{branch*}/protection", "admin", hidden=True)
def unprotect(ask: Ask) -> Answer:
    """Ask nothing any more."""
    _guard(ask)
    del ask.repo.protections[_name(ask)]
    return Answer(status=204)


@routes.on("GET", "/rules/branches/{branch*}")
def rules(ask: Ask) -> Answer:
    """Rulesets: there are none, the older protection is what there is."""
    return Answer([])


@routes.on("GET", "/branches/{branch*}")
def one_branch(ask: Ask) -> Answer:
    """A branch with its last commit."""
    name = _name(ask)
    sha = ask.repo.bare.branches().get(name)
    if sha is None:
        raise Refusal(404, "Branch not found")
    at, page_at = f"{repo_url(ask)}/branches/{name}", f"{ask.roots.web}/{ask.repo.full}/tree/{name}"
    links = {"_links": {"self": at, "html": page_at}}
    last = {"commit": commit(ask, ask.repo.bare.commit(sha))}
    return Answer(branch_shape(ask, name, sha) | last | links)


def _reference(ask: Ask, name: str, sha: str) -> dict[str, Any]:
    """Tags may stand for an object of their own; all else is a commit."""
    kind = "commit"
    if name.startswith("refs/tags/"):
        kind = ask.repo.bare.once(
            ("type", sha), lambda: ask.repo.bare.git("cat-file", "-t", sha).decode().strip()
        )
    return reference(ask, name, sha, kind)


def _set(ask: Ask, name: str, sha: str) -> None:
    try:
        ask.repo.bare.set_reference(name, sha)
    except Permanent as error:
        raise Refusal(422, f"Reference cannot be updated: {error.why}") from None
    follow(ask.site, ask.repo, ask.login)


def _name(ask: Ask) -> str:
    return ask.args["branch"]


def _guard(ask: Ask) -> Protection:
    if _name(ask) not in ask.repo.bare.branches():
        raise Refusal(404, "Branch not found")
    guard = ask.repo.protections.get(_name(ask))
    if guard is None:
        raise Refusal(404, "Branch not protected")
    return guard


def _protection(ask: Ask, guard: Protection) -> dict[str, Any]:
    at = f"{repo_url(ask)}/branches/{_name(ask)}/protection"
    shown: dict[str, Any] = {"url": at}
    if guard.checks is not None:
        shown["required_status_checks"] = {
            "url": f"{at}/required_status_checks",
            "strict": guard.strict,
            "contexts": guard.checks,
            "contexts_url": f"{at}/required_status_checks/contexts",
            "checks": [{"context": name, "app_id": None} for name in guard.checks],
        }
    if guard.approvals is not None:
        shown["required_pull_request_reviews"] = {
            "url": f"{at}/required_pull_request_reviews",
            "dismiss_stale_reviews": guard.dismiss_stale,
            "require_code_owner_reviews": False,
            "require_last_push_approval": False,
            "required_approving_review_count": guard.approvals,
        }
    shown["enforce_admins"] = {"url": f"{at}/enforce_admins", "enabled": guard.enforce_admins}
    off = "required_signatures required_linear_history allow_force_pushes allow_deletions block_creations"
    rest = "required_conversation_resolution lock_branch allow_fork_syncing"
    return shown | {name: {"enabled": False} for name in f"{off} {rest}".split()}
