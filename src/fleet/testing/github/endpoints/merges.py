"""Merging a pull request, and bringing its base into it."""

from __future__ import annotations

from fleet.model.errors import Permanent
from fleet.testing.github.follow import follow, merged
from fleet.testing.github.merging import behind, clean, merge_commit, objections, rebase, squash
from fleet.testing.github.records import Issue, Pull
from fleet.testing.github.routes import Routes
from fleet.testing.github.shapes.basic import repo_url
from fleet.testing.github.wire import Answer, Ask, Refusal, invalid, missing

routes = Routes()

_METHODS = {"merge": "Merge commits are", "squash": "Squash merges are", "rebase": "Rebase merges are"}


@routes.on("GET", "/pulls/{number:int}/merge")
def is_merged(ask: Ask) -> Answer:
    """204 when it was merged."""
    if not ask.pull()[1].merged:
        raise missing()
    return Answer(status=204)


@routes.on("PUT", "/pulls/{number:int}/merge", "write")
def merge(ask: Ask) -> Answer:
    """Merge it: 409 when the head is not the `sha` asked for, 405 when it cannot or may not be merged."""
    issue, pull = ask.pull()
    repo, body = ask.repo, ask.body
    method = body.get("merge_method") or "merge"
    if method not in _METHODS:
        raise invalid("PullRequest", "merge_method")
    if issue.state == "closed":
        raise Refusal(405, "Pull Request is not mergeable")
    if (body.get("sha") or pull.head) != pull.head:
        raise Refusal(409, "Head branch was modified. Review and try the merge again.")
    if pull.draft:
        raise Refusal(405, "Pull Request is still a draft")
    if not repo.allow[method]:
        raise Refusal(405, f"{_METHODS[method]} not allowed on this repository.")
    base = repo.bare.branches().get(pull.base_ref, "")
    if not base or not clean(repo.bare, base, pull.head):
        raise Refusal(405, "Pull Request is not mergeable")
    guard = repo.protections.get(pull.base_ref)
    # Whom the protection does not bind may merge by the API all the same.
    if guard is not None and (guard.enforce_admins or not ask.may("admin")):
        words = objections(repo, issue, pull)
        if words:
            raise Refusal(405, words[0], docs="https://docs.github.com/articles/about-protected-branches")
    sha = _commit(ask, issue, pull, base, method)
    try:
        repo.bare.set_reference(f"refs/heads/{pull.base_ref}", sha, base)
    except Permanent:
        raise Refusal(409, "Base branch was modified. Review and try the merge again.") from None
    pull.base = base
    merged(ask.site, repo, issue, pull, ask.login, sha)
    if repo.delete_branch_on_merge and pull.head_repo == repo.full:
        repo.bare.set_reference(f"refs/heads/{pull.head_ref}", "")
        ask.site.happen(repo, issue, "head_ref_deleted", ask.login)
    follow(ask.site, repo, ask.login)
    return Answer({"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


@routes.on("PUT", "/pulls/{number:int}/update-branch")
def update_branch(ask: Ask) -> Answer:
    """Merge the base into the head's branch."""
    issue, pull = ask.pull()
    source = ask.site.find(pull.head_repo)
    if source is None or not source.allows(ask.login, "write"):
        raise Refusal(403, "Must have push access to the head repository.")
    if (ask.body.get("expected_head_sha") or pull.head) != pull.head:
        raise Refusal(422, "expected head sha didn’t match current head ref.")
    if issue.state == "closed" or not behind(ask.repo, pull):
        raise Refusal(422, "There are no new commits on the base branch.")
    base = ask.repo.bare.branches()[pull.base_ref]
    if not clean(ask.repo.bare, pull.head, base):
        raise Refusal(422, "merge conflict between base and head")
    message = f"Merge branch '{pull.base_ref}' into {pull.head_ref}"
    by = ask.site.person(ask.login)
    made = merge_commit(ask.repo.bare, pull.head, base, message, by, ask.site.committer())
    if source is not ask.repo:
        source.bare.git("fetch", "--quiet", str(ask.repo.bare.path), made)
    source.bare.set_reference(f"refs/heads/{pull.head_ref}", made, pull.head)
    follow(ask.site, source, ask.login)
    at = f"{repo_url(ask)}/pulls/{issue.number}"
    return Answer({"message": "Updating pull request branch.", "url": at}, 202)


def _commit(ask: Ask, issue: Issue, pull: Pull, base: str, method: str) -> str:
    bare, by, site = ask.repo.bare, ask.site.person(ask.login), ask.site.committer()
    if method == "rebase":
        if made := rebase(bare, base, pull.head, site):
            return made
        raise Refusal(405, "This branch can't be rebased")
    title, message = ask.body.get("commit_title"), ask.body.get("commit_message")
    own = bare.commits(base, pull.head)
    if method == "squash":
        single = len(own) == 1
        subject, _, rest = own[0].message.partition("\n")
        title = title or f"{subject if single else issue.title} (#{issue.number})"
        listed = "\n\n".join(f"* {commit.message}" for commit in own)
        message = (rest.strip() if single else listed) if message is None else message
        return squash(bare, base, pull.head, _text(title, message), by, site)
    label = f"{pull.head_repo.partition('/')[0]}/{pull.head_ref}"
    title = title or f"Merge pull request #{issue.number} from {label}"
    message = issue.title if message is None else message
    return merge_commit(bare, base, pull.head, _text(title, message), by, site)


def _text(title: str, message: str) -> str:
    return f"{title}\n\n{message}\n" if message else f"{title}\n"
