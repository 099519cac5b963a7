"""Pull requests."""

from __future__ import annotations

from typing import Any

from fleet.testing.github.diff import changed_files
from fleet.testing.github.records import Issue, Pull
from fleet.testing.github.shapes.basic import repo_url, repository, user, user_or_none
from fleet.testing.github.shapes.issues import issue as issue_shape
from fleet.testing.github.wire import Ask, iso_or_none

_SHARED = (
    "id", "node_id", "number", "state", "locked", "title", "user", "body", "labels", "assignee", "assignees",
    "milestone", "active_lock_reason", "created_at", "updated_at", "closed_at", "author_association", "draft",
    "html_url",
)  # fmt: skip


def pull(ask: Ask, one: Issue) -> dict[str, Any]:
    """A pull request in a list."""
    of = one.pull
    assert of is not None
    at, page = f"{repo_url(ask)}/pulls/{one.number}", f"{ask.roots.web}/{ask.repo.full}/pull/{one.number}"
    of_issue = issue_shape(ask, one)
    links = {
        "self": at,
        "html": page,
        "issue": of_issue["url"],
        "comments": of_issue["comments_url"],
        "review_comments": f"{at}/comments",
        "review_comment": f"{repo_url(ask)}/pulls/comments{{/number}}",
        "commits": f"{at}/commits",
        "statuses": f"{repo_url(ask)}/statuses/{of.head}",
    }
    return {
        "url": at,
        **{name: of_issue[name] for name in _SHARED},
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": of_issue["url"],
        "merged_at": iso_or_none(of.merged),
        "merge_commit_sha": of.merge_commit or None,
        "requested_reviewers": [user(ask, login) for login in of.asked],
        "requested_teams": [],
        "commits_url": links["commits"],
        "review_comments_url": links["review_comments"],
        "review_comment_url": links["review_comment"],
        "comments_url": links["comments"],
        "statuses_url": links["statuses"],
        "head": _end(ask, of.head_repo, of.head_ref, of.head),
        "base": _end(ask, ask.repo.full, of.base_ref, of.base),
        "_links": {name: {"href": address} for name, address in links.items()},
        "auto_merge": None,
    }


def pull_whole(ask: Ask, one: Issue, mergeable: bool | None, state: str) -> dict[str, Any]:
    """A pull request when it is asked for itself."""
    of = one.pull
    assert of is not None
    files = changed_files(ask.repo.bare, of.base, of.head)
    return pull(ask, one) | {
        "merged": bool(of.merged),
        "mergeable": mergeable,
        "rebaseable": mergeable,
        "mergeable_state": state,
        "merged_by": user_or_none(ask, of.merged_by),
        "comments": len(one.comments),
        "review_comments": len(visible_remarks(ask, of)),
        "maintainer_can_modify": False,
        "commits": len(ask.repo.bare.commits(of.base, of.head)),
        "additions": sum(file.additions for file in files),
        "deletions": sum(file.deletions for file in files),
        "changed_files": len(files),
    }


def visible_remarks(ask: Ask, of: Pull) -> list[Any]:
    """The review comments that the asker may see: not those of others' pending reviews."""
    hidden = {r.id for r in of.reviews if r.state == "PENDING"}
    return [remark for remark in of.remarks if remark.review not in hidden]


def _end(ask: Ask, full: str, ref: str, sha: str) -> dict[str, Any]:
    repo = ask.site.find(full)
    return {
        "label": f"{full.partition('/')[0]}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": user(ask, full.partition("/")[0]),
        "repo": repository(ask, repo) if repo else None,
    }
