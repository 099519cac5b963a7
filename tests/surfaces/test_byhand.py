"""What a person has in hand is theirs until they give it back, however the run came to wait."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.model import events
from fleet.model.errors import FleetError, UsageError
from fleet.model.event import Event
from fleet.model.fleet import Questions
from fleet.policy.fold import fold
from fleet.surfaces import deeds
from fleet.testing.story import FLEET, Story
from fleet.views.board import board
from fleet.views.doing import standing

MIA, ANN = "user/mia", "user/ann"


def told(story: Story, found: list[Event]) -> None:
    for each in found:
        story.tell(each.type, source=each.source, **each.data)


@pytest.fixture
def asks() -> Story:
    """Its first run has ended with a question, which fleet.yaml answers after a minute."""
    quick = replace(FLEET.agents[0], questions=Questions(60_000, "Go on."))
    story = Story(replace(FLEET, agents=(quick, *FLEET.agents[1:])))
    story.issue()
    story.start("r1")
    story.about("r1", events.RUN_REPORTED, verdict="ask", text="Red or blue?")
    story.end("r1")
    return story


def test_a_question_that_somebody_took_in_hand_is_answered_by_nobody_else(asks: Story):
    told(asks, deeds.taken_over(asks.state, MIA, "r1", "claude"))
    asks.now += 120_000
    asks.tell(events.ITEM_COMMENTED, item=1, author=ANN, text="Blue", trusted=True)
    assert list(asks.state.runs) == ["r1"]


@pytest.mark.parametrize("deed", [deeds.retried, lambda *who: deeds.said(*who, "Blue")])
def test_nobody_lets_the_agent_in_where_a_person_works(asks: Story, deed):
    told(asks, deeds.taken_over(asks.state, MIA, "r1", "claude"))
    with pytest.raises(FleetError) as refused:
        deed(asks.state, ANN, "r1")
    assert (refused.value.why, "fleet handback r1" in refused.value.do) == ("user/mia took it over", True)


def test_a_second_person_does_not_take_over_what_one_has_in_hand(asks: Story):
    told(asks, deeds.taken_over(asks.state, MIA, "r1", "claude"))
    with pytest.raises(FleetError, match="in other hands"):
        deeds.taken_over(asks.state, ANN, "r1", "claude")
    assert deeds.taken_over(asks.state, MIA, "r1", "claude")


def test_its_agent_goes_on_after_the_hand_back(asks: Story):
    told(asks, deeds.taken_over(asks.state, MIA, "r1", "claude"))
    told(asks, deeds.handed_back(asks.state, MIA, "r1", "It is blue.", {}))
    assert "It is blue." in asks.state.runs["r2"].feedback


def test_who_hands_back_before_the_watcher_has_told_of_the_end_is_told_to_wait_for_it():
    story = Story()
    story.issue()
    story.start("r1")
    told(story, deeds.taken_over(story.state, MIA, "r1", "claude"))
    with pytest.raises(FleetError) as refused:
        deeds.handed_back(story.state, MIA, "r1", "", {})
    assert "fleet watcher start" in refused.value.do


def test_what_is_taken_over_while_it_is_stopped_for_another_reason_waits_for_the_person_too(asks: Story):
    story = Story()
    story.issue()
    story.start("r1")
    story.about("r1", events.RUN_STOP_ASKED, reason="it repeats itself", kind="stuck")
    told(story, deeds.taken_over(story.state, MIA, "r1", "claude"))
    story.end("r1", reason="stopped", finish="")
    assert list(story.state.runs) == ["r1"]
    assert standing(story.state.runs["r1"], story.now).reason.startswith("user/mia took it over")


def test_a_question_is_not_tried_again_without_an_answer(asks: Story):
    with pytest.raises(UsageError, match="your answer is missing"):
        deeds.retried(asks.state, MIA, "r1")


def test_who_speaks_to_a_run_that_was_followed_by_another_is_told_of_that(asks: Story):
    told(asks, deeds.said(asks.state, MIA, "r1", "Blue"))
    with pytest.raises(FleetError) as refused:
        deeds.said(asks.state, ANN, "r1", "Red")
    assert refused.value.do == "r2 went on with its work: fleet runs r2"


def test_a_second_answer_is_told_who_gave_the_first_and_what_it_was(asks: Story):
    told(asks, deeds.approved(asks.state, MIA, "a1", "Blue"))
    with pytest.raises(FleetError) as refused:
        deeds.approved(asks.state, ANN, "a1", "Red")
    assert refused.value.why == "user/mia approved it: Blue"


@pytest.mark.parametrize(
    "again",
    [
        lambda state: deeds.handed_back(state, ANN, "r1", "", {}),
        lambda state: deeds.said(state, ANN, "r1", "Blue"),
        lambda state: deeds.retried(state, ANN, "r1", "Blue"),
        lambda state: deeds.taken_over(state, ANN, "r1", "claude"),
    ],
)
def test_while_no_watcher_runs_the_second_who_answers_hears_of_the_first(asks: Story, again):
    for number, each in enumerate(deeds.said(asks.state, MIA, "r1", "Red"), 1000):
        fold(asks.state, replace(each, id=f"e{number}", time=asks.now))
    with pytest.raises(FleetError) as refused:
        again(asks.state)
    assert refused.value.why == "user/mia has answered a1 already"


def test_a_job_that_goes_on_already_is_not_tried_again_twice(asks: Story):
    for number, kind in enumerate((events.APPROVAL_GIVEN, events.APPROVAL_SETTLED, events.JOB_RESUMED), 1000):
        data = {"approval": "a1", "actor": MIA, "note": "Red", "instance": "i1", "job": "implement"}
        fold(asks.state, Event(kind, data, id=f"e{number}", time=asks.now))
    with pytest.raises(FleetError, match="not tried again"):
        deeds.retried(asks.state, ANN, "r1", "Blue")


def test_what_was_answered_while_no_watcher_runs_is_no_more_called_stuck(asks: Story):
    for each in deeds.said(asks.state, MIA, "r1", "Red"):
        fold(asks.state, replace(each, id="e1000", time=asks.now))
    (row,) = board(asks.fleet, asks.state, asks.now, {"running": False})["items"]
    assert (row["state"], "does not run" in row["reason"]) == ("queued", True)
