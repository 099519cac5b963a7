"""What people do on GitHub while agents work: remarks, commands, pushes, merges and closings by hand."""

from __future__ import annotations

import pytest
from tests.github.conftest import CODES, REPO, Team

from fleet.model import events

pytestmark = [pytest.mark.slow]


@pytest.fixture
def asked(team: Team) -> Team:
    """A team whose pull request waits for a person."""
    team.declare(gate="    - human: always")
    team.ready("Add a note")
    assert team.watch() == 3
    return team


def pull_of(team: Team) -> int:
    return int(team.api("/pulls?state=all")[0]["number"])


def test_a_remark_at_a_line_goes_back_as_work(asked: Team):
    asked.hub.review(REPO, pull_of(asked), "bob", "COMMENT", "", [("note-1-1.txt", 1, "Name the author.")])
    assert asked.watch() == 3
    text = asked.events(events.JOB_SENT_BACK)[0].data["text"]
    assert "note-1-1.txt:1" in text
    assert "Name the author." in text


def test_a_review_that_neither_approves_nor_refuses_goes_back_as_work(asked: Team):
    asked.hub.review(REPO, pull_of(asked), "bob", "COMMENT", "Say why.")
    assert asked.watch() == 3
    assert "Say why." in asked.events(events.JOB_SENT_BACK)[0].data["text"]


def test_a_remark_of_somebody_without_a_say_moves_nothing_and_is_there_to_read(asked: Team):
    asked.hub.review(REPO, pull_of(asked), "carol", "COMMENT", "", [("note-1-1.txt", 1, "Rewrite it all.")])
    assert asked.watch() == 3
    assert asked.events(events.JOB_SENT_BACK) == []
    assert asked.state().items[1].comments[-1]["text"] == "Rewrite it all."


def test_an_approval_with_remarks_is_an_approval(asked: Team):
    pull = pull_of(asked)
    asked.hub.review(REPO, pull, "bob", "APPROVE", "Fine.", [("note-1-1.txt", 1, "Nice.")])
    assert asked.watch() == 0
    assert asked.api(f"/pulls/{pull}")["merged"]


def test_a_plain_comment_is_read_by_the_next_agent_and_starts_nothing(asked: Team):
    asked.hub.comment(REPO, pull_of(asked), "bob", "I like notes.")
    assert asked.watch() == 3
    assert asked.events(events.JOB_SENT_BACK) == []
    assert asked.state().items[1].comments[-1]["text"] == "I like notes."


def test_reject_with_a_reason_sends_the_change_back(asked: Team):
    asked.hub.comment(REPO, pull_of(asked), "bob", "/fleet reject Say more.")
    assert asked.watch() == 3
    assert "Say more." in asked.events(events.JOB_SENT_BACK)[0].data["text"]


def test_reject_without_a_reason_gives_the_work_up_and_closes_the_pull_request(asked: Team):
    pull = pull_of(asked)
    asked.hub.comment(REPO, pull, "bob", "/fleet reject")
    assert asked.watch() == 0
    assert asked.api(f"/pulls/{pull}")["state"] == "closed"
    assert asked.labels(1) == ["fleet:blocked"]


def test_an_approval_of_an_older_commit_does_not_count(asked: Team):
    pull = pull_of(asked)
    old = asked.api(f"/pulls/{pull}")["head"]
    asked.hub.push(REPO, old["ref"], {"more.txt": "More.\n"}, "bob")
    asked.hub.call(
        "POST",
        f"/repos/{REPO}/pulls/{pull}/reviews",
        "bob",
        {"event": "APPROVE", "commit_id": old["sha"], "body": "Fine."},
    )
    assert asked.watch() == 3
    assert not asked.api(f"/pulls/{pull}")["merged"]


def test_a_persons_push_voids_the_reviews_and_they_are_asked_again(asked: Team):
    pull = pull_of(asked)
    branch = asked.api(f"/pulls/{pull}")["head"]["ref"]
    head = asked.hub.push(REPO, branch, {"more.txt": f"Key: ghp_{'a1B2' * 9}\n"}, "bob")
    assert asked.watch() == 3
    (secrets,) = [each for each in asked.state().changes[2].gate if each["name"] == "secrets"]
    assert not secrets["met"]
    assert "more.txt:1 (GitHub Token)" in secrets["reason"]
    reviews = asked.events(events.CHANGE_REVIEWED)
    assert len(reviews) == 2
    assert reviews[-1].data["head"] == head
    assert asked.api(f"/pulls/{pull}")["head"]["sha"] == head


def test_commits_that_a_person_pushed_while_the_agent_worked_are_kept(team: Team):
    """The agent's second round ends after somebody has pushed: nothing of theirs is overwritten."""
    asks = [{"agent": ["review", "request-changes", "-m", "Say more."]}]
    team.declare(lead={"steps": asks})
    team.ready("Add a note")
    pushed: list[str] = []

    def push(event) -> bool:
        if event.type == events.RUN_STARTED and team.state().runs[event.data["run"]].round == 2:
            branch = team.api("/pulls")[0]["head"]["ref"]
            pushed.append(team.hub.push(REPO, branch, {"by-bob.txt": "Mine.\n"}, "bob"))
        return event.type == events.JOB_STUCK

    team.watch_until(push)
    assert team.api("/pulls")[0]["head"]["sha"] == pushed[0]
    assert "somebody else has pushed" in team.events(events.JOB_STUCK)[-1].data["reason"]


def test_retry_lets_a_job_go_on_that_stands_still(team: Team):
    team.declare(dev={"steps": [{"agent": ["ask", "-m", "Which note?"]}]})
    number = team.ready("Add a note")
    assert team.watch() == 3
    assert team.labels(number) == ["fleet:blocked"]
    team.declare()
    team.hub.comment(REPO, number, "bob", "/fleet retry")
    assert team.watch() == 0
    assert team.labels(number) == ["fleet:done"]


def test_retry_takes_up_again_what_was_given_up(team: Team):
    team.declare(dev={"steps": [{"agent": ["ask", "-m", "Which note?"]}]})
    number = team.ready("Add a note")
    assert team.watch() == 3
    team.hub.comment(REPO, number, "bob", "/fleet reject")
    assert team.watch() == 0
    team.declare()
    team.hub.comment(REPO, number, "bob", "/fleet retry")
    assert team.watch() == 0
    assert team.labels(number) == ["fleet:done"]


def test_stop_ends_the_run_that_is_at_work(team: Team):
    team.declare(dev={"steps": [{"sleep": 60}]})
    number = team.ready("Add a note")

    def stopped(event) -> bool:
        if event.type == events.RUN_STARTED:
            team.hub.comment(REPO, number, "bob", "/fleet stop Not now.")
        return event.type == events.RUN_ENDED

    team.watch_until(stopped)
    assert "user/bob stopped it: Not now." in team.events(events.RUN_ENDED)[-1].data["reason"]


def test_a_pull_request_that_a_person_closes_is_given_up(asked: Team):
    asked.hub.close_issue(REPO, pull_of(asked), "bob")
    assert asked.watch() == 0
    assert asked.events(events.INSTANCE_FINISHED)[-1].data["outcome"] == "rejected"
    assert asked.labels(1) == ["fleet:blocked"]


def test_an_issue_that_a_person_closes_ends_its_work_and_closes_the_pull_request(asked: Team):
    asked.hub.close_issue(REPO, 1, "bob")
    assert asked.watch() == 0
    assert asked.api(f"/pulls/{pull_of(asked)}")["state"] == "closed"


def test_a_pull_request_that_a_person_merges_is_done(asked: Team):
    asked.hub.merge(REPO, pull_of(asked), "bob")
    assert asked.watch() == 0
    assert asked.labels(1) == ["fleet:done"]
    assert asked.api("/issues/1")["state"] == "closed"
    assert "by user/bob" in asked.events(events.INSTANCE_FINISHED)[-1].data["reason"]


def test_a_merge_by_a_person_ends_the_review_that_nobody_needs(team: Team):
    team.declare(lead={"steps": [{"sleep": 60}]})
    team.ready("Add a note")

    def merged(event) -> bool:
        if event.type == events.RUN_STARTED and team.state().runs[event.data["run"]].job == "review":
            team.hub.merge(REPO, pull_of(team), "bob")
        return event.type == events.INSTANCE_FINISHED

    team.watch_until(merged)
    assert team.events(events.INSTANCE_FINISHED)[-1].data["outcome"] == "done"


def test_remarks_of_an_agent_stand_at_their_lines(team: Team):
    says = "Good.\nnote-1-1.txt:1: I like this line."
    team.declare(dev={"steps": CODES}, lead={"steps": [{"agent": ["review", "approve", "-m", says]}]})
    team.ready("Add a note")
    assert team.watch() == 0
    pull = pull_of(team)
    remarks = team.api(f"/pulls/{pull}/comments")
    assert [(each["path"], each["line"], each["body"]) for each in remarks] == [
        ("note-1-1.txt", 1, "I like this line.")
    ]


def test_what_a_person_wrote_into_the_pull_request_stays(team: Team):
    team.declare(gate="    - human: always")
    team.ready("Add a note")
    assert team.watch() == 3
    pull = team.api("/pulls")[0]["number"]
    mine = {"title": "Note (mine)", "body": "Read the second file first."}
    team.hub.call("PATCH", f"/repos/{REPO}/pulls/{pull}", "bob", mine)
    team.hub.comment(REPO, pull, "bob", "/fleet approve")
    assert team.watch() == 0
    found = team.api(f"/pulls/{pull}")
    assert {name: found[name] for name in mine} == mine


def test_a_command_that_is_refused_is_answered_in_the_one_comment(team: Team):
    team.declare(gate="    - human: always")
    number = team.ready("Add a note")
    assert team.watch() == 3
    team.hub.comment(REPO, number, "carol", "/fleet approve")
    assert team.watch() == 3
    (comment,) = [each for each in team.api(f"/issues/{number}/comments") if "Fleet:" in each["body"]]
    assert "`/fleet approve of user/carol` was not followed: user/carol may not command" in comment["body"]
