"""What follows from the branches of a repository having moved, by the site itself or by a push of anybody.

Looked for before a request is answered: nothing watches in between.
"""

from __future__ import annotations

import re

from fleet.testing.github.records import Issue, Pull
from fleet.testing.github.site import Repo, Site

_CLOSES = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\s*:?\s+#(\d+)", re.IGNORECASE)


def follow(site: Site, repo: Repo, actor: str = "") -> None:
    """Bring the pull requests up to date with the branches. `actor` pushed; by default the owner did."""
    actor = actor or repo.owner
    heads = repo.bare.branches()
    if heads is repo.heads or heads == repo.heads:
        return
    before, repo.heads = repo.heads, heads
    repo.pushed = site.now()
    for name in sorted(before.keys() | heads.keys()):
        old, new = before.get(name, ""), heads.get(name, "")
        if old != new:
            _announce(site, repo, name, old, new, actor)
            _heads_moved(site, repo, name, new, actor)
            _bases_moved(site, repo, name, new, actor)


def follow_all(site: Site, repo: Repo) -> None:
    """The same, and before it for the forks whose branches its pull requests come from."""
    for fork in [other for other in site.repos.values() if other.fork_of == repo.full]:
        follow(site, fork)
    follow(site, repo)


def close(
    site: Site, repo: Repo, issue: Issue, actor: str, *, reason: str | None = "completed", commit: str = ""
) -> None:
    """Close an issue or pull request, with its history."""
    issue.state, issue.closed, issue.closed_by = "closed", site.now(), actor
    issue.reason = None if issue.pull else reason
    site.happen(repo, issue, "closed", actor, commit, state_reason=issue.reason)
    site.tell(repo, "PullRequestEvent" if issue.pull else "IssuesEvent", actor, "closed", issue.number)


def merged(site: Site, repo: Repo, issue: Issue, pull: Pull, actor: str, commit: str) -> None:
    """Take down that a pull request was merged; issues that it or its commits name as fixed are closed."""
    said = [issue.body or "", *(c.message for c in repo.bare.commits(pull.base, pull.head))]
    pull.merged, pull.merged_by, pull.merge_commit = site.now(), actor, commit
    site.happen(repo, issue, "merged", actor, commit)
    close(site, repo, issue, actor)
    if pull.base_ref != repo.default:
        return
    for number in dict.fromkeys(int(found) for text in said for found in _CLOSES.findall(text)):
        other = repo.issues.get(number)
        if other is not None and other.pull is None and other.state == "open":
            close(site, repo, other, actor, commit=commit)


def _announce(site: Site, repo: Repo, name: str, old: str, new: str, actor: str) -> None:
    if not new:
        gone = {"ref": name, "ref_type": "branch", "pusher_type": "user"}
        site.tell(repo, "DeleteEvent", actor, more=gone)
    elif not old:
        about = {"ref": name, "ref_type": "branch", "master_branch": repo.default, "description": None}
        site.tell(repo, "CreateEvent", actor, more=about | {"pusher_type": "user"})
    else:
        ids = {"repository_id": repo.id, "push_id": site.new_id()}
        site.tell(
            repo, "PushEvent", actor, more={"ref": f"refs/heads/{name}", "head": new, "before": old, **ids}
        )


def _heads_moved(site: Site, repo: Repo, name: str, new: str, actor: str) -> None:
    """Pull requests whose head branch moved, in this repository or in the one it was forked from."""
    for target in [repo, *(r for r in site.repos.values() if r.full == repo.fork_of)]:
        for issue in target.pulls():
            pull = issue.pull
            assert pull is not None
            if (pull.head_repo, pull.head_ref, issue.state) != (repo.full, name, "open"):
                continue
            if not new:
                site.happen(target, issue, "head_ref_deleted", actor)
                close(site, target, issue, actor)
                continue
            take_head(site, target, issue, pull, new, actor)


def take_head(site: Site, repo: Repo, issue: Issue, pull: Pull, new: str, actor: str) -> None:
    """The head of a pull request is `new` now."""
    old = pull.head
    if new == old:
        return
    if pull.head_repo != repo.full:
        fork = site.find(pull.head_repo)
        assert fork is not None
        repo.bare.git("fetch", "--quiet", str(fork.bare.path), new)
    pull.head = new
    repo.bare.set_reference(f"refs/pull/{issue.number}/head", new)
    issue.updated = site.now()
    if old and not repo.bare.contains(new, old):
        site.happen(repo, issue, "head_ref_force_pushed", actor, new)
    protection = repo.protections.get(pull.base_ref)
    for review in pull.reviews if protection and protection.dismiss_stale and old else ():
        if review.state == "APPROVED":
            review.state = "DISMISSED"
            detail = {"state": "approved", "review_id": review.id, "dismissal_commit_id": new}
            site.happen(repo, issue, "review_dismissed", actor, dismissed_review=detail)


def _bases_moved(site: Site, repo: Repo, name: str, new: str, actor: str) -> None:
    """A push to the base that brings a pull request's head merges that pull request."""
    if not new:
        return
    for issue in repo.pulls():
        pull = issue.pull
        assert pull is not None
        if issue.state != "open" or pull.base_ref != name or not pull.head:
            continue
        if repo.bare.contains(new, pull.head):
            merged(site, repo, issue, pull, actor, new)
        else:
            pull.base = new
