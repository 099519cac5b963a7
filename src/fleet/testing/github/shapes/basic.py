"""People, labels, repositories."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import Any

from fleet.testing.github.records import Label
from fleet.testing.github.site import Repo, Site
from fleet.testing.github.wire import Ask, Roots, iso

_USER_LINKS = {
    "followers_url": "followers",
    "following_url": "following{/other_user}",
    "gists_url": "gists{/gist_id}",
    "starred_url": "starred{/owner}{/repo}",
    "subscriptions_url": "subscriptions",
    "organizations_url": "orgs",
    "repos_url": "repos",
    "events_url": "events{/privacy}",
    "received_events_url": "received_events",
}
_REPO_LINKS = {
    "forks_url": "/forks",
    "collaborators_url": "/collaborators{/collaborator}",
    "hooks_url": "/hooks",
    "issue_events_url": "/issues/events{/number}",
    "events_url": "/events",
    "assignees_url": "/assignees{/user}",
    "branches_url": "/branches{/branch}",
    "tags_url": "/tags",
    "git_tags_url": "/git/tags{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "trees_url": "/git/trees{/sha}",
    "statuses_url": "/statuses/{sha}",
    "contributors_url": "/contributors",
    "commits_url": "/commits{/sha}",
    "git_commits_url": "/git/commits{/sha}",
    "comments_url": "/comments{/number}",
    "issue_comment_url": "/issues/comments{/number}",
    "contents_url": "/contents/{+path}",
    "compare_url": "/compare/{base}...{head}",
    "merges_url": "/merges",
    "archive_url": "/{archive_format}{/ref}",
    "issues_url": "/issues{/number}",
    "pulls_url": "/pulls{/number}",
    "labels_url": "/labels{/name}",
    "releases_url": "/releases{/id}",
}


def node_id(kind: str, number: int) -> str:
    """The opaque id that GraphQL would know it by."""
    return f"{kind}_{base64.urlsafe_b64encode(number.to_bytes(6, 'big')).decode().rstrip('=')}"


def user(ask: Ask, login: str) -> dict[str, Any]:
    """Somebody, as part of another document."""
    who = ask.site.user(login)
    return _user(who.login, who.id, ask.roots)


def user_or_none(ask: Ask, login: str) -> dict[str, Any] | None:
    """… or null for nobody."""
    return user(ask, login) if login else None


@lru_cache(maxsize=4096)
def _user(login: str, number: int, roots: Roots) -> dict[str, Any]:
    at = f"{roots.api}/users/{login}"
    bot = login.endswith("[bot]")
    return {
        "login": login,
        "id": number,
        "node_id": node_id("U", number),
        "avatar_url": f"https://avatars.githubusercontent.com/u/{number}?v=4",
        "gravatar_id": "",
        "url": at,
        "html_url": f"{roots.web}/apps/{login[:-5]}" if bot else f"{roots.web}/{login}",
        **{name: f"{at}/{rest}" for name, rest in _USER_LINKS.items()},
        "type": "Bot" if bot else "User",
        "user_view_type": "public",
        "site_admin": False,
    }


def association(repo: Repo, login: str) -> str:
    """What somebody is to the repository."""
    if login.lower() == repo.owner.lower():
        return "OWNER"
    if repo.permissions.get(login.lower(), "none") not in ("none", "read"):
        return "COLLABORATOR"
    merged = any(i.author == login and i.pull is not None and i.pull.merged for i in repo.pulls())
    return "CONTRIBUTOR" if merged else "NONE"


def repo_url(ask: Ask, repo: Repo | None = None) -> str:
    """The API's address of a repository, by default of the request's."""
    return f"{ask.roots.api}/repos/{(repo or ask.repo).full}"


def label(ask: Ask, one: Label) -> dict[str, Any]:
    """A label."""
    return {
        "id": one.id,
        "node_id": node_id("LA", one.id),
        "url": f"{repo_url(ask)}/labels/{one.name}",
        "name": one.name,
        "color": one.color,
        "default": False,
        "description": one.description,
    }


def repository(ask: Ask, repo: Repo) -> dict[str, Any]:
    """A repository."""
    site, web, at = ask.site, ask.roots.web, repo_url(ask, repo)
    open_ones = sum(1 for issue in repo.issues.values() if issue.state == "open")
    host = web.partition("://")[2]
    shown: dict[str, Any] = {
        "id": repo.id,
        "node_id": node_id("R", repo.id),
        "name": repo.name,
        "full_name": repo.full,
        "private": repo.private,
        "owner": user(ask, repo.owner),
        "html_url": f"{web}/{repo.full}",
        "description": None,
        "fork": bool(repo.fork_of),
        "url": at,
        **{name: at + rest for name, rest in _REPO_LINKS.items()},
        "created_at": iso(repo.created),
        "updated_at": iso(max(repo.created, repo.pushed)),
        "pushed_at": iso(repo.pushed or repo.created),
        "git_url": f"git://{host}/{repo.full}.git",
        "ssh_url": f"git@{host}:{repo.full}.git",
        "clone_url": f"{web}/{repo.full}.git",
        "homepage": None,
        "size": 0,
        "stargazers_count": 0,
        "watchers_count": 0,
        "language": None,
        "has_issues": True,
        "has_projects": False,
        "has_downloads": True,
        "has_wiki": False,
        "has_pages": False,
        "has_discussions": False,
        "forks_count": _forks(site, repo),
        "archived": False,
        "disabled": False,
        "open_issues_count": open_ones,
        "license": None,
        "allow_forking": True,
        "is_template": False,
        "web_commit_signoff_required": False,
        "topics": [],
        "visibility": "private" if repo.private else "public",
        "forks": _forks(site, repo),
        "open_issues": open_ones,
        "watchers": 0,
        "default_branch": repo.default,
    }
    if ask.login:
        kinds = (("admin", "admin"), ("maintain", "maintain"), ("push", "write"), ("triage", "triage"))
        can = {name: repo.allows(ask.login, level) for name, level in kinds}  # type: ignore[arg-type]
        shown["permissions"] = can | {"pull": True}
    return shown


def repository_whole(ask: Ask, repo: Repo) -> dict[str, Any]:
    """A repository when it is asked for itself: also how it merges, and what it was forked from."""
    shown = repository(ask, repo) | {"network_count": 0, "subscribers_count": 0}
    if repo.allows(ask.login, "write"):
        shown |= {
            "allow_squash_merge": repo.allow["squash"],
            "allow_merge_commit": repo.allow["merge"],
            "allow_rebase_merge": repo.allow["rebase"],
            "allow_auto_merge": False,
            "delete_branch_on_merge": repo.delete_branch_on_merge,
            "allow_update_branch": False,
            "use_squash_pr_title_as_default": False,
            "squash_merge_commit_message": "COMMIT_MESSAGES",
            "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
            "merge_commit_message": "PR_TITLE",
            "merge_commit_title": "MERGE_MESSAGE",
        }
    if parent := ask.site.find(repo.fork_of):
        shown["parent"] = shown["source"] = repository(ask, parent)
    return shown


def _forks(site: Site, repo: Repo) -> int:
    return sum(1 for other in site.repos.values() if other.fork_of == repo.full)
