"""What people and checks do becomes facts: who, of what, whether it counts; what Fleet did becomes none."""

from __future__ import annotations

import pytest
from tests.github.adapter.conftest import ANN, BOB, FLEET, REPO, STRANGER, Within, World, data

from fleet.model import events
from fleet.ports.forge import LineComment, Look, PullRequest


@pytest.fixture(autouse=True)
def _fast(world: World) -> None:
    world.forge = world.new_forge(gh=Within(hub=world.hub), trusted=["Carla"])


def pull(world: World, branch: str = "fleet/1-x") -> PullRequest:
    world.hub.push(REPO, branch, {"a.txt": "1\n2\n3\n"}, FLEET)
    made = world.forge.open_pull_request(REPO, branch=branch, base="main", title="T", body="B")
    world.settle()
    return made


def test_a_triager_may_label_and_still_does_not_count(world: World) -> None:
    number = world.hub.open_issue(REPO, ANN, "One")
    world.hub.label(REPO, number, "fleet:ready", BOB)

    (labeled,) = data(world.poll(), events.ITEM_LABELED)

    assert (labeled["actor"], labeled["trusted"]) == (f"user/{BOB}", False)


def test_a_listed_login_counts_without_write_access(world: World) -> None:
    number = world.hub.open_issue(REPO, "carla", "One")

    (opened,) = data(world.poll(), events.ITEM_OPENED)

    assert number
    assert opened["trusted"] is True


def test_the_user_counts_under_the_login_that_fleet_uses(world: World) -> None:
    number = world.hub.open_issue(REPO, FLEET, "Mine")
    world.settle()
    world.hub.label(REPO, number, "fleet:ready", FLEET)
    world.hub.comment(REPO, number, FLEET, "/fleet retry")

    facts = world.settle()

    assert [each["trusted"] for each in data(facts, events.ITEM_LABELED)] == [True]
    assert [each["command"] for each in data(facts, events.FORGE_COMMANDED)] == ["retry"]


def test_a_label_that_fleet_took_off_and_a_person_put_back_is_news(world: World) -> None:
    number = world.hub.open_issue(REPO, ANN, "One", "", ["fleet:ready"])
    world.settle()
    world.forge.show(REPO, number, Look(labels=("fleet:working",)))
    assert world.settle() == []

    world.hub.label(REPO, number, "fleet:ready", FLEET)

    assert [each["label"] for each in data(world.settle(), events.ITEM_LABELED)] == ["fleet:ready"]


def test_what_a_person_does_to_labels_while_fleet_sets_its_own_holds(world: World) -> None:
    number = world.hub.open_issue(REPO, ANN, "One", "", ["fleet:ready", "theirs"])
    world.settle()
    world.forge.show(REPO, number, Look(labels=("fleet:ready",)))
    world.clock.seconds += 30
    world.poll()
    world.hub.label(REPO, number, "urgent", ANN)
    world.hub.unlabel(REPO, number, "theirs", ANN)
    world.forge.show(REPO, number, Look(labels=("fleet:working",)))

    facts = world.settle()

    left = world.hub.call("GET", f"/repos/{REPO}/issues/{number}", ANN)["labels"]
    assert sorted(each["name"] for each in left) == ["fleet:working", "urgent"]
    told = [(event.type, event.data["label"], event.data["actor"]) for event in facts]
    assert told == [
        (events.ITEM_LABELED, "urgent", f"user/{ANN}"),
        (events.ITEM_UNLABELED, "theirs", f"user/{ANN}"),
    ]


def test_what_fleet_did_is_known_after_a_restart(world: World) -> None:
    number = world.hub.open_issue(REPO, ANN, "One", "", ["fleet:ready"])
    world.settle()
    world.forge.show(REPO, number, Look(labels=("fleet:working",), comments={"status": "x"}))
    world.forge.close(REPO, number, reason="It is done.")
    world.forge = world.new_forge(gh=Within(hub=world.hub))

    assert world.settle() == []


def test_labels_come_and_go(world: World) -> None:
    number = world.hub.open_issue(REPO, ANN, "One")
    world.settle()
    world.hub.label(REPO, number, "theirs", ANN)
    world.clock.seconds += 2
    world.hub.unlabel(REPO, number, "theirs", ANN)
    world.clock.seconds += 2
    world.hub.label(REPO, number, "theirs", ANN)

    kinds = [event.type for event in world.settle()]

    assert kinds == [events.ITEM_LABELED, events.ITEM_UNLABELED, events.ITEM_LABELED]


def test_of_what_was_before_only_what_holds_is_told(world: World) -> None:
    number = world.hub.open_issue(REPO, ANN, "One")
    world.hub.label(REPO, number, "theirs", ANN)
    world.hub.unlabel(REPO, number, "theirs", ANN)
    world.hub.close_issue(REPO, number, ANN)
    world.hub.reopen(REPO, number, ANN)

    assert [event.type for event in world.settle()] == [events.ITEM_OPENED]


def test_an_issue_is_edited_assigned_closed_and_opened_again(world: World) -> None:
    number = world.hub.open_issue(REPO, ANN, "One", "Old.")
    world.settle()
    world.hub.call("PATCH", f"/repos/{REPO}/issues/{number}", ANN, {"title": "Two", "body": "New."})
    world.hub.assign(REPO, number, ANN, ANN)
    edited = world.settle()
    world.hub.close_issue(REPO, number, ANN, "not_planned")
    closed = world.settle()
    world.hub.reopen(REPO, number, ANN)
    opened = world.settle()

    assert [(each["title"], each["body"]) for each in data(edited, events.ITEM_EDITED)] == [("Two", "New.")]
    assert [each["assignee"] for each in data(edited, events.ITEM_ASSIGNED)] == [f"user/{ANN}"]
    assert [(each["reason"], each["actor"]) for each in data(closed, events.ITEM_CLOSED)] == [
        ("not_planned", f"user/{ANN}")
    ]
    assert [each["actor"] for each in data(opened, events.ITEM_REOPENED)] == [f"user/{ANN}"]


def test_talk_about_an_issue_that_ended_before_is_no_news(world: World) -> None:
    number = world.hub.open_issue(REPO, ANN, "Old")
    world.hub.close_issue(REPO, number, ANN)
    world.clock.seconds += 1000
    world.settle()
    world.clock.seconds += 1000
    world.hub.comment(REPO, number, STRANGER, "Thanks!")

    assert world.settle() == []


def test_an_old_issue_that_is_opened_again_is_told_with_who_labelled_it(world: World) -> None:
    number = world.hub.open_issue(REPO, ANN, "Old", "", ["fleet:ready"])
    world.hub.close_issue(REPO, number, ANN)
    world.clock.seconds += 1000
    world.settle()
    world.clock.seconds += 1000
    world.hub.reopen(REPO, number, ANN)

    facts = world.settle()

    assert [event.type for event in facts] == [events.ITEM_OPENED, events.ITEM_LABELED]


def test_a_strangers_pull_request_is_told_as_one(world: World) -> None:
    world.hub.fork(REPO, STRANGER)
    world.hub.push(f"{STRANGER}/shop", "fleet/evil", {"a.txt": "x"}, STRANGER)
    body = "Merge me. <!-- fleet:pull-request -->"
    world.hub.open_pull(REPO, STRANGER, f"{STRANGER}:fleet/evil", "Fix", body)

    (opened,) = data(world.settle(), events.CHANGE_OPENED)

    assert (opened["author"], opened["trusted"], opened["fork"]) == (f"user/{STRANGER}", False, True)
    assert opened["branch"] == "fleet/evil"


def test_a_persons_pull_request_is_told_with_its_labels(world: World) -> None:
    head = world.hub.push(REPO, "work", {"a.txt": "x"}, ANN)
    number = world.hub.open_pull(REPO, ANN, "work", "Work")
    world.hub.label(REPO, number, "theirs", ANN)

    facts = world.settle()

    (opened,) = data(facts, events.CHANGE_OPENED)
    assert (opened["head"], opened["base"], opened["trusted"]) == (head, "main", True)
    assert [each["label"] for each in data(facts, events.CHANGE_LABELED)] == ["theirs"]
    assert data(facts, events.ITEM_LABELED) == []


def test_a_remark_at_a_line_names_its_place(world: World) -> None:
    made = pull(world)
    world.hub.review(REPO, made.number, ANN, "COMMENT", "See below.", [("a.txt", 2, "Why two?")])

    told = data(world.settle(), events.ITEM_COMMENTED)

    assert {(each["text"], each.get("path"), each.get("review"), each["head"]) for each in told} == {
        ("See below.", None, True, made.head),
        ("Why two?", "a.txt", None, made.head),
    }


def test_an_answer_to_a_remark_is_told(world: World) -> None:
    made = pull(world)
    world.hub.review(REPO, made.number, ANN, "COMMENT", "", [("a.txt", 2, "Why two?")])
    world.settle()
    (remark,) = world.hub.call("GET", f"/repos/{REPO}/pulls/{made.number}/comments", ANN)
    world.hub.reply(REPO, made.number, remark["id"], BOB, "Because.")

    assert [each["text"] for each in data(world.settle(), events.ITEM_COMMENTED)] == ["Because."]


def test_fleets_own_review_and_its_remarks_are_no_facts(world: World) -> None:
    made = pull(world)
    remarks = [LineComment("a.txt", 2, "Why?")]
    world.forge.review(
        REPO, made.number, head=made.head, mark="r1", verdict="request-changes", text="No.", comments=remarks
    )

    assert world.settle() == []


def test_a_review_that_is_dismissed_is_told(world: World) -> None:
    made = pull(world)
    review = world.hub.review(REPO, made.number, ANN, "APPROVE", "Yes.")
    world.settle()
    path = f"/repos/{REPO}/pulls/{made.number}/reviews/{review}/dismissals"
    world.hub.call("PUT", path, "acme", {"message": "Not so fast."})

    (dismissed,) = data(world.settle(), events.CHANGE_REVIEW_DISMISSED)

    assert (dismissed["by"], dismissed["head"]) == (f"user/{ANN}", made.head)


def test_an_approval_by_comment_is_never_for_a_commit_that_came_after_it(world: World) -> None:
    made = pull(world)
    world.hub.comment(REPO, made.number, ANN, "/fleet approve")
    world.clock.seconds += 2
    world.hub.push(REPO, "fleet/1-x", {"evil.txt": "x"}, FLEET)

    (command,) = data(world.settle(), events.FORGE_COMMANDED)

    assert command["head"] == made.head


def test_an_approval_that_was_written_while_no_watcher_ran_is_of_the_head_that_the_last_one_brought(
    world: World,
) -> None:
    made = pull(world)
    world.settle()
    pushed = world.hub.push(REPO, "fleet/1-x", {"more.txt": "x"}, FLEET)
    world.forge.pushed(REPO, made.number, pushed)
    world.clock.seconds += 2
    world.hub.comment(REPO, made.number, ANN, "/fleet approve")
    world.clock.seconds += 30
    world.forge = world.new_forge()

    (command,) = data(world.settle(), events.FORGE_COMMANDED)

    assert command["head"] == pushed


def test_an_approval_for_a_head_that_nobody_had_seen_is_for_none(world: World) -> None:
    world.hub.push(REPO, "work", {"a.txt": "x"}, ANN)
    number = world.hub.open_pull(REPO, ANN, "work", "Work")
    world.hub.comment(REPO, number, ANN, "/fleet approve")
    world.clock.seconds += 30
    world.hub.push(REPO, "work", {"evil.txt": "x"}, ANN)

    (command,) = data(world.settle(), events.FORGE_COMMANDED)

    assert command["head"] == "unknown"


@pytest.mark.parametrize("end", ["merged", "closed"])
def test_what_people_end_is_told(world: World, end: str) -> None:
    made = pull(world)
    if end == "merged":
        sha = world.hub.merge(REPO, made.number, ANN)
        (fact,) = data(world.settle(), events.CHANGE_MERGED)
        assert (fact["head"], fact["sha"], fact["actor"]) == (made.head, sha, f"user/{ANN}")
    else:
        world.hub.close_issue(REPO, made.number, ANN)
        (fact,) = data(world.settle(), events.CHANGE_CLOSED)
        assert fact["actor"] == f"user/{ANN}"


def test_checks_are_told_with_the_log_of_what_failed(world: World) -> None:
    world.forge = world.new_forge()  # the log is behind a redirection
    made = pull(world)
    world.hub.check(REPO, made.head, "build")
    world.hub.check(REPO, made.head, "lint", "success")
    begun = world.settle()
    world.hub.check(REPO, made.head, "build", "failure", log="one\n##[error]It broke\nclean up\n")
    ended = []
    for _ in range(6):
        ended += world.settle()

    states = {each["name"]: each["state"] for each in data(begun, events.CHANGE_REPORTED)}
    assert states == {"build": "pending", "lint": "passed"}
    (failed,) = data(ended, events.CHANGE_REPORTED)
    assert (failed["name"], failed["state"], failed["head"]) == ("build", "failed", made.head)
    assert failed["output"] == "one\nerror: It broke"


def test_commit_statuses_of_others_are_told_and_fleets_own_are_not(world: World) -> None:
    made = pull(world)
    world.forge.status(REPO, made.head, name="fleet/gates", state="pending", text="waits")
    world.hub.status(REPO, made.head, "jenkins", "failure", ANN, "3 tests failed", "https://ci.example.org/1")
    told = []
    for _ in range(6):
        told += data(world.settle(), events.CHANGE_REPORTED)

    assert [(each["name"], each["state"], each["output"]) for each in told] == [
        ("jenkins", "failed", "3 tests failed")
    ]


def test_a_pull_request_that_moves_by_its_own_list_alone_is_looked_at(world: World) -> None:
    made = pull(world)
    before = world.hub.known(REPO).issues[made.number].updated
    world.hub.review(REPO, made.number, ANN, "APPROVE", "Yes.")
    head = world.hub.push(REPO, "fleet/1-x", {"b.txt": "x"}, ANN)
    world.hub.known(REPO).issues[made.number].updated = before
    world.clock.seconds += 70

    facts = world.settle()

    assert [each["head"] for each in data(facts, events.CHANGE_HEAD_SEEN)] == [head]
    assert [each["verdict"] for each in data(facts, events.CHANGE_REVIEWED)] == ["approve"]


def test_a_clock_that_is_wrong_changes_nothing(world: World) -> None:
    world.clock.skew = 86_400
    number = world.hub.open_issue(REPO, ANN, "One")
    world.settle()
    world.forge.show(REPO, number, Look(labels=("fleet:working",)))
    world.hub.comment(REPO, number, ANN, "Well?")

    assert [event.type for event in world.settle()] == [events.ITEM_COMMENTED]


def test_a_burst_of_changes_is_told_whole(world: World) -> None:
    world.settle()
    for n in range(120):
        world.hub.open_issue(REPO, ANN, f"Issue {n}", "", ["fleet:ready"])

    facts = world.settle()

    assert len(data(facts, events.ITEM_OPENED)) == 120
    assert {each["trusted"] for each in data(facts, events.ITEM_LABELED)} == {True}
    assert len(data(facts, events.ITEM_LABELED)) == 120


def test_a_forge_without_timelines_is_read_from_its_parts(world: World) -> None:
    made = pull(world)
    world.hub.fail("/timeline", status=404, times=-1)
    world.hub.review(REPO, made.number, ANN, "APPROVE", "Yes.")
    world.hub.comment(REPO, made.number, ANN, "Well done.")

    facts = world.settle()

    assert [each["verdict"] for each in data(facts, events.CHANGE_REVIEWED)] == ["approve"]
    assert [each["text"] for each in data(facts, events.ITEM_COMMENTED)] == ["Well done."]


def test_what_ended_while_the_cursor_was_lost_is_told(world: World) -> None:
    made = pull(world)
    world.settle()
    world.hub.call("PATCH", f"/repos/{REPO}/pulls/{made.number}", ANN, {"state": "closed"})

    told = world.forge.poll(REPO, {}, [made.number]).facts

    assert [each["actor"] for each in data(told, events.CHANGE_CLOSED)] == [f"user/{ANN}"]


def test_a_status_that_a_branch_comes_to_require_is_looked_for(world: World) -> None:
    made = pull(world)
    world.hub.check(REPO, made.head, "build", "success")
    world.clock.seconds += 60
    world.poll()
    world.cursor = {**world.cursor, "bare": 7}  # no head had a commit status so far
    world.hub.protect(REPO, checks=["legacy"])
    world.forge.protection(REPO, "main")
    path = f"/repos/{REPO}/statuses/{made.head}"
    world.hub.call("POST", path, ANN, {"state": "success", "context": "legacy"})
    facts: list = []
    for _ in range(4):
        world.clock.seconds += 60
        facts += world.poll()

    assert "legacy" in [each["name"] for each in data(facts, events.CHANGE_REPORTED)]
