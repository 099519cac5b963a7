"""Whether a pull request can be merged, and the commits that merging it makes. The merges are git's own."""

from __future__ import annotations

from fleet.testing.github.bare import Bare, Person
from fleet.testing.github.records import Issue, Protection, Pull
from fleet.testing.github.site import Repo, Site

_GOOD = ("success", "neutral", "skipped")


def stands(site: Site, repo: Repo, issue: Issue, pull: Pull) -> tuple[bool | None, str]:
    """`mergeable` and `mergeable_state`, as a look at the pull request shows them."""
    if issue.state == "closed":
        return None, "unknown"
    base = repo.bare.branches().get(pull.base_ref, "")
    if not base or not clean(repo.bare, base, pull.head):
        return False, "dirty"
    if pull.draft:
        return True, "draft"
    guard = repo.protections.get(pull.base_ref)
    if guard is not None and guard.strict and guard.checks is not None and behind(repo, pull):
        return True, "behind"
    if objections(repo, issue, pull):
        return True, "blocked"
    states = check_states(repo, pull.head).values()
    return True, "clean" if all(state in _GOOD for state in states) else "unstable"


def clean(bare: Bare, base: str, head: str) -> bool:
    """Whether git merges the two without a conflict."""
    return not bare.merge_tree(base, head)[1]


def behind(repo: Repo, pull: Pull) -> bool:
    """Whether the base has commits that the head lacks."""
    return not repo.bare.contains(pull.head, repo.bare.branches().get(pull.base_ref, pull.base))


def objections(repo: Repo, issue: Issue, pull: Pull) -> list[str]:
    """What the protection of the base still asks, in GitHub's words; the first is the one it says."""
    guard = repo.protections.get(pull.base_ref)
    if guard is None:
        return []
    return [*_reviews_lacking(repo, issue, pull, guard), *_checks_lacking(repo, pull, guard)]


def check_states(repo: Repo, sha: str) -> dict[str, str]:
    """How each status and check run of a commit stands; the newest of a name counts."""
    found = {one.context: one.state for one in repo.statuses.get(sha, [])}
    for run in repo.checks.values():
        if run.suite.sha == sha:
            found[run.name] = run.conclusion or "pending"
    return found


def verdicts(repo: Repo, issue: Issue, pull: Pull) -> dict[str, str]:
    """The last verdict of each reviewer whose word counts: with write access, and not the author."""
    found: dict[str, str] = {}
    for review in pull.reviews:
        counts = review.author != issue.author and repo.allows(review.author, "write")
        if counts and review.state in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED"):
            found[review.author] = review.state
    return found


def merge_commit(bare: Bare, base: str, head: str, message: str, by: Person, committer: Person) -> str:
    """A commit with both as parents."""
    return bare.write_commit(bare.merge_tree(base, head)[0], [base, head], message, by, committer)


def squash(bare: Bare, base: str, head: str, message: str, by: Person, committer: Person) -> str:
    """One commit upon the base with everything the head brings."""
    return bare.write_commit(bare.merge_tree(base, head)[0], [base], message, by, committer)


def rebase(bare: Bare, base: str, head: str, committer: Person) -> str:
    """The head's commits one by one upon the base; "" when one of them does not apply."""
    tip = base
    for commit in bare.commits(base, head):
        if len(commit.parents) != 1:
            continue
        # A stand-in of the tip that grew from the commit's parent makes that parent git's merge base.
        grown = bare.write_commit(bare.commit(tip).tree, commit.parents, "", committer)
        tree, conflicts = bare.merge_tree(grown, commit.sha)
        if conflicts:
            return ""
        tip = bare.write_commit(tree, [tip], commit.message, Person(*commit.author), committer)
    return tip


def _reviews_lacking(repo: Repo, issue: Issue, pull: Pull, guard: Protection) -> list[str]:
    if guard.approvals is None:
        return []
    said = list(verdicts(repo, issue, pull).values())
    if "CHANGES_REQUESTED" in said:
        return ["Changes were requested by reviewers with write access."]
    if said.count("APPROVED") < guard.approvals:
        what = "review is" if guard.approvals == 1 else "reviews are"
        return [f"At least {guard.approvals} approving {what} required by reviewers with write access."]
    return []


def _checks_lacking(repo: Repo, pull: Pull, guard: Protection) -> list[str]:
    states = check_states(repo, pull.head)
    wanted = guard.checks or []
    words = {"missing": "is expected", "pending": "is pending"}
    stale = guard.strict and behind(repo, pull)
    lacking = [
        (name, "is expected" if stale else words.get(states.get(name, "missing"), "is failing"))
        for name in wanted
        if stale or states.get(name) not in _GOOD
    ]
    if len(lacking) > 1:
        kinds = {how for _, how in lacking}
        how = kinds.pop().replace("is ", "are ") if len(kinds) == 1 else "have not succeeded"
        return [f"{len(lacking)} of {len(wanted)} required status checks {how}."]
    return [f'Required status check "{name}" {how}.' for name, how in lacking]
