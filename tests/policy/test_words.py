"""What people say to a run reaches its agent once, though the run may end before it was heard."""

from __future__ import annotations

import pytest

from fleet.model import events
from fleet.testing.story import Story

CRASHED = {"reason": "shim killed", "code": None, "finish": "", "error": "gone"}
SAID = "Use Postgres."


def _told(heard: bool | None) -> Story:
    """Something was said to r1, and, but for None, put into its session."""
    story = Story()
    story.issue()
    story.start("r1")
    story.about("r1", events.RUN_CONVERSED, conversation="c1")
    said = story.tell(events.RUN_SAID, run="r1", text=SAID, actor="user/mia")
    if heard is not None:
        _answer(story, "r1", said.id, told=True)
    if heard:
        _call(story, "r1", "1")
        story.about("r1", events.RUN_ACTED, id="2", kind="run", call="ls", action="ls", at=story.now)
    return story


def _answer(story: Story, run: str, said: str, *, told: bool) -> None:
    action = "was told something" if told else "could not be told"
    story.about(run, events.RUN_ACTED, action=action, ok=told, told=told, words=said)
    story.tell(events.EFFECT_DONE, key=f"say/{said}")


def _call(story: Story, run: str, name: str) -> None:
    story.about(run, events.RUN_ACTED, id=name, kind="run", call="make", action="make", at=story.now)
    story.about(run, events.RUN_RETURNED, id=name, ok=True, at=story.now)


def _next(story: Story, run: str) -> str:
    """What the next attempt is told."""
    story.end(run, **CRASHED)
    return story.state.runs[f"r{int(run[1:]) + 1}"].feedback


@pytest.mark.parametrize("heard", [None, False])
def test_what_a_run_may_not_have_heard_is_told_to_the_one_that_goes_on(heard: bool | None) -> None:
    assert _next(_told(heard), "r1").count(SAID) == 1


def test_what_a_run_has_heard_is_not_told_again() -> None:
    assert SAID not in _next(_told(True), "r1")


def test_a_call_that_was_under_way_shows_not_yet_that_it_was_heard() -> None:
    story = _told(False)
    story.about("r1", events.RUN_ACTED, id="1", kind="run", call="make", action="make", at=story.now)
    assert _next(story, "r1").count(SAID) == 1


def test_it_is_told_until_somebody_has_begun_with_it_and_then_no_more() -> None:
    story = _told(False)
    _next(story, "r1")
    story.now += 60_000
    story.tell(events.CLOCK_TICKED)
    story.start("r2")
    assert _next(story, "r2").count(SAID) == 1
    story.now += 60_000
    story.tell(events.CLOCK_TICKED)
    story.start("r3")
    _call(story, "r3", "1")
    story.end("r3", commits=1)
    assert all(SAID not in run.feedback for name, run in story.state.runs.items() if name not in ("r2", "r3"))


def test_who_spoke_to_a_run_that_can_not_be_told_anything_learns_it_from_its_end() -> None:
    story = Story()
    story.issue()
    story.start("r1")
    said = story.tell(events.RUN_SAID, run="r1", text=SAID, actor="user/mia")
    _answer(story, "r1", said.id, told=False)
    story.about("r1", events.RUN_REPORTED, verdict="done", text="as asked")
    story.end("r1", commits=1)
    assert story.state.runs["r1"].reason == "1 commit; it could not be told what user/mia said"


def test_an_answer_is_told_with_the_question_and_not_once_more() -> None:
    story = Story()
    story.issue()
    story.start("r1")
    story.about("r1", events.RUN_REPORTED, verdict="ask", text="Which one?")
    story.tell(events.RUN_SAID, run="r1", text=SAID, actor="user/mia")
    story.end("r1", **CRASHED)
    assert story.state.runs["r2"].feedback.count(SAID) == 1
