"""Reviews with remarks at lines, statuses and checks."""

from __future__ import annotations

from typing import Any

import pytest

from fleet.testing.github import GitHub, Refusal

PULL = "repos/acme/shop/pulls/1"


@pytest.fixture
def head(hub: GitHub) -> str:
    """The head of pull request 1, by alice, that changes line 2 of price.txt."""
    sha = hub.push("acme/shop", "work", {"price.txt": "1\n20\n3\n"}, "alice")
    assert hub.open_pull("acme/shop", "alice", "work") == 1
    return sha


def test_a_review_brings_its_remarks_at_lines(gh: Any, head: str) -> None:
    remarks = [{"path": "price.txt", "line": 2, "body": "Why?"}]
    made = gh.api(
        f"{PULL}/reviews",
        "POST",
        login="bob",
        event="REQUEST_CHANGES",
        body="No",
        commit_id=head,
        comments=remarks,
    )
    assert (made.status, made.body["state"], made.body["commit_id"]) == (200, "CHANGES_REQUESTED", head)
    (remark,) = gh.api(f"{PULL}/comments").body
    assert (remark["path"], remark["line"], remark["side"], remark["body"]) == (
        "price.txt",
        2,
        "RIGHT",
        "Why?",
    )
    assert remark["pull_request_review_id"] == made.body["id"]
    assert remark["diff_hunk"].endswith("-2\n+20")


@pytest.mark.parametrize(
    ("path", "line", "words"),
    [("price.txt", 99, "line must be part of the diff"), ("other.txt", 1, "path is invalid")],
)
def test_a_remark_beside_the_diff_drops_the_whole_review(
    gh: Any, hub: GitHub, head: str, path: str, line: int, words: str
) -> None:
    remarks = [
        {"path": "price.txt", "line": 2, "body": "Good"},
        {"path": path, "line": line, "body": "Where?"},
    ]
    refused = gh.api(f"{PULL}/reviews", "POST", login="bob", event="COMMENT", comments=remarks)
    assert refused.status == 422
    assert words in refused.body["errors"][0]
    assert gh.api(f"{PULL}/reviews").body == gh.api(f"{PULL}/comments").body == []


@pytest.mark.parametrize(
    ("event", "what"), [("APPROVE", "approve"), ("REQUEST_CHANGES", "request changes on")]
)
def test_nobody_judges_their_own_pull_request(gh: Any, head: str, event: str, what: str) -> None:
    refused = gh.api(f"{PULL}/reviews", "POST", login="alice", event=event, body="Mine")
    assert (refused.status, refused.body["errors"]) == (422, [f"Can not {what} your own pull request"])
    assert gh.api(f"{PULL}/reviews", "POST", login="alice", event="COMMENT", body="Mine").status == 200


def test_a_pending_review_is_seen_by_its_author_alone_until_submitted(gh: Any, head: str) -> None:
    made = gh.api(f"{PULL}/reviews", "POST", login="bob", body="Looks good")
    assert (made.body["state"], gh.api(f"{PULL}/reviews", login="alice").body) == ("PENDING", [])
    gh.api(f"{PULL}/reviews/{made.body['id']}/events", "POST", login="bob", event="APPROVE")
    assert [review["state"] for review in gh.api(f"{PULL}/reviews", login="alice").body] == ["APPROVED"]


def test_a_remark_is_answered_in_its_thread(gh: Any, hub: GitHub, head: str) -> None:
    hub.review("acme/shop", 1, "bob", "COMMENT", "", [("price.txt", 2, "Why?")])
    (first,) = gh.api("repos/acme/shop/pulls/comments").body
    answer = gh.api(f"{PULL}/comments/{first['id']}/replies", "POST", login="alice", body="Since")
    assert (answer.status, answer.body["in_reply_to_id"]) == (201, first["id"])


def test_a_single_remark_beside_the_diff_is_refused_by_field(gh: Any, head: str) -> None:
    refused = gh.api(
        f"{PULL}/comments", "POST", login="bob", body="?", commit_id=head, path="price.txt", line=50
    )
    assert refused.body["errors"][0]["field"] == "pull_request_review_thread.line"


def test_a_new_commit_dismisses_an_approval_where_that_is_wanted(hub: GitHub, head: str) -> None:
    hub.protect("acme/shop", approvals=1, dismiss_stale=True)
    hub.review("acme/shop", 1, "bob")
    hub.push("acme/shop", "work", {"price.txt": "1\n30\n3\n"}, "alice")
    (review,) = hub.call("GET", f"/{PULL}/reviews", "bob")
    assert (review["state"], review["commit_id"]) == ("DISMISSED", head)
    assert hub.call("GET", f"/{PULL}", "bob")["mergeable_state"] == "blocked"


def test_a_stranger_s_approval_does_not_count(hub: GitHub, head: str) -> None:
    hub.protect("acme/shop", approvals=1)
    hub.review("acme/shop", 1, "mallory")
    with pytest.raises(Refusal, match="At least 1 approving review"):
        hub.merge("acme/shop", 1, "acme")


def test_a_verdict_is_dismissed_by_hand(gh: Any, hub: GitHub, head: str) -> None:
    review = hub.review("acme/shop", 1, "bob", "REQUEST_CHANGES", "No")
    done = gh.api(f"{PULL}/reviews/{review}/dismissals", "PUT", login="alice", message="Bob is away")
    assert done.body["state"] == "DISMISSED"
    assert gh.api("repos/acme/shop/issues/1/events").body[-1]["event"] == "review_dismissed"


def test_the_last_status_of_a_context_counts(gh: Any, head: str) -> None:
    for state in ("pending", "success"):
        gh.api(
            f"repos/acme/shop/statuses/{head}", "POST", state=state, context="fleet/gates", description="x"
        )
    told = gh.api("repos/acme/shop/commits/work/status").body
    assert (told["state"], told["sha"], [one["context"] for one in told["statuses"]]) == (
        "success",
        head,
        ["fleet/gates"],
    )
    assert len(gh.api(f"repos/acme/shop/commits/{head}/statuses").body) == 2


def test_a_description_that_is_too_long_is_refused(gh: Any, head: str) -> None:
    refused = gh.api(f"repos/acme/shop/statuses/{head}", "POST", state="success", description="x" * 141)
    assert (refused.status, refused.body["errors"][0]["field"]) == (422, "description")


def test_a_failed_check_shows_its_log(gh: Any, hub: GitHub, head: str) -> None:
    number = hub.check("acme/shop", head, "test", "failure", log="1 != 2\n")
    (run,) = gh.api(f"repos/acme/shop/commits/{head}/check-runs").body["check_runs"]
    assert (run["id"], run["conclusion"], run["app"]["slug"]) == (number, "failure", "github-actions")
    assert gh.run("api", f"repos/acme/shop/actions/jobs/{number}/logs").stdout == "1 != 2\n"
    suites = gh.api(f"repos/acme/shop/commits/{head}/check-suites").body["check_suites"]
    assert [suite["conclusion"] for suite in suites] == ["failure"]


def test_checks_are_written_by_apps_alone(gh: Any, head: str) -> None:
    refused = gh.api("repos/acme/shop/check-runs", "POST", name="test", head_sha=head)
    assert (refused.status, refused.body["message"]) == (403, "You must authenticate via a GitHub App.")


def test_a_check_under_way_becomes_a_result(hub: GitHub, head: str) -> None:
    begun = hub.check("acme/shop", head, "test")
    assert hub.call("GET", f"/{PULL}", "bob")["mergeable_state"] == "unstable"
    assert hub.check("acme/shop", head, "test", "success") == begun
    assert hub.call("GET", f"/{PULL}", "bob")["mergeable_state"] == "clean"
