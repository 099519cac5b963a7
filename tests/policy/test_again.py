"""After a failure it is tried again by its cause: what is nobody's fault uses up no attempt, and a provider
that refused is left alone by all who ask it.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.model import events
from fleet.model.fleet import Fleet, Questions
from fleet.policy.again import LONGEST_HOLD_MS, hold_ms
from fleet.policy.due import next_due, rest
from fleet.policy.question import MOST_BY_POLICY, WAITS_MS
from fleet.policy.reset import LONGEST_MS, reset_at
from fleet.testing.story import FLEET, Story

MINUTE = 60_000
OVERLOADED = {"code": 1, "finish": "overloaded", "error": "429"}
CRASHED = {"code": None, "signal": 11, "finish": ""}
AT = 1_767_268_800_000


def begun(fleet: Fleet = FLEET) -> Story:
    story = Story(fleet)
    story.issue()
    story.start("r1")
    story.about("r1", events.RUN_CONVERSED, conversation="c1")
    return story


def wait(story: Story, ms: int) -> None:
    story.now += ms
    story.tell(events.CLOCK_TICKED)


def until_started(story: Story, run: str) -> int:
    """Let time pass, from one due moment to the next, until it starts; how long that was (ms)."""
    begin = story.now
    while story.state.runs[run].state == "queued":
        due = next_due(story.fleet, story.state)
        assert due is not None
        wait(story, max(0, due - story.now))
    return story.now - begin


def test_a_provider_that_limits_uses_up_no_attempt_however_often():
    story = begun()
    for number in range(1, 9):
        story.end(f"r{number}", **OVERLOADED)
        until_started(story, f"r{number + 1}")
        story.start(f"r{number + 1}")
    run = story.state.runs["r9"]
    assert (run.attempt, run.state, run.conversation) == (1, "running", "c1")
    assert story.state.agents["developer"].failures == 0


def test_a_full_disk_uses_up_no_attempt_and_the_conversation_goes_on():
    story = begun()
    story.end("r1", reason="disk full", code=None, finish="")
    until_started(story, "r2")
    run = story.state.runs["r2"]
    assert (run.attempt, run.conversation) == (1, "c1")
    assert story.state.agents["developer"].failures == 0


def test_an_agent_that_was_ended_from_outside_goes_on_in_its_conversation():
    story = begun()
    story.end("r1", reason="stopped", error="its supervising process was asked to end", code=None, finish="")
    until_started(story, "r2")
    assert story.state.runs["r2"].conversation == "c1"


def test_what_the_provider_says_of_its_reset_is_waited_for_to_the_second():
    story = begun()
    story.end("r1", **OVERLOADED, retry_at=story.now + 40 * MINUTE)
    wait(story, 39 * MINUTE)
    assert story.state.runs["r2"].state == "queued"
    wait(story, 2 * MINUTE)
    assert story.state.runs["r2"].state == "starting"


def test_all_agents_of_a_provider_wait_with_the_one_that_was_refused_and_no_others():
    elsewhere = replace(FLEET.agents[0], name="dev2", harness="other")
    flow = replace(FLEET.workflows[0], jobs=(replace(FLEET.workflows[0].jobs[0], agents=("dev2",)),))
    lone = replace(flow, name="elsewhere", triggers=(replace(flow.triggers[0], label="other"),))
    story = begun(replace(FLEET, agents=(*FLEET.agents, elsewhere), workflows=(*FLEET.workflows, lone)))
    story.end("r1", **OVERLOADED, retry_at=story.now + 10 * MINUTE)
    story.issue("Two")
    story.issue("Three", "other")
    assert [run.state for run in story.state.runs.values()] == ["collecting", "queued", "starting"] or [
        run.state for run in story.state.runs.values()
    ] == ["ended", "queued", "queued", "starting"]


def test_a_long_wait_inside_a_run_holds_back_others_before_it_fails():
    story = begun(replace(FLEET, agents=(replace(FLEET.agents[0], slots=2), *FLEET.agents[1:])))
    until = story.now + 5 * MINUTE
    story.about("r1", events.RUN_WAITS, kind="rate limit", reason="429", at=story.now, until=until)
    story.issue("Two")
    assert story.state.runs["r2"].state == "queued"
    wait(story, 6 * MINUTE)
    assert story.state.runs["r2"].state == "starting"


def test_nobody_stays_for_a_provider_that_is_away_for_hours():
    story = begun()
    story.end("r1", **OVERLOADED, retry_at=story.now + 5 * 3_600_000)
    wait(story, MINUTE)
    assert rest(FLEET, story.state) == "waits"


def test_a_crashed_agent_comes_back_in_seconds_in_its_conversation():
    story = begun()
    story.end("r1", **CRASHED)
    assert until_started(story, "r2") <= 5_000
    run = story.state.runs["r2"]
    assert (run.resumes, run.conversation, run.attempt) == ("r1", "c1", 2)


def test_it_comes_back_at_most_as_often_as_attempts_says():
    story = begun(replace(FLEET, attempts=2, quarantine_failures=0))
    story.end("r1", **CRASHED)
    until_started(story, "r2")
    story.start("r2")
    story.end("r2", **CRASHED)
    assert [each.kind for each in story.state.approvals.values()] == ["failed"]


def test_a_machine_that_was_restarted_is_nobodys_failure():
    story = begun(replace(FLEET, attempts=1))
    story.end("r1", reason="host restarted", code=None, finish="")
    assert until_started(story, "r2") <= 5_000
    assert story.state.runs["r2"].attempt == 1


def test_whoever_was_ended_together_with_the_watcher_goes_on_and_has_not_failed():
    story = begun(replace(FLEET, attempts=1))
    story.end("r1", reason="person", code=143, finish="")
    until_started(story, "r2")
    assert (story.state.runs["r1"].outcome, story.state.runs["r2"].attempt) == ("stopped", 1)
    assert not story.state.agents["developer"].failures


def test_a_full_conversation_is_not_gone_on_with():
    story = begun()
    story.end("r1", code=1, finish="limit", error="prompt is too long")
    assert story.state.runs["r2"].resumes == ""


@given(st.integers(1, 200), st.text(max_size=8))
def test_a_provider_that_says_nothing_is_left_alone_for_longer_and_longer(strikes: int, salt: str) -> None:
    assert 0 < hold_ms(strikes, salt) <= LONGEST_HOLD_MS * 1.25
    assert hold_ms(strikes + 2, salt) >= min(hold_ms(strikes, salt), LONGEST_HOLD_MS)


@pytest.mark.parametrize(
    ("text", "after_ms"),
    [
        ("Claude AI usage limit reached|1767272400", 3_600_000),
        ("429 rate limit (resets at 1767272400)", 3_600_000),
        ("Rate limit reached. Please try again in 1.5s.", 1_500),
        ("You've hit your usage limit. Try again in 3 hours 20 minutes.", 12_000_000),
        ("Please retry in 34.07s.", 34_070),
        ("retry-after: 30", 30_000),
        ('{"retryDelay": "17s"}', 17_000),
        ("usage limit reached, resets 2026-01-01T13:00:00Z", 3_600_000),
        ("try again in 1h5m", 3_900_000),
        ("5-hour limit reached - resets 1pm (UTC)", 3_600_000),
        ("overloaded", 0),
        ("error 500 at line 12", 0),
        ("try again in 900 days", 0),
    ],
)
def test_the_reset_time_is_read_from_the_words_of_each_provider(text: str, after_ms: int) -> None:
    assert reset_at(text, AT) == (AT + after_ms if after_ms else 0)


@given(st.text(max_size=200), st.integers(0, 2**42))
def test_no_words_make_it_wait_for_ever(text: str, seen: int) -> None:
    found = reset_at(text, seen)
    assert found == 0 or seen < found <= seen + LONGEST_MS


def asking(fleet: Fleet = FLEET) -> Story:
    story = begun(fleet)
    story.about("r1", events.RUN_REPORTED, verdict="ask", text="Which database?")
    return story


def test_a_question_in_a_session_that_waits_for_the_answer_comes_before_a_person():
    story = asking()
    wait(story, WAITS_MS - 2_000)
    assert not story.state.runs["r1"].stop_reason
    wait(story, 4_000)
    assert story.state.runs["r1"].stop_kind == "question"
    story.end("r1", reason="question", code=None, signal=15, finish="")
    assert [(each.kind, each.why) for each in story.state.approvals.values()] == [
        ("question", "it asks: Which database?")
    ]


def test_an_agent_that_asked_and_goes_on_working_is_left_to_work():
    story = asking()
    for number in range(5):
        wait(story, MINUTE)
        story.about("r1", events.RUN_ACTED, action="edits", id=f"c{number}", kind="edit", call=str(number))
    assert not story.state.runs["r1"].stop_reason


def test_a_question_that_nobody_answers_is_answered_as_fleet_yaml_says():
    rules = Questions(30 * MINUTE, "go on with your best judgement")
    story = asking(replace(FLEET, agents=(replace(FLEET.agents[0], questions=rules), *FLEET.agents[1:])))
    story.end("r1")
    assert story.state.approvals["a1"].kind == "question"
    wait(story, 29 * MINUTE)
    assert not story.state.approvals["a1"].answer
    assert next_due(story.fleet, story.state) == story.state.approvals["a1"].asked + 30 * MINUTE
    wait(story, 2 * MINUTE)
    assert (story.state.approvals["a1"].answer, story.state.approvals["a1"].by) == (
        "given",
        "fleet/questions",
    )
    assert "go on with your best judgement" in story.state.runs["r2"].feedback
    assert story.state.runs["r2"].resumes == "r1"


def test_an_agent_that_asks_on_and_on_gets_a_person_in_the_end():
    rules = Questions(MINUTE, "go on")
    story = Story(replace(FLEET, agents=(replace(FLEET.agents[0], questions=rules), *FLEET.agents[1:])))
    story.issue()
    for number in range(1, MOST_BY_POLICY + 2):
        story.start(f"r{number}")
        story.about(f"r{number}", events.RUN_REPORTED, verdict="ask", text="And now?")
        story.end(f"r{number}")
        wait(story, 2 * MINUTE)
    assert story.state.approvals[f"a{MOST_BY_POLICY + 1}"].answer == ""


def test_a_comment_on_the_item_by_a_person_with_a_say_is_the_answer():
    story = asking()
    story.end("r1")
    item = {"item": 1, "author": "user/zoe", "text": "Postgres, of course."}
    story.tell(events.ITEM_COMMENTED, **item, trusted=False)
    assert not story.state.approvals["a1"].answer
    story.tell(events.ITEM_COMMENTED, **{**item, "author": "user/mia"}, trusted=True)
    assert (story.state.approvals["a1"].answer, story.state.approvals["a1"].by) == ("given", "user/mia")
    assert "Postgres, of course." in story.state.runs["r2"].feedback


def test_an_answer_told_to_a_session_that_ended_without_hearing_it_is_not_lost():
    story = asking()
    story.tell(events.RUN_SAID, run="r1", text="Postgres.", actor="user/mia")
    story.end("r1")
    assert "Postgres." in story.state.runs["r2"].feedback


def test_an_answer_that_was_heard_lets_the_session_go_on():
    story = asking()
    story.tell(events.RUN_SAID, run="r1", text="Postgres.", actor="user/mia")
    story.about("r1", events.RUN_ACTED, action="was told something by a person", told=True)
    story.about("r1", events.RUN_ACTED, action="edits", id="c9", kind="edit", call="x")
    wait(story, 2 * WAITS_MS)
    assert not story.state.runs["r1"].stop_reason
    assert story.state.runs["r1"].question == ""
