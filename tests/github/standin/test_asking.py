"""How gh asks: who it is, pages, conditions, limits."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

from fleet.testing.github import GitHub


def test_the_token_says_who_asks(gh: Any) -> None:
    assert gh.api("user", login="alice").body["login"] == "alice"


def test_an_unknown_token_is_refused_in_githubs_words(gh: Any, hub: GitHub) -> None:
    environment = os.environ | hub.environment("alice") | {"GH_TOKEN": "something-else"}
    done = subprocess.run(
        [gh.program, "api", "user"], env=environment, capture_output=True, text=True, timeout=30
    )
    assert json.loads(done.stdout)["message"] == "Bad credentials"


def test_gh_is_content_with_its_login(gh: Any) -> None:
    assert gh.run("auth", "status", login="alice").returncode == 0


def test_an_enterprise_server_is_asked_below_its_own_root(gh: Any) -> None:
    done = gh.run("api", "repos/acme/shop", host="ghe.example.com")
    assert json.loads(done.stdout)["url"] == "https://ghe.example.com/api/v3/repos/acme/shop"


def test_all_pages_are_found_by_their_links(gh: Any, hub: GitHub) -> None:
    for number in range(25):
        hub.open_issue("acme/shop", "carol", f"Issue {number}")
    done = gh.run("api", "--paginate", "repos/acme/shop/issues?per_page=10", "--jq", ".[].number")
    assert [int(line) for line in done.stdout.split()] == list(range(25, 0, -1))
    assert [request.query for request in hub.requests] == [
        "per_page=10",
        "per_page=10&page=2",
        "per_page=10&page=3",
    ]


def test_what_did_not_change_is_free(gh: Any, hub: GitHub) -> None:
    first = gh.api("repos/acme/shop/issues/events")
    again = gh.api("repos/acme/shop/issues/events", "GET", "-H", f"If-None-Match: {first.headers['etag']}")
    assert (again.status, again.body, again.code) == (304, None, 1)
    assert again.headers["x-ratelimit-remaining"] == first.headers["x-ratelimit-remaining"] == "4999"
    assert [request.counted for request in hub.requests] == [True, False]


def test_what_changed_is_told_in_full(gh: Any, hub: GitHub) -> None:
    first = gh.api("repos/acme/shop/issues")
    hub.open_issue("acme/shop", "carol", "It breaks")
    again = gh.api("repos/acme/shop/issues", "GET", "-H", f"If-None-Match: {first.headers['etag']}")
    assert [issue["title"] for issue in again.body] == ["It breaks"]


def test_activity_says_how_often_to_ask(gh: Any, hub: GitHub) -> None:
    hub.open_issue("acme/shop", "carol", "It breaks")
    told = gh.api("repos/acme/shop/events")
    assert told.headers["x-poll-interval"] == "60"
    assert [(event["type"], event["actor"]["login"]) for event in told.body] == [("IssuesEvent", "carol")]
    since = gh.api(
        "repos/acme/shop/events", "GET", "-H", f"If-Modified-Since: {told.headers['last-modified']}"
    )
    assert since.status == 304


def test_asking_for_the_limit_costs_nothing(gh: Any) -> None:
    assert gh.api("rate_limit").body["rate"]["remaining"] == 5000


def test_a_login_that_used_up_its_limit_is_told_until_when(gh: Any, hub: GitHub) -> None:
    hub.exhaust("alice", 90)
    told = gh.api("user", login="alice")
    assert (told.status, told.headers["x-ratelimit-remaining"]) == (403, "0")
    assert "API rate limit exceeded" in told.body["message"]
    assert 0 < int(told.headers["x-ratelimit-reset"]) - time.time() <= 91
    assert gh.api("user", login="bob").status == 200


def test_only_what_was_updated_since_is_listed(tmp_path: Path) -> None:
    now = [1_700_000_000.0]
    with GitHub(tmp_path, clock=lambda: now[0]) as hub:
        hub.repo("acme/shop")
        old, young = (hub.open_issue("acme/shop", "carol", title) for title in ("Old", "Young"))
        now[0] += 60
        hub.comment("acme/shop", young, "carol", "Still there")
        found = hub.call("GET", "/repos/acme/shop/issues?since=2023-11-14T22:13:21Z", "bob")
        assert [issue["number"] for issue in found] == [young] != [old]


def test_git_finds_the_repository_by_its_address_at_github(hub: GitHub, tmp_path: Path) -> None:
    environment = os.environ | hub.git_environment()
    address = "https://github.com/acme/shop.git"
    subprocess.run(
        ["git", "clone", "-q", address, str(tmp_path / "copy")], env=environment, check=True, timeout=30
    )
    assert (tmp_path / "copy" / "price.txt").read_text() == "1\n2\n3\n"


def test_a_plain_question_is_answered_at_once(hub: GitHub) -> None:
    for number in range(40):
        hub.push("acme/shop", f"work-{number}", {f"{number}.txt": "x\n"}, "alice")
        hub.open_pull("acme/shop", "alice", f"work-{number}")
    hub.call("GET", "/repos/acme/shop/pulls/1", "bob")
    time.sleep(0.07)  # until the file times of the last push can be believed
    for path in ("/repos/acme/shop/pulls/1", "/repos/acme/shop/issues/1", "/repos/acme/shop/issues/events"):
        hub.call("GET", path, "bob")
        begun = time.perf_counter()
        for _ in range(20):
            hub.call("GET", path, "bob")
        assert (time.perf_counter() - begun) / 20 < 0.02


def test_many_at_once_get_numbers_of_their_own(hub: GitHub) -> None:
    def open_some() -> None:
        numbers.extend(hub.open_issue("acme/shop", "carol", "At once") for _ in range(25))

    numbers: list[int] = []
    threads = [threading.Thread(target=open_some) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(1, 201))


def test_every_list_and_document_is_there(hub: GitHub) -> None:
    """One of everything, and each address that can be read is."""
    sha = hub.push("acme/shop", "work", {"price.txt": "1\n20\n3\n"}, "alice")
    number = hub.open_pull("acme/shop", "alice", "work")
    review = hub.review("acme/shop", number, "bob", "COMMENT", "Hm", [("price.txt", 2, "Why?")])
    check = hub.check("acme/shop", sha, "test", "failure", log="no\n")
    hub.label("acme/shop", number, "bug", "bob")
    hub.status("acme/shop", sha, "fleet/gates", "success", "bob")
    hub.protect("acme/shop", checks=["test"])
    release = hub.call("POST", "/repos/acme/shop/releases", "acme", {"tag_name": "v1"})["id"]
    repo = hub.known("acme/shop")
    (suite,), event = repo.suites, repo.history[0].id
    run = suite + 30_000_000_000
    remark = hub.call("GET", "/repos/acme/shop/pulls/comments", "bob")[0]["id"]
    comment = hub.comment("acme/shop", number, "bob", "So")
    paths = f"""
        collaborators collaborators/bob/permission issues issues/{number} issues/{number}/labels
        labels labels/bug issues/comments issues/comments/{comment} issues/{number}/comments
        issues/events issues/events/{event} issues/{number}/events issues/{number}/timeline events
        pulls pulls/{number} pulls/{number}/files pulls/{number}/commits pulls/{number}/reviews
        pulls/{number}/reviews/{review} pulls/{number}/reviews/{review}/comments
        pulls/{number}/comments pulls/comments pulls/comments/{remark}
        pulls/{number}/requested_reviewers commits/{sha}/status commits/{sha}/statuses
        check-runs/{check} commits/{sha}/check-runs commits/work/check-suites check-suites/{suite}
        check-suites/{suite}/check-runs actions/runs actions/runs/{run} actions/runs/{run}/jobs
        actions/jobs/{check} git/ref/heads/work git/matching-refs/heads/wo branches branches/main
        branches/main/protection rules/branches/main git/commits/{sha} commits commits/{sha}
        commits/{sha}/pulls compare/main...work contents contents/price.txt tags releases
        releases/latest releases/tags/v1 releases/{release}
    """.split()
    assert [path for path in paths if not hub.call("GET", f"/repos/acme/shop/{path}", "acme")] == [
        "rules/branches/main"
    ]


def test_a_body_of_a_wrong_form_is_refused(gh: Any) -> None:
    assert gh.api("repos/acme/shop/issues", "POST", title="It breaks", labels={"not": "a list"}).status == 422
    assert gh.api("repos/acme/shop/issues", "POST", title={"not": "a text"}).status == 422


def test_a_repository_that_is_there_already_is_taken_as_it_is(tmp_path: Path) -> None:
    with GitHub(tmp_path / "first") as first:
        there = first.repo("acme/shop").bare
    with GitHub(tmp_path / "second") as second:
        second.repo("acme/shop", path=there.path)
        tip = second.call("GET", "/repos/acme/shop/branches/main", "bob")["commit"]["sha"]
        assert tip == there.branches()["main"]
        assert (tmp_path / "second" / "acme" / "shop.git").resolve() == there.path.resolve()


def test_it_is_reached_by_a_port_too(tmp_path: Path) -> None:
    with GitHub(tmp_path, port=0) as hub:
        hub.repo("acme/shop")
        with urllib.request.urlopen(f"{hub.url}/repos/acme/shop", timeout=10) as answer:
            assert json.load(answer)["url"] == f"{hub.url}/repos/acme/shop"
