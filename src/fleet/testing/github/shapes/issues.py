"""Issues, their comments and their history."""

from __future__ import annotations

from typing import Any

from fleet.testing.github.records import Comment, Happening, Issue, LineRemark, Review
from fleet.testing.github.shapes.basic import association, label, node_id, repo_url, user, user_or_none
from fleet.testing.github.wire import Ask, iso, iso_or_none


def issue(ask: Ask, one: Issue) -> dict[str, Any]:
    """An issue; a pull request shows so too, with links to its other face."""
    at, web = f"{repo_url(ask)}/issues/{one.number}", f"{ask.roots.web}/{ask.repo.full}"
    kind = "pull" if one.pull else "issues"
    shown: dict[str, Any] = {
        "url": at,
        "repository_url": repo_url(ask),
        "labels_url": f"{at}/labels{{/name}}",
        "comments_url": f"{at}/comments",
        "events_url": f"{at}/events",
        "html_url": f"{web}/{kind}/{one.number}",
        "id": one.id,
        "node_id": node_id("PR" if one.pull else "I", one.id),
        "number": one.number,
        "title": one.title,
        "user": user(ask, one.author),
        "labels": [label(ask, each) for each in one.labels],
        "state": one.state,
        "locked": False,
        "assignee": user(ask, one.assignees[0]) if one.assignees else None,
        "assignees": [user(ask, login) for login in one.assignees],
        "milestone": None,
        "comments": len(one.comments),
        "created_at": iso(one.created),
        "updated_at": iso(one.updated),
        "closed_at": iso_or_none(one.closed),
        "author_association": association(ask.repo, one.author),
        "type": None,
        "active_lock_reason": None,
        "body": one.body,
        "closed_by": user_or_none(ask, one.closed_by),
        "reactions": _reactions(at),
        "timeline_url": f"{at}/timeline",
        "performed_via_github_app": None,
        "state_reason": one.reason,
    }
    if one.pull:
        page = f"{web}/pull/{one.number}"
        shown["draft"] = one.pull.draft
        shown["pull_request"] = {
            "url": f"{repo_url(ask)}/pulls/{one.number}",
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": iso_or_none(one.pull.merged),
        }
    return shown


def comment(ask: Ask, one: Comment) -> dict[str, Any]:
    """A comment of the conversation."""
    at = f"{repo_url(ask)}/issues/comments/{one.id}"
    of = ask.repo.issues[one.number]
    page = f"{ask.roots.web}/{ask.repo.full}/{'pull' if of.pull else 'issues'}/{one.number}"
    return {
        "url": at,
        "html_url": f"{page}#issuecomment-{one.id}",
        "issue_url": f"{repo_url(ask)}/issues/{one.number}",
        "id": one.id,
        "node_id": node_id("IC", one.id),
        "user": user(ask, one.author),
        "created_at": iso(one.created),
        "updated_at": iso(one.updated),
        "body": one.body,
        "author_association": association(ask.repo, one.author),
        "reactions": _reactions(at),
        "performed_via_github_app": None,
    }


def happening(ask: Ask, one: Happening) -> dict[str, Any]:
    """An entry of an issue's history."""
    at = repo_url(ask)
    shown = {
        "id": one.id,
        "node_id": node_id("EV", one.id),
        "url": f"{at}/issues/events/{one.id}",
        "actor": user(ask, one.actor),
        "event": one.event,
        "commit_id": one.commit or None,
        "commit_url": f"{at}/commits/{one.commit}" if one.commit else None,
        "created_at": iso(one.created),
    }
    people = {"assignee", "assigner", "requested_reviewer", "review_requester"}
    extra = {name: user(ask, value) if name in people else value for name, value in one.extra.items()}
    return shown | extra | {"performed_via_github_app": None}


def happening_with_issue(ask: Ask, one: Happening) -> dict[str, Any]:
    """… as the list over the whole repository shows it."""
    return happening(ask, one) | {"issue": issue(ask, ask.repo.issues[one.number])}


def said(ask: Ask, one: Comment) -> dict[str, Any]:
    """A comment as an entry of a timeline."""
    return comment(ask, one) | {"event": "commented", "actor": user(ask, one.author)}


def review(ask: Ask, number: int, one: Review) -> dict[str, Any]:
    """A review."""
    pull = f"{repo_url(ask)}/pulls/{number}"
    page = f"{ask.roots.web}/{ask.repo.full}/pull/{number}#pullrequestreview-{one.id}"
    shown = {
        "id": one.id,
        "node_id": node_id("PRR", one.id),
        "user": user(ask, one.author),
        "body": one.body,
        "state": one.state,
        "html_url": page,
        "pull_request_url": pull,
        "author_association": association(ask.repo, one.author),
        "_links": {"html": {"href": page}, "pull_request": {"href": pull}},
    }
    if one.state != "PENDING":
        shown["submitted_at"] = iso(one.submitted)
    return shown | {"commit_id": one.commit}


def reviewed(ask: Ask, number: int, one: Review) -> dict[str, Any]:
    """A review as an entry of a timeline."""
    return review(ask, number, one) | {"event": "reviewed", "state": one.state.lower()}


def remark(ask: Ask, one: LineRemark) -> dict[str, Any]:
    """A review comment at a line. The line is null once the head does not show it any more."""
    at, pull = f"{repo_url(ask)}/pulls/comments/{one.id}", f"{repo_url(ask)}/pulls/{one.number}"
    page = f"{ask.roots.web}/{ask.repo.full}/pull/{one.number}#discussion_r{one.id}"
    of = ask.repo.issues[one.number].pull
    current = of is not None and of.head == one.commit
    shown: dict[str, Any] = {
        "url": at,
        "pull_request_review_id": one.review,
        "id": one.id,
        "node_id": node_id("PRRC", one.id),
        "diff_hunk": one.hunk,
        "path": one.path,
        "commit_id": one.commit,
        "original_commit_id": one.commit,
        "user": user(ask, one.author),
        "body": one.body,
        "created_at": iso(one.created),
        "updated_at": iso(one.updated),
        "html_url": page,
        "pull_request_url": pull,
        "author_association": association(ask.repo, one.author),
        "_links": {"self": {"href": at}, "html": {"href": page}, "pull_request": {"href": pull}},
        "reactions": _reactions(at),
        "start_line": one.start_line if current else None,
        "original_start_line": one.start_line,
        "start_side": one.start_side,
        "line": one.line if current and one.subject == "line" else None,
        "original_line": one.line if one.subject == "line" else None,
        "side": one.side,
        "position": max(1, one.hunk.count("\n")) if current else None,
        "original_position": max(1, one.hunk.count("\n")),
        "subject_type": one.subject,
    }
    return shown | ({"in_reply_to_id": one.reply_to} if one.reply_to else {})


def _reactions(at: str) -> dict[str, Any]:
    kinds = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
    return {"url": f"{at}/reactions", "total_count": 0, **dict.fromkeys(kinds, 0)}
