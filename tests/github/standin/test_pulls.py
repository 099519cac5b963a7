"""Pull requests: open, look at, merge. Git does the merging."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fleet.testing.github import GitHub, Refusal

SHOP = "repos/acme/shop"


def _work(
    hub: GitHub, branch: str = "work", text: str = "1\n20\n3\n", login: str = "alice"
) -> tuple[int, str]:
    sha = hub.push("acme/shop", branch, {"price.txt": text}, login, message="Raise the price")
    return hub.open_pull("acme/shop", login, branch, "Raise the price"), sha


def test_a_pull_request_is_opened_from_a_pushed_branch(gh: Any, hub: GitHub, tmp_path: Path) -> None:
    copy, path = str(tmp_path / "copy"), str(hub.known("acme/shop").bare.path)
    git = ["git", "-C", copy, "-c", "user.name=A", "-c", "user.email=a@example.com"]
    subprocess.run(["git", "clone", "-q", path, copy], check=True, timeout=30)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "Think"], check=True, timeout=30)
    subprocess.run(
        [*git, "push", "-q", "origin", "HEAD:thought"], check=True, timeout=30, capture_output=True
    )
    made = gh.api(f"{SHOP}/pulls", "POST", title="Think", head="thought", base="main", body="So")
    assert (made.status, made.body["mergeable"], made.body["mergeable_state"]) == (201, True, "clean")
    assert made.body["head"]["sha"] == hub.known("acme/shop").bare.branches()["thought"]
    kinds = [event["type"] for event in gh.api(f"{SHOP}/events").body]
    assert kinds == ["PullRequestEvent", "CreateEvent"]


def test_a_second_one_for_the_branch_is_refused(gh: Any, hub: GitHub) -> None:
    _work(hub)
    again = gh.api(f"{SHOP}/pulls", "POST", title="Again", head="work", base="main")
    assert (again.status, again.body["errors"][0]["message"]) == (
        422,
        "A pull request already exists for acme:work.",
    )


def test_a_branch_without_commits_makes_none(gh: Any, hub: GitHub) -> None:
    sha = hub.known("acme/shop").bare.branches()["main"]
    assert gh.api(f"{SHOP}/git/refs", "POST", ref="refs/heads/empty", sha=sha).status == 201
    refused = gh.api(f"{SHOP}/pulls", "POST", title="Nothing", head="empty", base="main")
    assert refused.body["errors"][0]["message"] == "No commits between main and empty"


def test_its_files_show_what_changed(gh: Any, hub: GitHub) -> None:
    number, sha = _work(hub)
    (file,) = gh.api(f"{SHOP}/pulls/{number}/files").body
    assert (file["filename"], file["status"], file["additions"], file["deletions"]) == (
        "price.txt",
        "modified",
        1,
        1,
    )
    assert file["patch"] == "@@ -1,3 +1,3 @@\n 1\n-2\n+20\n 3"
    assert [one["sha"] for one in gh.api(f"{SHOP}/pulls/{number}/commits").body] == [sha]


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_it_is_merged_at_exactly_the_head_asked_for(gh: Any, hub: GitHub, method: str) -> None:
    number, sha = _work(hub)
    hub.push("acme/shop", "main", {"other.txt": "x\n"}, "bob", message="Another")
    done = gh.api(f"{SHOP}/pulls/{number}/merge", "PUT", login="bob", sha=sha, merge_method=method)
    assert (done.status, done.body["merged"]) == (200, True)
    bare = hub.known("acme/shop").bare
    assert bare.branches()["main"] == done.body["sha"]
    assert bare.git("show", "main:price.txt") == b"1\n20\n3\n"
    assert len(bare.commit(done.body["sha"]).parents) == (2 if method == "merge" else 1)
    shown = gh.api(f"{SHOP}/pulls/{number}").body
    assert (shown["merged"], shown["merged_by"]["login"], shown["merge_commit_sha"]) == (
        True,
        "bob",
        done.body["sha"],
    )
    events = [event["event"] for event in gh.api(f"{SHOP}/issues/{number}/events").body]
    assert events == ["merged", "closed"]


def test_a_head_that_moved_is_not_merged(gh: Any, hub: GitHub) -> None:
    number, sha = _work(hub)
    moved = hub.push("acme/shop", "work", {"price.txt": "1\n30\n3\n"}, "alice")
    refused = gh.api(f"{SHOP}/pulls/{number}/merge", "PUT", sha=sha)
    assert (refused.status, refused.body["message"]) == (
        409,
        "Head branch was modified. Review and try the merge again.",
    )
    assert gh.api(f"{SHOP}/pulls/{number}").body["head"]["sha"] == moved


def test_a_conflict_is_seen_and_not_merged(gh: Any, hub: GitHub) -> None:
    number, sha = _work(hub)
    hub.push("acme/shop", "main", {"price.txt": "1\n200\n3\n"}, "bob")
    shown = gh.api(f"{SHOP}/pulls/{number}").body
    assert (shown["mergeable"], shown["mergeable_state"]) == (False, "dirty")
    refused = gh.api(f"{SHOP}/pulls/{number}/merge", "PUT", sha=sha)
    assert (refused.status, refused.body["message"]) == (405, "Pull Request is not mergeable")


def test_protection_says_what_it_still_asks(gh: Any, hub: GitHub) -> None:
    number, sha = _work(hub)
    hub.protect("acme/shop", checks=["fleet/gates", "test"], approvals=1)

    def refusal() -> str:
        return str(gh.api(f"{SHOP}/pulls/{number}/merge", "PUT", sha=sha).body["message"])

    assert refusal() == "At least 1 approving review is required by reviewers with write access."
    hub.review("acme/shop", number, "bob")
    assert refusal() == "2 of 2 required status checks are expected."
    hub.check("acme/shop", sha, "test", "success")
    hub.status("acme/shop", sha, "fleet/gates", "failure", "alice")
    assert refusal() == 'Required status check "fleet/gates" is failing.'
    assert gh.api(f"{SHOP}/pulls/{number}").body["mergeable_state"] == "blocked"
    hub.status("acme/shop", sha, "fleet/gates", "success", "alice")
    assert gh.api(f"{SHOP}/pulls/{number}/merge", "PUT", sha=sha).status == 200


def test_protection_is_set_and_read_over_the_api(gh: Any) -> None:
    assert gh.api(f"{SHOP}/branches/main/protection").body["message"] == "Branch not protected"
    checks = {"strict": True, "contexts": ["test"]}
    reviews = {"required_approving_review_count": 2}
    put = gh.api(
        f"{SHOP}/branches/main/protection",
        "PUT",
        required_status_checks=checks,
        enforce_admins=True,
        required_pull_request_reviews=reviews,
        restrictions=None,
    )
    assert put.body["required_status_checks"]["contexts"] == ["test"]
    branch = gh.api(f"{SHOP}/branches/main", login="bob").body
    assert (branch["protected"], branch["protection"]["required_status_checks"]["contexts"]) == (
        True,
        ["test"],
    )
    assert gh.api(f"{SHOP}/branches/main/protection", login="bob").status == 404


def test_a_branch_behind_a_strict_base_is_updated(gh: Any, hub: GitHub) -> None:
    number, sha = _work(hub)
    hub.protect("acme/shop", checks=[], strict=True)
    hub.push("acme/shop", "main", {"other.txt": "x\n"}, "bob")
    assert gh.api(f"{SHOP}/pulls/{number}").body["mergeable_state"] == "behind"
    done = gh.api(f"{SHOP}/pulls/{number}/update-branch", "PUT", expected_head_sha=sha)
    shown = gh.api(f"{SHOP}/pulls/{number}").body
    assert (done.status, shown["mergeable_state"], shown["head"]["sha"] != sha) == (202, "clean", True)


def test_merging_closes_the_issue_that_it_fixes(hub: GitHub) -> None:
    issue = hub.open_issue("acme/shop", "carol", "Too cheap")
    hub.push("acme/shop", "work", {"price.txt": "9\n"}, "alice")
    number = hub.open_pull("acme/shop", "alice", "work", "Raise", f"Fixes #{issue}")
    hub.merge("acme/shop", number, "bob", "squash")
    assert hub.call("GET", f"/repos/acme/shop/issues/{issue}", "bob")["state_reason"] == "completed"


def test_a_push_to_the_base_that_brings_the_head_merges_it(hub: GitHub) -> None:
    number, sha = _work(hub)
    hub.known("acme/shop").bare.set_reference("refs/heads/main", sha)
    assert hub.call("GET", f"/repos/acme/shop/pulls/{number}", "bob")["merged"] is True


def test_a_branch_that_is_deleted_closes_its_pull_request(gh: Any, hub: GitHub) -> None:
    number, _ = _work(hub)
    assert gh.api(f"{SHOP}/git/refs/heads/work", "DELETE").status == 204
    assert gh.api(f"{SHOP}/pulls/{number}").body["state"] == "closed"
    assert gh.api(f"{SHOP}/git/ref/heads/work").status == 404


def test_a_stranger_proposes_from_a_fork_and_does_not_merge(gh: Any, hub: GitHub) -> None:
    hub.fork("acme/shop", "mallory")
    sha = hub.push("mallory/shop", "gift", {"price.txt": "0\n"}, "mallory")
    made = gh.api(f"{SHOP}/pulls", "POST", login="mallory", title="A gift", head="mallory:gift", base="main")
    assert (made.body["head"]["label"], made.body["head"]["sha"]) == ("mallory:gift", sha)
    refused = gh.api(f"{SHOP}/pulls/{made.body['number']}/merge", "PUT", login="mallory")
    assert refused.status == 403
    again = hub.push("mallory/shop", "gift", {"price.txt": "5\n"}, "mallory")
    assert gh.api(f"{SHOP}/pulls/{made.body['number']}").body["head"]["sha"] == again


def test_mergeable_is_unknown_at_first_when_git_takes_its_time(hub: GitHub) -> None:
    hub.site.mergeable_after = 1
    number, _ = _work(hub)
    path = f"/repos/acme/shop/pulls/{number}"
    assert [hub.call("GET", path, "bob")["mergeable"] for _ in range(2)] == [True, True]
    hub.push("acme/shop", "work", {"price.txt": "7\n"}, "alice")
    assert [hub.call("GET", path, "bob")["mergeable"] for _ in range(2)] == [None, True]


def test_a_merge_by_hand_leaves_nothing_to_merge(hub: GitHub) -> None:
    number, _ = _work(hub)
    hub.merge("acme/shop", number, "bob")
    with pytest.raises(Refusal) as refused:
        hub.merge("acme/shop", number, "bob")
    assert refused.value.status == 405


def test_what_lies_between_two_branches_is_compared(gh: Any, hub: GitHub) -> None:
    _work(hub)
    hub.push("acme/shop", "main", {"other.txt": "x\n"}, "bob")
    told = gh.api(f"{SHOP}/compare/main...work").body
    assert (told["status"], told["ahead_by"], told["behind_by"]) == ("diverged", 1, 1)
    assert [file["filename"] for file in told["files"]] == ["price.txt"]


def test_a_file_is_read_and_written(gh: Any) -> None:
    there = gh.api(f"{SHOP}/contents/price.txt").body
    assert base64.b64decode(there["content"]) == b"1\n2\n3\n"
    content = base64.b64encode(b"4\n").decode()
    assert gh.api(f"{SHOP}/contents/price.txt", "PUT", message="Four", content=content).status == 422
    done = gh.api(f"{SHOP}/contents/price.txt", "PUT", message="Four", content=content, sha=there["sha"])
    assert done.status == 200
    assert gh.api(f"{SHOP}/commits/main").body["sha"] == done.body["commit"]["sha"]


def test_a_release_makes_its_tag_once(gh: Any, hub: GitHub) -> None:
    main = hub.known("acme/shop").bare.branches()["main"]
    made = gh.api(f"{SHOP}/releases", "POST", tag_name="v1.0", target_commitish=main, body="First")
    assert (made.status, made.body["html_url"]) == (201, "https://github.com/acme/shop/releases/tag/v1.0")
    assert gh.api(f"{SHOP}/releases/tags/v1.0").body["id"] == made.body["id"]
    assert [(tag["name"], tag["commit"]["sha"]) for tag in gh.api(f"{SHOP}/tags").body] == [("v1.0", main)]
    again = gh.api(f"{SHOP}/releases", "POST", tag_name="v1.0")
    assert again.body["errors"][0]["code"] == "already_exists"
