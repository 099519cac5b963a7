"""A forge that speaks GitHub's language otherwise than our stand-in does: the same is told of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.github.adapter.conftest import ANN, FLEET, REPO, STRANGER, Within, World, begin, data

from fleet.adapters.forges.github.history import newest_of
from fleet.adapters.forges.github.reply import Reply
from fleet.adapters.forges.github.requests import Requests
from fleet.model import events
from fleet.ports.forge import Look

_LEFT_OUT = ("link", "date", "x-ratelimit-remaining", "x-ratelimit-limit", "x-ratelimit-resource")


@dataclass(frozen=True)
class Strange(Within):
    """It leaves out headers, has tags without quotes, its strangers are gone, its timelines know no reviews,
    its events name no issue, and it answers a change with nothing.
    """

    def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        headers: Sequence[str] = (),
        tail: int = 0,
    ) -> Reply:
        quoted = [f'{name}: "{tag}"' for name, tag in (each.split(": ", 1) for each in headers)]
        reply = super().request(method, path, body, headers=quoted, tail=tail)
        left = {name: text for name, text in reply.headers.items() if name not in _LEFT_OUT}
        if "etag" in left:
            left["etag"] = left["etag"].removeprefix("W/").strip('"')
        if reply.status == 304 or not reply.ok:
            return replace(reply, headers=left, body=b"" if reply.status == 304 else reply.body)
        if method == "PATCH":
            return replace(reply, status=200, headers=left, body=b"")
        said = json.loads(reply.body or b"null", object_hook=_gone)
        if "/timeline" in path:
            said = [each for each in said if each.get("event") != "reviewed"]
        if path.partition("?")[0].endswith("issues/events"):
            said = [{name: each[name] for name in each if name != "issue"} for each in said]
        return replace(reply, headers=left, body=json.dumps(said).encode())


def _gone(each: dict[str, Any]) -> dict[str, Any]:
    """Accounts of strangers are gone."""
    people = {
        name: None
        for name in ("user", "actor", "assignee")
        if isinstance(each.get(name), dict) and each[name].get("login") == STRANGER
    }
    return each | people


def strange(folder: Path) -> World:
    made = begin(folder, "gh")
    made.forge = made.new_forge(gh=Strange(hub=made.hub))
    return made


def test_what_happens_there_is_told_once_and_in_full(tmp_path: Path) -> None:
    world = strange(tmp_path)
    many = [world.hub.open_issue(REPO, STRANGER, f"Issue {n}") for n in range(120)]
    world.hub.push(REPO, "fleet/x", {"x": "1"}, FLEET)
    pull = world.forge.open_pull_request(REPO, branch="fleet/x", base="main", title="X", body="").number
    first = world.settle()
    for number in many[:5]:
        world.hub.label(REPO, number, "fleet:ready", ANN)
    world.hub.comment(REPO, many[0], STRANGER, "/fleet approve")
    world.hub.review(REPO, pull, ANN, "REQUEST_CHANGES", "Not yet.")

    later = world.settle()
    world.clock.seconds += 250  # so many issues have used the allowance up
    later += world.settle()

    opened = [*data(first, events.ITEM_OPENED)]
    assert len(opened) == 120
    assert {(each["author"], each["trusted"]) for each in opened} == {("", False)}
    assert len(data(later, events.ITEM_LABELED)) == 5
    assert [each["trusted"] for each in data(later, events.FORGE_COMMANDED)] == [False]
    assert [each["by"] for each in data(later, events.CHANGE_REVIEWED)] == [f"user/{ANN}"]
    assert world.settle() == []


def test_a_look_is_made_true_there(tmp_path: Path) -> None:
    world = strange(tmp_path)
    number = world.hub.open_issue(REPO, ANN, "One", "", ["fleet:ready", "theirs"])
    for step in ("One.", "Two."):
        world.forge.show(REPO, number, Look(labels=("fleet:working",), comments={"status": step}))

    issue = world.hub.call("GET", f"/repos/{REPO}/issues/{number}", ANN)
    (comment,) = world.hub.call("GET", f"/repos/{REPO}/issues/{number}/comments", ANN)
    assert sorted(each["name"] for each in issue["labels"]) == ["fleet:working", "theirs"]
    assert comment["body"].startswith("Two.")


def test_more_checks_than_fit_a_page_are_all_told(tmp_path: Path) -> None:
    world = strange(tmp_path)
    head = world.hub.push(REPO, "fleet/x", {"x": "1"}, FLEET)
    world.forge.open_pull_request(REPO, branch="fleet/x", base="main", title="X", body="")
    for n in range(101):
        world.hub.check(REPO, head, f"check {n}", "success")

    told = data(world.settle(), events.CHANGE_REPORTED)

    assert len({each["name"] for each in told}) == 101
    assert {each["state"] for each in told} == {"passed"}


def test_a_list_in_another_order_than_asked_for_is_read_whole(tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Ascending(Within):
        def request(self, *args: Any, **more: Any) -> Reply:
            return Reply(200, {}, json.dumps(listed).encode())

    listed = [
        {"id": n, "updated_at": f"2026-01-01T00:00:0{n}Z", "issue_url": f"https://x/issues/{n}"}
        for n in range(1, 6)
    ]
    door = Requests(Ascending(), None, clock=lambda: 0)

    found = newest_of(door, "repos/a/b/issues/comments", "issue_url", "2026-01-01T00:00:04Z")

    assert {number for number, _ in found} >= {4, 5}
