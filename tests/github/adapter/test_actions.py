"""What Fleet does on GitHub: once, whatever gets lost; and GitHub's refusals as something to act on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.github.adapter.conftest import ANN, FLEET, REPO, Within, World

from fleet.adapters.forges.github.requests import Rejected
from fleet.model.errors import Permanent, Temporary
from fleet.ports.forge import LineComment, Look, Protection, PullRequest, Refused


@pytest.fixture(autouse=True)
def _fast(world: World) -> None:
    world.forge = world.new_forge(gh=Within(hub=world.hub))


def pull(world: World, files: dict[str, str] | None = None) -> PullRequest:
    if "fleet/1-x" not in str(seen(world, "branches")):
        world.hub.push(REPO, "fleet/1-x", files or {"a.txt": "1\n2\n3\n"}, FLEET)
    return world.forge.open_pull_request(REPO, branch="fleet/1-x", base="main", title="T", body="B")


def merge(world: World, made: PullRequest, method: Any = "squash") -> str | Refused:
    return world.forge.merge(
        REPO, made.number, head=made.head, method=method, title="Title", message="Message"
    )


def seen(world: World, path: str) -> Any:
    return world.hub.call("GET", f"/repos/{REPO}/{path}", ANN)


def every_verb(world: World) -> dict[str, Callable[[], object]]:
    made = pull(world)
    number = world.hub.open_issue(REPO, ANN, "One")
    remarks = [LineComment("a.txt", 2, "?")]
    forge = world.forge
    look = Look(labels=("fleet:blocked",), comments={"status": "At work."}, title="Two", body="New.")
    return {
        "show": lambda: forge.show(REPO, number, look),
        "show a pull request": lambda: forge.show(REPO, made.number, look),
        "review": lambda: forge.review(
            REPO, made.number, head=made.head, mark="r1", verdict="approve", text="Good.", comments=remarks
        ),
        "status": lambda: forge.status(REPO, made.head, name="fleet/gates", state="success", text="met"),
        "merge": lambda: merge(world, made),
        "close": lambda: forge.close(REPO, number, reason="It is done."),
        "delete_branch": lambda: forge.delete_branch(REPO, "fleet/1-x", made.head),
        "release": lambda: forge.release(REPO, tag="v1", commit=made.head, notes="New."),
        "open_pull_request": lambda: pull(world),
    }  # fmt: skip


VERBS = (
    "show", "show a pull request", "review", "status", "merge", "close", "delete_branch", "release",
    "open_pull_request",
)  # fmt: skip


def state_of(world: World) -> str:
    """All that people can see, but for times and ids."""
    found: list[Any] = []
    for issue in seen(world, "issues?state=all&per_page=100"):
        number = issue["number"]
        comments = [each["body"] for each in seen(world, f"issues/{number}/comments")]
        reviews = []
        if "pull_request" in issue:
            reviews = [each["body"] for each in seen(world, f"pulls/{number}/reviews")]
        labels = sorted(each["name"] for each in issue["labels"])
        found.append([number, issue["title"], issue["body"], issue["state"], labels, comments, reviews])
    found.append(sorted(each["name"] for each in seen(world, "branches")))
    found.append([each["tag_name"] for each in seen(world, "releases")])
    found.append(seen(world, "commits?sha=main").__len__())
    return str(found)


@pytest.mark.parametrize("verb", VERBS)
def test_the_second_time_nothing_is_changed(world: World, verb: str) -> None:
    act = every_verb(world)[verb]
    act()
    once = state_of(world)

    again = world.requests(act)

    assert state_of(world) == once
    assert {each.method for each in again} <= {"GET"}


@pytest.mark.parametrize("fault", [{"status": 502, "performed": True}, {"cut": True}, {"status": 500}])
@pytest.mark.parametrize("verb", VERBS)
def test_an_answer_that_got_lost_changes_nothing_in_the_end(
    world: World, verb: str, fault: dict[str, Any]
) -> None:
    """Each write's answer is lost in turn, and the verb is called again by a watcher that just started."""
    act = every_verb(world)[verb]
    world.hub.fail(method="POST|PUT|PATCH|DELETE", times=20, **fault)
    for _ in range(6):
        try:
            act()
        except Temporary:
            continue
        break
    else:
        world.hub.faults.clear()
        act()
    after_faults = state_of(world)
    world.hub.faults.clear()

    act()

    assert state_of(world) == after_faults


def test_labels_that_are_missing_are_made_with_their_colours(world: World) -> None:
    number = world.hub.open_issue(REPO, ANN, "One")

    world.forge.show(REPO, number, Look(labels=("fleet:blocked",)))

    assert seen(world, "labels/fleet:blocked")["color"] == "d93f0b"
    assert "fleet:review" in world.forge.missing_labels(REPO)
    world.forge.make_labels(REPO, world.forge.missing_labels(REPO))
    assert world.forge.missing_labels(REPO) == ()


def test_remarks_stand_at_their_lines_and_others_in_the_text(world: World) -> None:
    made = pull(world)
    remarks = [
        LineComment("a.txt", 2, "Here."),
        LineComment("a.txt", 99, "There."),
        LineComment("b", 1, "Where?"),
    ]

    world.forge.review(
        REPO, made.number, head=made.head, mark="r1", verdict="request-changes", text="No.", comments=remarks
    )

    (review,) = seen(world, f"pulls/{made.number}/reviews")
    assert [(each["path"], each["body"]) for each in seen(world, f"pulls/{made.number}/comments")] == [
        ("a.txt", "Here.")
    ]
    assert "`a.txt` line 99: There." in review["body"]
    assert "`b` line 1: Where?" in review["body"]
    assert "**Changes requested**" in review["body"]
    assert review["state"] == "COMMENTED"


def test_another_login_approves_for_real(world: World) -> None:
    made = pull(world)
    second = world.new_forge(gh=ForSomebody(hub=world.hub))

    second.review(REPO, made.number, head=made.head, mark="r1", verdict="approve", text="Good.")

    (review,) = seen(world, f"pulls/{made.number}/reviews")
    assert (review["state"], review["user"]["login"]) == ("APPROVED", ANN)
    assert "**Approved**" not in review["body"]


class ForSomebody(Within):
    """The stand-in asked by Ann."""

    def request(self, method: str, path: str, body: Any = None, *, headers: Any = (), tail: int = 0) -> Any:
        return super().request(
            method, path, body, headers=[*headers, f"Authorization: token token-{ANN}"], tail=tail
        )


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_each_way_of_merging_brings_the_files(world: World, method: str) -> None:
    made = pull(world)

    done = merge(world, made, method)

    assert isinstance(done, str)
    assert seen(world, "branches/main")["commit"]["sha"] == done


def test_a_conflict_is_told_as_one(world: World) -> None:
    made = pull(world, {"README.md": "mine\n"})
    world.hub.push(REPO, "main", {"README.md": "theirs\n"}, ANN)

    refused = merge(world, made)

    assert isinstance(refused, Refused)
    assert refused.kind == "conflict"


@pytest.mark.parametrize(
    ("rules", "kind", "words"),
    [
        ({"checks": ["ci"]}, "protected", "ci"),
        ({"approvals": 1}, "protected", "review"),
        ({"checks": ["done"], "strict": True}, "behind", ""),
    ],
)
def test_what_a_branch_asks_is_told_in_githubs_words(
    world: World, rules: dict[str, Any], kind: str, words: str
) -> None:
    made = pull(world)
    world.hub.push(REPO, "main", {"other.txt": "x"}, ANN)
    world.hub.status(REPO, made.head, "done", "success", ANN)
    world.hub.protect(REPO, **rules)

    refused = merge(world, made)

    assert isinstance(refused, Refused), refused
    assert refused.kind == kind
    assert words in refused.reason


def test_protection_is_read(world: World) -> None:
    assert world.forge.protection(REPO, "main") == Protection(False)
    world.hub.protect(REPO, checks=["ci", "lint"], approvals=2)

    found = world.forge.protection(REPO, "main")

    assert found.protected
    assert found.checks == ("ci", "lint")


def test_a_merge_that_github_cannot_tell_yet_is_tried_again(world: World) -> None:
    made = pull(world)
    world.hub.fail(
        "/merge$", "PUT", status=405, message="Base branch was modified. Review and try the merge again."
    )

    with pytest.raises(Temporary) as error:
        merge(world, made)

    assert error.value.delay_ms == 3000
    assert isinstance(merge(world, made), str)


def test_a_closed_pull_request_is_not_merged(world: World) -> None:
    made = pull(world)
    world.hub.close_issue(REPO, made.number, ANN)

    assert merge(world, made) == Refused("closed", "the pull request is closed")


def test_a_branch_that_brings_nothing_is_refused_in_githubs_words(world: World) -> None:
    world.hub.push(REPO, "main", {"x": "1"}, ANN)
    tip = seen(world, "branches/main")["commit"]["sha"]
    world.hub.call("POST", f"/repos/{REPO}/git/refs", ANN, {"ref": "refs/heads/same", "sha": tip})

    with pytest.raises(Rejected) as error:
        world.forge.open_pull_request(REPO, branch="same", base="main", title="T", body="")

    assert "No commits between" in error.value.why


def test_a_tag_at_another_commit_is_not_moved(world: World) -> None:
    first = world.hub.push(REPO, "main", {"x": "1"}, ANN)
    second = world.hub.push(REPO, "main", {"x": "2"}, ANN)
    world.forge.release(REPO, tag="v1", commit=first, notes="")

    with pytest.raises(Permanent, match="v1"):
        world.forge.release(REPO, tag="v1", commit=second, notes="")


def test_a_status_is_sent_once(world: World) -> None:
    made = pull(world)
    for started in (lambda: world.forge, lambda: world.new_forge(gh=Within(hub=world.hub))):
        started().status(REPO, made.head, name="fleet/gates", state="pending", text="waits")

    assert len(seen(world, f"commits/{made.head}/statuses")) == 1


def test_a_deleted_comment_is_written_again(world: World) -> None:
    number = world.hub.open_issue(REPO, ANN, "One")
    world.forge.show(REPO, number, Look(comments={"status": "One."}))
    (comment,) = seen(world, f"issues/{number}/comments")
    world.hub.call("DELETE", f"/repos/{REPO}/issues/comments/{comment['id']}", ANN)

    world.forge.show(REPO, number, Look(comments={"status": "Two."}))

    (comment,) = seen(world, f"issues/{number}/comments")
    assert comment["body"].startswith("Two.")
