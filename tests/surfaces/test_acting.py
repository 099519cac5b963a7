"""Verbs by which people act: the event that each appends, what it refuses, and that the rules take it up."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import fleet
from fleet.model import events

WAITS = "The watcher does not run"


def failed_job(cli) -> None:
    """A job that waits for a person, since its run was stopped at its ceiling: approval a1."""
    cli.story.issue()
    cli.story.start("r1")
    cli.story.end("r1", reason="ceiling", finish="")


def merge_asked(cli) -> None:
    """A change that waits for a person's word: pull request 2, approval a1."""
    cli.story.issue()
    cli.story.deliver("r1")
    cli.story.deliver("r2", "approve")
    cli.story.examine(score=80)


def test_an_issue_is_opened_while_no_watcher_runs(cli):
    said = cli("issue", "create", "Add  a note", "-b", "Please.", "-l", "fleet:ready", "-l", "docs", "--json")
    assert said.code == 0
    assert WAITS in said.err
    assert said.json["id"] == 1
    event = cli.newest(events.ITEM_OPENED)
    assert event.source == "user/mia"
    assert event.subject == "item/1"
    assert dict(event.data) == {
        "item": 1,
        "kind": "issue",
        "title": "Add a note",
        "body": "Please.",
        "labels": ["fleet:ready", "docs"],
        "author": "user/mia",
        "trusted": True,
    }


def test_a_login_with_odd_signs_is_a_plain_name(cli, monkeypatch):
    monkeypatch.setenv("LOGNAME", "DOM\\mia \x1b[2J")
    cli("emit", "x.y")
    assert cli.newest("x.y").source == "user/DOM_mia___2J"


def test_an_issue_with_the_label_starts_its_workflow(cli):
    cli("issue", "create", "Add a note", "-l", "fleet:ready")
    cli.story.settle()
    assert cli.story.state.runs["r1"].agent == "developer"


def test_issues_and_pull_requests_share_one_line_of_numbers(cli):
    merge_asked(cli)
    assert cli("issue", "create", "Another", "--json").json["id"] == 3


FIVE_ISSUES = """
from fleet.surfaces.cli.root import run
for number in range(5):
    assert run(["issue", "create", f"Issue {number}"]) == 0
"""


def test_two_people_who_open_issues_at_once_get_different_numbers(cli):
    argv = [sys.executable, "-c", FIVE_ISSUES]
    source = str(Path(fleet.__file__).parents[1])
    people = [subprocess.Popen(argv, env={**os.environ, "PYTHONPATH": source}) for _ in range(3)]
    assert [each.wait(60) for each in people] == [0, 0, 0]
    numbers = [event.data["item"] for event in cli.log.read() if event.type == events.ITEM_OPENED]
    assert sorted(numbers) == list(range(1, 16))


def test_a_body_may_come_from_a_file(cli, tmp_path):
    (tmp_path / "body.md").write_text("Long.\nText.\n")
    cli("issue", "create", "Add a note", "-F", str(tmp_path / "body.md"))
    assert cli.newest(events.ITEM_OPENED).data["body"] == "Long.\nText.\n"


def test_a_label_starts_what_listens_to_it(cli):
    cli.story.issue("Later", "someday")
    said = cli("issue", "label", "1", "fleet:ready", "--json")
    assert said.json["labels"] == ["someday", "fleet:ready"]
    cli.story.settle()
    assert cli.story.state.runs["r1"].job == "implement"


def test_a_label_is_taken_away(cli):
    cli.story.issue("Later", "someday", "docs")
    assert cli("issue", "label", "1", "docs", "--remove", "--json").json["labels"] == ["someday"]


def test_a_comment_is_there_for_the_agent(cli):
    cli.story.issue()
    cli("issue", "comment", "1", "in English")
    cli.story.settle()
    assert cli.story.state.items[1].comments[0]["text"] == "in English"


def test_a_closed_issue_ends_its_work(cli):
    cli.story.issue()
    cli("issue", "close", "1", "--reason", "not wanted")
    cli.story.settle()
    assert cli.story.state.instances["i1"].outcome == "rejected"
    assert cli("issue", "close", "1").code == 1


def test_a_task_is_given_to_an_agent(cli):
    said = cli("run", "developer", "tidy", "up", "--json")
    assert said.code == 0
    cli.story.settle()
    assert cli.story.state.items[1].title == "tidy up"
    assert cli.story.state.runs["r1"].agent == "developer"


def test_a_task_may_be_about_an_issue(cli):
    cli.story.issue("Later", "someday")
    cli("run", "feature", "--item", "1")
    cli.story.settle()
    assert cli.story.state.instances["i1"].item == 1


def test_a_task_for_nobody_names_the_nearest(cli):
    said = cli("run", "develpoer", "tidy up")
    assert said.code == 1
    assert "Did you mean developer?" in said.err
    assert cli("run", "developer").code == 2


def test_approving_a_merge_lets_it_happen(cli):
    merge_asked(cli)
    said = cli("approve", "a1", "--note", "fine", "--json")
    assert said.json["answer"] == "given"
    event = cli.newest(events.APPROVAL_GIVEN)
    assert dict(event.data) == {"approval": "a1", "actor": "user/mia", "note": "fine"}
    assert event.causation_id == cli.newest(events.APPROVAL_ASKED).id
    cli.story.settle()
    assert [wish.kind for wish in cli.story.state.wishes.values()] == ["merge"]


def test_an_approval_is_answered_once(cli):
    merge_asked(cli)
    cli("approve", "a1")
    said = cli("approve", "a1")
    assert said.code == 1
    assert "answered already" in said.err


def test_a_question_is_answered_with_words_or_not_at_all(cli):
    cli.story.issue()
    cli.story.start("r1")
    cli.story.about("r1", events.RUN_REPORTED, verdict="ask", text="in which language?")
    cli.story.end("r1")
    said = cli("approve", "a1")
    assert said.code == 2
    assert "in which language?" in said.err
    assert cli("approve", "a1", "--note", "English").code == 0
    cli.story.settle()
    assert "English" in cli.story.state.runs["r2"].feedback


def test_saying_something_to_a_run_that_asked_is_the_answer(cli):
    cli.story.issue()
    cli.story.start("r1")
    cli.story.about("r1", events.RUN_REPORTED, verdict="ask", text="in which language?")
    cli.story.end("r1")
    assert cli("say", "r1", "in", "English", "--json").json["approval"] == "a1"
    assert cli.newest(events.APPROVAL_GIVEN).data["note"] == "in English"


def test_a_live_run_hears_what_is_said(cli):
    cli.story.issue()
    cli.story.start("r1")
    assert cli("say", "r1", "look at a.py").code == 0
    cli.story.settle()
    assert [wish.args["text"] for wish in cli.story.state.wishes.values()] == ["look at a.py"]


def test_who_speaks_to_an_agent_that_hears_nothing_while_it_works_is_told_so(cli):
    fleet = cli.story.fleet
    deaf = replace(fleet.agents[0], harness="opencode")
    cli.story.fleet = replace(fleet, agents=(deaf, *fleet.agents[1:]))
    cli.story.issue()
    cli.story.start("r1")
    assert "it hears it when it goes on" in cli("say", "r1", "look at a.py").out


def test_an_ended_run_hears_nothing(cli):
    failed_job(cli)
    said = cli("say", "r1", "hello")
    assert said.code == 1
    assert "fleet retry r1" in said.err


def test_a_refused_merge_ends_its_work(cli):
    merge_asked(cli)
    assert cli("reject", "a1", "--reason", "too risky").code == 0
    cli.story.settle()
    assert not cli.story.state.changes[2].open
    assert "too risky" in cli.story.state.instances["i1"].reason


def test_a_refused_merge_may_go_back_to_its_author(cli):
    merge_asked(cli)
    assert cli("reject", "a1", "--reason", "split it", "--send-back").code == 0
    cli.story.settle()
    assert "split it" in cli.story.state.runs["r3"].feedback


def test_only_a_merge_can_be_sent_back(cli):
    failed_job(cli)
    assert cli("reject", "a1", "--reason", "no", "--send-back").code == 2


def test_a_refusal_needs_a_reason(cli):
    merge_asked(cli)
    assert cli("reject", "a1").code == 2
    assert cli("reject", "a1", "--reason", " ").code == 2


def test_a_review_by_a_person_counts_for_the_head(cli):
    cli.story.issue()
    cli.story.deliver("r1")
    head = cli.story.state.changes[2].head
    assert cli("pr", "review", "2", "approve", "--json").json["head"] == head
    cli.story.settle()
    assert cli.story.state.changes[2].reviews[-1]["by"] == "user/mia"


def test_a_person_who_wants_changes_has_to_say_which(cli):
    cli.story.issue()
    cli.story.deliver("r1")
    assert cli("pr", "review", "2", "request-changes").code == 2
    assert cli("pr", "review", "2", "request-changes", "-m", "name the owner").code == 0
    assert cli("pr", "review", "2", "perhaps").code == 2


def test_a_closed_pull_request_ends_its_work(cli):
    cli.story.issue()
    cli.story.deliver("r1")
    assert cli("pr", "close", "2", "--reason", "not wanted").code == 0
    cli.story.settle()
    assert cli.story.state.instances["i1"].outcome == "rejected"
    assert cli("pr", "review", "2", "approve").code == 1


def test_a_run_that_gave_up_is_tried_again(cli):
    failed_job(cli)
    assert cli("retry", "r1", "--note", "be quick").code == 0
    assert cli.newest(events.APPROVAL_GIVEN).data["approval"] == "a1"
    cli.story.settle()
    assert "be quick" in cli.story.state.runs["r2"].feedback


def test_a_run_of_work_that_was_given_up_is_tried_again(cli):
    failed_job(cli)
    cli("reject", "a1", "--reason", "no")
    cli.story.settle()
    assert cli("retry", "r1").code == 0
    assert cli.newest(events.JOB_RESUMED).data["job"] == "implement"
    cli.story.settle()
    assert cli.story.state.runs["r2"].live


def test_only_what_ended_badly_can_be_tried_again(cli):
    cli.story.issue()
    said = cli("retry", "r1")
    assert said.code == 1
    assert "has not ended" in said.err
    cli.story.deliver("r1")
    assert "has succeeded" in cli("retry", "r1").err


def test_an_agent_is_quarantined_and_released(cli):
    assert cli("quarantine", "developer", "--reason", "it loops").code == 0
    cli.story.issue()
    assert cli.story.state.runs["r1"].state == "queued"
    assert cli("quarantine", "developer", "--reason", "again").code == 1
    assert cli("release", "developer", "--reason", "fixed").code == 0
    cli.story.settle()
    assert cli.story.state.runs["r1"].live
    assert cli("release", "developer", "--reason", "again").code == 1


def test_an_agent_is_released_as_its_status_says(cli):
    cli("quarantine", "developer")
    hint = cli("why", "developer", "--json").json["waits_for"]
    assert hint == 'a person: fleet release developer -m "why"'
    assert cli(*hint.partition("fleet ")[2].split()).code == 0


def test_an_agent_that_is_not_there_cannot_be_quarantined(cli):
    said = cli("quarantine", "develper", "--reason", "it loops")
    assert said.code == 1
    assert "Did you mean developer?" in said.err


def test_an_event_of_ones_own_is_appended(cli):
    said = cli("emit", "docs.outdated", "--data", '{"page": 3}', "--subject", "README", "--json")
    assert said.json["type"] == "docs.outdated"
    event = cli.newest("docs.outdated")
    assert (dict(event.data), event.subject, event.source) == ({"page": 3}, "README", "user/mia")


@pytest.mark.parametrize(
    "words",
    [("fleet.run.ended",), ("Fleet.x",), ("has space",), ("x.y", "--data", "[1]"), ("x.y", "--data", "{")],
)
def test_what_is_no_event_of_a_person_is_refused(cli, words):
    seq = cli.log.head().seq
    assert cli("emit", *words).code == 2
    assert cli.log.head().seq == seq


def test_a_queued_run_is_stopped_before_it_starts(cli):
    cli.story.issue()
    cli.story.issue("Another")
    assert cli("stop", "r2", "--reason", "later").code == 0
    cli.story.settle()
    assert cli.story.state.runs["r2"].state == "cancelled"
    assert cli("stop", "r2").code == 1


def held_call(cli, **offer: object) -> None:
    """A call of a tool that waits for a person, as approval a1."""
    path = cli.place.root / "fleet.yaml"
    held = "    permissions: {otherwise: ask}   # held\n    harness: claude-code\n    model: small"
    text = path.read_text().replace("    model: small", held)
    path.write_text(text.replace("    options: {script: script.yaml}\n", ""))
    cli.git("commit", "-qam", "Hold it to rules")
    cli.story.issue()
    cli.story.start("r1")
    asked = {"call": "c1", "tool": "Bash", "about": "make deploy", "rule": "", "until": 10**15}
    cli.story.about("r1", events.TOOL_ASKED, agent="developer", **asked, **offer)


DEPLOY = {"where": "allow", "rules": ["Bash(make deploy)"]}


def test_a_rule_for_good_is_shown_and_not_written_while_nobody_says_yes(cli):
    held_call(cli, offer=DEPLOY)
    said = cli("approve", "a1", "--always")
    assert said.code == 2
    assert '+    permissions: {allow: ["Bash(make deploy)"], otherwise: ask}   # held' in said.err
    assert "fleet approve a1 --always --yes" in said.err
    assert not [each for each in cli.log.read() if each.type == events.APPROVAL_GIVEN]


def test_always_lets_the_call_go_on_and_asks_for_the_rule(cli):
    held_call(cli, offer=DEPLOY)
    said = cli("approve", "a1", "--always", "--yes", "--json")
    assert (said.code, said.json["answer"], said.json["rules"]) == (0, "given", ["Bash(make deploy)"])
    assert cli.newest(events.APPROVAL_GIVEN).data["approval"] == "a1"
    data = cli.newest(events.RULES_PROPOSED).data
    assert (data["agent"], data["where"], data["actor"]) == ("developer", "allow", "user/mia")


def test_always_is_no_answer_where_no_rule_would_be_just_this_call(cli):
    held_call(cli)
    said = cli("approve", "a1", "--always", "--yes")
    assert said.code == 1
    assert "no rule would allow just this call" in said.err
