"""Entries of a repository's activity."""

from __future__ import annotations

from typing import Any

from fleet.testing.github.records import Activity, Comment, LineRemark, Release, Review
from fleet.testing.github.shapes.basic import repo_url
from fleet.testing.github.shapes.commits import release
from fleet.testing.github.shapes.issues import comment, issue, remark, review
from fleet.testing.github.shapes.pulls import pull
from fleet.testing.github.wire import Ask, iso


def activity(ask: Ask, one: Activity) -> dict[str, Any]:
    """An entry. What it is about shows as it is now, not as it was."""
    who = ask.site.user(one.actor)
    return {
        "id": str(one.id),
        "type": one.type,
        "actor": {
            "id": who.id,
            "login": who.login,
            "display_login": who.login,
            "gravatar_id": "",
            "url": f"{ask.roots.api}/users/{who.login}",
            "avatar_url": f"https://avatars.githubusercontent.com/u/{who.id}?",
        },
        "repo": {"id": ask.repo.id, "name": ask.repo.full, "url": repo_url(ask)},
        "payload": _payload(ask, one),
        "public": not ask.repo.private,
        "created_at": iso(one.created),
    }


def _payload(ask: Ask, one: Activity) -> dict[str, Any]:
    shown: dict[str, Any] = {"action": one.action} if one.action else {}
    shown |= one.more
    about = ask.repo.issues.get(one.number)
    if about is not None and one.type in ("IssuesEvent", "IssueCommentEvent"):
        shown["issue"] = issue(ask, about)
    elif about is not None:
        shown |= {"number": about.number, "pull_request": pull(ask, about)}
    if isinstance(one.of, Comment):
        shown["comment"] = comment(ask, one.of)
    elif isinstance(one.of, LineRemark):
        shown["comment"] = remark(ask, one.of)
    elif isinstance(one.of, Review):
        shown["review"] = review(ask, one.number, one.of)
    elif isinstance(one.of, Release):
        shown["release"] = release(ask, one.of)
    return shown
