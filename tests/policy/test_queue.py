"""When a job begins, who plays it, and how long a failed one pauses."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.model import events
from fleet.model.fleet import Agent, Fleet, Job, Trigger, Workflow
from fleet.policy.again import FIRST_PAUSE_MS, LONGEST_PAUSE_MS, pause_ms
from fleet.policy.due import next_due, rest
from fleet.testing.story import FLEET, Story


def _with(*agents: Agent, jobs: tuple[Job, ...] = ()) -> Fleet:
    """Fleets whose developers are these."""
    lead = FLEET.agents[1]
    jobs = jobs or (
        Job("implement", agents=tuple(agent.name for agent in agents)),
        Job("review", agents=("tech-lead",), needs=("implement",)),
        Job("merge", action="merge", needs=("review",)),
    )
    flow = Workflow("feature", (Trigger("issue", label="fleet:ready"),), jobs)
    return replace(FLEET, agents=(*agents, lead), workflows=(flow,))


# ------------------------------------------------------------ pauses


@given(failures=st.integers(1, 10_000), salt=st.text(max_size=10))
def test_a_pause_is_bounded_and_always_the_same(failures: int, salt: str) -> None:
    pause = pause_ms(failures, salt)
    assert FIRST_PAUSE_MS <= pause <= LONGEST_PAUSE_MS * 1.25
    assert pause == pause_ms(failures, salt)


@given(salt=st.text(max_size=10))
def test_a_pause_doubles_until_it_is_long_enough(salt: str) -> None:
    pauses = [pause_ms(failures, salt) for failures in range(1, 14)]
    assert pauses == sorted(pauses)
    assert pauses[1] == pytest.approx(2 * pauses[0], abs=2)


def test_pauses_of_different_runs_are_spread() -> None:
    assert len({pause_ms(3, f"r{number}") for number in range(50)}) > 20


def test_what_did_not_fail_does_not_pause() -> None:
    assert pause_ms(0, "r1") == 0


def test_a_failed_job_is_tried_again_after_its_pause_and_not_before() -> None:
    story = Story()
    story.issue()
    story.start("r1")
    story.end("r1", code=1, finish="error", error="it broke")
    run = story.state.runs["r2"]
    assert run.not_before == story.state.runs["r1"].ended + pause_ms(1, "r1")
    story.now = run.not_before - 1
    story.now -= 1000
    story.tell(events.BASE_SEEN, sha="b" * 40)
    assert run.state == "queued"
    assert next_due(FLEET, story.state) == run.not_before
    story.tell(events.CLOCK_TICKED, due=run.not_before)
    assert run.state == "starting"


def test_the_first_retry_goes_on_in_the_conversation_and_later_ones_begin_a_new_one() -> None:
    story = Story()
    story.issue()
    for number in (1, 2):
        run = f"r{number}"
        story.start(run)
        story.about(run, events.RUN_CONVERSED, conversation="c", model="", version="")
        story.end(run, code=1, finish="error", error="it broke")
        story.now += 3_600_000
        story.tell(events.CLOCK_TICKED, due=0)
    assert (story.state.runs["r2"].resumes, story.state.runs["r2"].conversation) == ("r1", "c")
    assert (story.state.runs["r3"].resumes, story.state.runs["r3"].conversation) == ("", "")


# ------------------------------------------------------------ who


def test_the_least_loaded_takes_the_next_run() -> None:
    story = Story(_with(Agent("one", "change", slots=4), Agent("two", "change", slots=2)))
    for _ in range(6):
        story.issue()
    assert [run.agent for run in story.state.runs.values()] == ["one", "two", "one", "one", "two", "one"]


def test_of_equally_loaded_ones_the_first_declared_takes_it() -> None:
    story = Story(_with(Agent("b", "change"), Agent("a", "change")))
    story.issue()
    assert story.state.runs["r1"].agent == "b"


def test_runs_are_admitted_in_the_order_in_which_they_were_queued() -> None:
    story = Story(_with(Agent("one", "change", slots=1)))
    for _ in range(3):
        story.issue()
    story.deliver("r1")
    assert [name for name, run in story.state.runs.items() if run.state == "starting"] == ["r2", "r4"]
    assert story.state.runs["r4"].job == "review"


def test_who_knows_the_conversation_goes_on_with_it_though_another_is_idle() -> None:
    story = Story(_with(Agent("one", "change", slots=2), Agent("two", "change", slots=2)))
    story.issue()
    story.start("r1")
    story.about("r1", events.RUN_CONVERSED, conversation="c1", model="", version="")
    story.issue()
    story.about("r1", events.RUN_REPORTED, verdict="ask", text="Which?")
    story.end("r1")
    story.tell(events.APPROVAL_GIVEN, approval="a1", actor="user/ann", note="This.")
    assert (story.state.runs["r3"].agent, story.state.runs["r3"].conversation) == ("one", "c1")


def test_another_agent_that_takes_over_begins_a_conversation_of_its_own() -> None:
    story = Story(_with(Agent("one", "change"), Agent("two", "change")))
    story.issue()
    story.start("r1")
    story.about("r1", events.RUN_CONVERSED, conversation="c1", model="", version="")
    story.tell(events.AGENT_QUARANTINED, agent="one", reason="bad", actor="user/ann")
    story.end("r1", reason="quarantine", code=None)
    assert (story.state.runs["r2"].agent, story.state.runs["r2"].conversation) == ("two", "")


def test_no_author_reviews_a_change_of_its_own_not_even_of_an_earlier_round() -> None:
    both = (Agent("one", "change"), Agent("two", "change"))
    jobs = (
        Job("implement", agents=("one", "two")),
        Job("review", agents=("tech-lead", "two"), needs=("implement",)),
    )
    story = Story(_with(*both, jobs=jobs))
    story.issue()
    story.deliver("r1")
    story.deliver("r2", "request-changes")
    story.tell(events.AGENT_QUARANTINED, agent="one", reason="bad", actor="user/ann")
    story.examine()
    assert story.state.runs["r3"].agent == "two"
    story.tell(events.AGENT_QUARANTINED, agent="tech-lead", reason="bad", actor="user/ann")
    story.deliver("r3")
    assert story.state.changes[2].authors == ["agent/one", "agent/two"]
    assert story.state.runs["r4"].state == "queued"


# ------------------------------------------------------------ rest


def test_a_project_without_work_is_idle() -> None:
    assert rest(FLEET, Story().state) == "idle"


def test_work_is_busy_and_a_question_waits() -> None:
    story = Story()
    story.issue()
    assert rest(FLEET, story.state) == "busy"
    story.start("r1")
    story.about("r1", events.RUN_REPORTED, verdict="ask", text="Which?")
    story.tell(events.EFFECT_DONE, key="allow/r1")
    story.end("r1")
    assert rest(FLEET, story.state) == "waits"


def test_a_pause_is_busy_since_it_ends_by_itself() -> None:
    story = Story()
    story.issue()
    story.start("r1")
    story.end("r1", code=1, finish="error", error="it broke")
    assert rest(FLEET, story.state) == "busy"


def test_nothing_is_due_where_nothing_waits_for_a_time() -> None:
    story = Story()
    story.issue()
    assert next_due(FLEET, story.state) is None
