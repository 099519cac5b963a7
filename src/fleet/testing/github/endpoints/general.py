"""Who asks, which repository, and who may do what there."""

from __future__ import annotations

from fleet.testing.github.pages import page
from fleet.testing.github.routes import Routes
from fleet.testing.github.shapes.basic import repository, repository_whole, user
from fleet.testing.github.site import LEVELS
from fleet.testing.github.wire import Answer, Ask, Refusal, iso, missing

routes = Routes()


@routes.site("GET", "/")
def root(ask: Ask) -> Answer:
    """Where things are; gh asks it for the token's scopes."""
    at = ask.roots.api
    links = {"current_user_url": f"{at}/user", "rate_limit_url": f"{at}/rate_limit"}
    return Answer(links | {"repository_url": f"{at}/repos/{{owner}}/{{repo}}"})


@routes.site("GET", "/meta")
def meta(ask: Ask) -> Answer:
    """That this is a GitHub."""
    return Answer({"verifiable_password_authentication": False})


@routes.site("POST", "/graphql")
def graphql(ask: Ask) -> Answer:
    """The one question that `gh auth status` asks; no other."""
    if not ask.login:
        raise Refusal(401, "Requires authentication")
    if "viewer" in str(ask.body.get("query")):
        return Answer({"data": {"viewer": {"login": ask.site.user(ask.login).login}}})
    return Answer(
        {"data": None, "errors": [{"type": "NOT_SUPPORTED", "message": "There is only REST here."}]}
    )


@routes.site("GET", "/user")
def me(ask: Ask) -> Answer:
    """Whose token it is."""
    if not ask.login:
        raise Refusal(401, "Requires authentication")
    return somebody(ask, ask.login)


@routes.site("GET", "/user/repos")
def my_repositories(ask: Ask) -> Answer:
    """The repositories that the asker has a part in."""
    mine = [r for r in ask.site.repos.values() if ask.login.lower() in (r.owner.lower(), *r.permissions)]
    return page(ask, mine, lambda repo: repository(ask, repo))


@routes.site("GET", "/users/{login}")
def one_user(ask: Ask) -> Answer:
    """Somebody."""
    if not ask.site.knows(ask.args["login"]):
        raise missing()
    return somebody(ask, ask.args["login"])


def somebody(ask: Ask, login: str) -> Answer:
    """Somebody when asked for themselves."""
    shown = user(ask, login)
    times = {"created_at": iso(0), "updated_at": iso(0)}
    return Answer(shown | {"name": shown["login"], "email": None, "bio": None, "public_repos": 0} | times)


@routes.on("GET", "")
def repository_itself(ask: Ask) -> Answer:
    """The repository."""
    return Answer(repository_whole(ask, ask.repo), modified=max(ask.repo.created, ask.repo.pushed))


@routes.on("PATCH", "", "admin")
def set_repository(ask: Ask) -> Answer:
    """Change how it merges, and what is its default branch."""
    repo, body = ask.repo, ask.body
    for name, key in (("merge_commit", "merge"), ("squash_merge", "squash"), ("rebase_merge", "rebase")):
        repo.allow[key] = bool(body.get(f"allow_{name}", repo.allow[key]))
    repo.delete_branch_on_merge = bool(body.get("delete_branch_on_merge", repo.delete_branch_on_merge))
    repo.default = str(body.get("default_branch", repo.default))
    return Answer(repository_whole(ask, repo))


@routes.on("GET", "/collaborators/{login}/permission", "write")
def permission(ask: Ask) -> Answer:
    """What somebody may do here: in the old four words, and by the name of the role."""
    login = ask.args["login"]
    if not ask.site.knows(login):
        raise missing()
    role = ask.repo.level(login)
    old = {"maintain": "write", "triage": "read"}.get(role, role)
    return Answer({"permission": old, "user": _with_role(ask, login), "role_name": role})


@routes.on("GET", "/collaborators", "write")
def collaborators(ask: Ask) -> Answer:
    """Everybody with a part in the repository."""
    logins = [ask.repo.owner, *(ask.site.user(login).login for login in ask.repo.permissions)]
    return page(ask, logins, lambda login: _with_role(ask, login))


@routes.on("GET", "/collaborators/{login}", "write")
def is_collaborator(ask: Ask) -> Answer:
    """204 when somebody has a part in the repository."""
    if ask.args["login"].lower() not in (ask.repo.owner.lower(), *ask.repo.permissions):
        raise missing()
    return Answer(status=204)


def _with_role(ask: Ask, login: str) -> dict[str, object]:
    names = {"pull": "read", "triage": "triage", "push": "write", "maintain": "maintain", "admin": "admin"}
    level = LEVELS.index(ask.repo.level(login))
    can = {name: level >= LEVELS.index(needs) for name, needs in names.items()}
    return user(ask, login) | {"permissions": can, "role_name": ask.repo.level(login)}
