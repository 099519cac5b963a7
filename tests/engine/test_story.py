"""From a labelled issue to a merged pull request, with real agents, real git and a real log."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from tests.engine.conftest import (
    APPROVES,
    BUDGET,
    CHECKS,
    CODES,
    CODES_A_FILE_EACH,
    CODES_LOUDER,
    OBJECTS_ONCE,
    Stage,
    assert_merged,
    commits,
    git,
    make_project,
    unexplained,
    verdict,
)

from fleet.model import events

slow = pytest.mark.slow  # each is a story of real processes, and there are many
OBJECTS_ALWAYS = {"steps": verdict("request-changes", "Say it louder.")}


@pytest.fixture(scope="module")
def sent_back(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A story in which a reviewer objects once. It is over: look only."""
    stage = Stage(make_project(tmp_path_factory.mktemp("story") / "shop"))
    stage.issue()
    fleet = stage.pair(CODES_LOUDER, OBJECTS_ONCE, checks=CHECKS)
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet)
    yield stage
    stage.end()


def test_an_issue_becomes_a_merged_change(stage: Stage):
    developer = stage.agent("dev", "change", CODES, budget=BUDGET)
    fleet = stage.fleet(developer, stage.agent("lead", "review", APPROVES), checks=CHECKS)
    issue = stage.issue("Add a note")
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet)
    assert (stage.root / "notes.txt").read_text() == "a note\n"
    assert stage.state().items[issue].open is False


def test_a_merge_commit_leads_back_into_the_log(sent_back: Stage):
    stage = sent_back
    message = git(stage.root, "log", "-1", "--format=%B")
    merged = stage.events(events.CHANGE_MERGED)[0].data
    assert message.startswith("Merge #2: Add a note\n")
    assert f"Fleet-Change: 2\nFleet-Item: 1\nFleet-Head: {merged['head']}\n" in message
    assert "Fleet-Author: agent/dev\nFleet-Reviewed-by: agent/lead" in message


def test_every_event_of_a_story_but_the_first_ones_names_its_cause(sent_back: Stage):
    stage = sent_back
    known = {event.id for event in stage.events()}
    without = {event.type for event in stage.events() if event.causation_id not in known}
    assert without == {
        events.ITEM_OPENED,
        events.CONFIG_LOADED,
        events.WATCHER_STARTED,
        events.WATCHER_STOPPED,
    }


def test_an_agent_sees_nothing_of_the_operators_secrets(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    for name in ("GH_TOKEN", "GITHUB_TOKEN", "SSH_AUTH_SOCK", "GIT_ASKPASS", "SOME_SECRET"):
        monkeypatch.setenv(name, "s3cr3t")
    shows = "env | grep -v FLEET_TOKEN > env.txt; git remote >> env.txt"
    code = {"steps": [{"run": shows}, *commits("a note")]}
    fleet = stage.pair(code)
    stage.issue()
    assert stage.watch(fleet) == 0
    assert "s3cr3t" not in (stage.root / "env.txt").read_text()
    assert "FLEET_RUN=r1" in (stage.root / "env.txt").read_text()


# ------------------------------------------------------------ rounds


def test_a_change_that_was_sent_back_is_accepted_in_the_same_conversation(sent_back: Stage):
    stage = sent_back
    assert (stage.root / "notes.txt").read_text() == "a note\nA NOTE\n"
    assert [run.conversation for run in stage.state().runs.values() if run.job == "implement"] == [
        "scripted-r1",
        "scripted-r1",
    ]
    assert {"type": "message", "text": "resumed"} in stage.said("r3")


def test_who_works_again_is_told_what_the_reviewer_wrote(sent_back: Stage):
    prompt = sent_back.prompt("r3")
    assert "agent/lead asks for changes:" in prompt["text"]
    assert re.search(r"^    Say it louder\.$", prompt["text"], re.MULTILINE)


def test_the_reviewer_of_the_second_round_is_told_that_there_is_a_new_commit(sent_back: Stage):
    assert "new commit since you last saw it" in sent_back.prompt("r4")["text"]


@slow
def test_one_trip_back_carries_what_every_reviewer_wrote(stage: Stage):
    code = {
        "cases": [
            {"when": {"prompt": r"(?s)louder.*clearer|clearer.*louder"}, "steps": commits("A NOTE")},
            {"steps": commits("a note")},
        ]
    }
    clearer = {
        "cases": [
            {"when": {"round": 1}, "steps": verdict("request-changes", "Say it clearer.")},
            {"steps": verdict("approve", "Clear.")},
        ]
    }
    fleet = stage.fleet(
        stage.agent("dev", "change", code),
        stage.agent("lead", "review", OBJECTS_ONCE),
        stage.agent("qa", "check", clearer),
    )
    stage.issue()
    assert stage.watch(fleet) == 0
    assert stage.state().instances["i1"].round == 2


@slow
def test_after_the_last_round_a_person_is_asked(stage: Stage):
    fleet = stage.pair({"steps": commits("a note")}, OBJECTS_ALWAYS, rounds=1)
    stage.issue()
    assert stage.watch(fleet) == 3
    asked = stage.board(fleet)["approvals"]
    assert [(each["kind"], each["job"]) for each in asked] == [("rounds", "implement")]
    assert "1 rounds is the most" in asked[0]["why"]
    assert len(stage.state().runs) == 4
    assert unexplained(stage, fleet) == []


@slow
def test_a_persons_yes_after_the_last_round_gives_one_more(stage: Stage):
    review = {
        "cases": [
            {"when": {"round": 3}, "steps": verdict("approve", "At last.")},
            {"steps": verdict("request-changes", "Say it louder.")},
        ]
    }
    fleet = stage.pair({"steps": commits("a note")}, review, rounds=1)
    stage.issue()
    stage.watch(fleet)
    stage.approve("a1", "Once more, and mind the reviewer.")
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet)
    assert "Once more, and mind the reviewer." in stage.prompt("r5")["text"]


@slow
def test_a_persons_no_after_the_last_round_ends_the_story(stage: Stage):
    fleet = stage.pair({"steps": commits("a note")}, OBJECTS_ALWAYS, rounds=0)
    stage.issue()
    stage.watch(fleet)
    stage.tell(events.APPROVAL_REFUSED, approval="a1", note="Not worth it.", send_back=False)
    assert stage.watch(fleet) == 0
    state = stage.state()
    assert (state.instances["i1"].outcome, state.instances["i1"].reason) == (
        "rejected",
        "user/ann refused: Not worth it.",
    )
    assert not state.changes[2].open
    assert git(stage.root, "log", "--format=%s") == "Start"


# ------------------------------------------------------------ who works, and when


def test_jobs_that_need_the_same_one_run_side_by_side(stage: Stage):
    fleet = stage.fleet(
        stage.agent("dev", "change", CODES),
        stage.agent("lead", "review", APPROVES),
        stage.agent("qa", "check", APPROVES),
    )
    stage.issue()
    assert stage.watch(fleet) == 0
    kinds = [(event.type, event.data["run"]) for event in stage.events() if "run" in event.data]
    order = [
        kinds.index((kind, run)) for kind in (events.RUN_STARTED, events.RUN_ENDED) for run in ("r2", "r3")
    ]
    assert max(order[:2]) < min(order[2:])


def test_a_job_begins_only_when_what_it_needs_is_done(sent_back: Stage):
    kinds = [(event.type, event.data.get("run", "")) for event in sent_back.events()]
    assert kinds.index((events.RUN_ENDED, "r1")) < kinds.index((events.RUN_QUEUED, "r2"))


@slow
def test_two_developers_share_the_work(stage: Stage):
    fleet = stage.fleet(
        stage.agent("dev", "change", CODES_A_FILE_EACH),
        stage.agent("dev2", "change", CODES_A_FILE_EACH),
        stage.agent("lead", "review", APPROVES),
    )
    stage.issue("One")
    stage.issue("Two")
    assert stage.watch(fleet) == 0
    assert {agent for agent, job, _ in stage.outcomes() if job == "implement"} == {"dev", "dev2"}


@slow
def test_no_agent_has_more_runs_than_slots(stage: Stage):
    fleet = stage.fleet(
        stage.agent("dev", "change", CODES_A_FILE_EACH, slots=2), stage.agent("lead", "review", APPROVES)
    )
    for number in range(3):
        stage.issue(f"Issue {number}")
    assert stage.watch(fleet) == 0
    at_once = most = 0
    for event in stage.events():
        if event.type == events.RUN_ADMITTED and event.data["agent"] == "dev":
            at_once += 1
            most = max(most, at_once)
        elif event.type == events.RUN_ENDED and event.data["agent"] == "dev":
            at_once -= 1
    assert most == 2


@slow
def test_ten_issues_at_once_are_all_merged_and_none_twice(stage: Stage):
    fleet = stage.fleet(
        stage.agent("dev", "change", CODES_A_FILE_EACH, slots=4),
        stage.agent("lead", "review", APPROVES, slots=4),
        checks=CHECKS[:0],
    )
    for number in range(10):
        stage.issue(f"Issue {number}")
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet, changes=10)
    assert len(list(stage.root.glob("note-*.txt"))) == 10


def test_a_second_watcher_of_a_finished_project_finds_nothing_to_do(stage: Stage):
    fleet = stage.pair()
    stage.issue()
    stage.watch(fleet)
    before = len(stage.events())
    assert stage.watch(fleet) == 0
    assert [event.type for event in stage.events()[before:]] == [
        events.WATCHER_STARTED,
        events.WATCHER_STOPPED,
    ]
