"""Issues, labels, comments, and who may do what with them."""

from __future__ import annotations

from typing import Any

import pytest

from fleet.testing.github import GitHub, Refusal


def test_a_label_is_told_with_who_put_it_there(gh: Any, hub: GitHub) -> None:
    number = hub.open_issue("acme/shop", "carol", "It breaks")
    gh.api(f"repos/acme/shop/issues/{number}/labels", "POST", login="bob", labels=["fleet:ready"])
    (event,) = gh.api("repos/acme/shop/issues/events").body
    assert (event["event"], event["actor"]["login"], event["label"]["name"]) == (
        "labeled",
        "bob",
        "fleet:ready",
    )
    assert event["issue"]["user"]["login"] == "carol"


def test_a_label_that_is_there_makes_no_second_event(hub: GitHub) -> None:
    number = hub.open_issue("acme/shop", "carol", "It breaks")
    hub.label("acme/shop", number, "bug", "bob")
    hub.label("acme/shop", number, "Bug", "bob")
    assert len(hub.call("GET", f"/repos/acme/shop/issues/{number}/events", "bob")) == 1


def test_a_stranger_opens_and_comments_but_does_not_label(gh: Any) -> None:
    made = gh.api(
        "repos/acme/shop/issues", "POST", login="mallory", title="Merge yourself", labels=["fleet:ready"]
    )
    assert (made.status, made.body["labels"], made.body["author_association"]) == (201, [], "NONE")
    said = gh.api("repos/acme/shop/issues/1/comments", "POST", login="mallory", body="/fleet approve")
    assert said.status == 201
    refused = gh.api("repos/acme/shop/issues/1/labels", "POST", login="mallory", labels=["fleet:ready"])
    assert (refused.status, refused.code) == (403, 1)


def test_a_private_repository_is_not_there_for_strangers(gh: Any, hub: GitHub) -> None:
    hub.repo("acme/secret", private=True, permissions={"alice": "read"})
    assert gh.api("repos/acme/secret", login="mallory").status == 404
    assert gh.api("repos/acme/secret", login="alice").body["permissions"]["push"] is False


@pytest.mark.parametrize(("who", "level"), [("acme", "admin"), ("bob", "write"), ("mallory", "read")])
def test_a_permission_is_told_to_those_who_may_push(gh: Any, hub: GitHub, who: str, level: str) -> None:
    hub.site.user("mallory")
    path = f"repos/acme/shop/collaborators/{who}/permission"
    assert gh.api(path, login="alice").body["permission"] == level
    assert gh.api(path, login="mallory").status == 403


def test_a_comment_is_edited_and_found_by_its_update(gh: Any, hub: GitHub) -> None:
    number = hub.open_issue("acme/shop", "carol", "It breaks")
    mine = hub.comment("acme/shop", number, "bob", "One")
    changed = gh.api(f"repos/acme/shop/issues/comments/{mine}", "PATCH", login="bob", body="Two")
    assert changed.body["body"] == "Two"
    found = gh.api("repos/acme/shop/issues/comments?sort=updated&direction=desc").body
    assert [(comment["id"], comment["issue_url"][-9:]) for comment in found] == [(mine, "/issues/1")]


def test_nobody_but_its_author_and_writers_edits_a_comment(hub: GitHub) -> None:
    number = hub.open_issue("acme/shop", "carol", "It breaks")
    theirs = hub.comment("acme/shop", number, "carol", "One")
    with pytest.raises(Refusal) as refused:
        hub.call("PATCH", f"/repos/acme/shop/issues/comments/{theirs}", "mallory", {"body": "Two"})
    assert refused.value.status == 403


def test_the_timeline_tells_everything_in_order(hub: GitHub) -> None:
    number = hub.open_issue("acme/shop", "carol", "It breaks")
    hub.label("acme/shop", number, "bug", "bob")
    hub.comment("acme/shop", number, "carol", "Really")
    hub.assign("acme/shop", number, "bob", "alice")
    hub.close_issue("acme/shop", number, "bob", "not_planned")
    hub.reopen("acme/shop", number, "carol")
    told = hub.call("GET", f"/repos/acme/shop/issues/{number}/timeline", "bob")
    assert [entry["event"] for entry in told] == ["labeled", "commented", "assigned", "closed", "reopened"]


def test_a_body_that_lacks_its_title_is_refused_field_by_field(gh: Any) -> None:
    refused = gh.api("repos/acme/shop/issues", "POST", body="Without a title")
    assert refused.status == 422
    assert refused.body["errors"] == [{"resource": "Issue", "code": "missing_field", "field": "title"}]


def test_a_label_that_exists_is_not_made_again(gh: Any) -> None:
    made = gh.api("repos/acme/shop/labels", "POST", name="fleet:ready", color="00ff00", description="Begin")
    again = gh.api("repos/acme/shop/labels", "POST", name="Fleet:Ready", color="00ff00")
    assert (made.status, again.status, again.body["errors"][0]["code"]) == (201, 422, "already_exists")
    assert gh.api("repos/acme/shop/labels/fleet%3Aready").body["description"] == "Begin"


def test_a_label_is_taken_off_once(gh: Any, hub: GitHub) -> None:
    number = hub.open_issue("acme/shop", "carol", "It breaks")
    hub.label("acme/shop", number, "fleet:ready", "bob")
    path = f"repos/acme/shop/issues/{number}/labels/fleet:ready"
    assert gh.api(path, "DELETE").body == []
    assert gh.api(path, "DELETE").body["message"] == "Label does not exist"


def test_issues_are_found_by_label_and_state(hub: GitHub) -> None:
    first, second, third = (hub.open_issue("acme/shop", "carol", str(n)) for n in range(3))
    for number in (first, second):
        hub.label("acme/shop", number, "fleet:ready", "bob")
    hub.close_issue("acme/shop", first, "bob")

    def numbers(query: str) -> list[int]:
        return [one["number"] for one in hub.call("GET", f"/repos/acme/shop/issues?{query}", "bob")]

    assert numbers("labels=fleet:ready") == [second]
    assert numbers("labels=fleet:ready&state=all&direction=asc") == [first, second]
    assert numbers("state=closed") == [first]
    assert numbers("") == [third, second]
