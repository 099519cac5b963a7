"""A run that looks stuck is told so, then stopped; its job goes on with a note, or with another agent."""

from __future__ import annotations

from dataclasses import replace

from fleet.model import events
from fleet.model.acts import NEVER_STUCK, Stuck
from fleet.model.fleet import Agent, Fleet, Job
from fleet.policy.due import next_due
from fleet.testing.story import FLEET, Story

MINUTE = 60_000


def with_developer(fleet: Fleet = FLEET, **more: object) -> Fleet:
    first = replace(fleet.agents[0], **more)  # type: ignore[arg-type]
    return replace(fleet, agents=(first, *fleet.agents[1:]))


def begun(fleet: Fleet = FLEET) -> Story:
    story = Story(fleet)
    story.issue()
    story.start("r1")
    return story


def calls(story: Story, run: str, text: str, times: int, *, out: str = "same", ok: bool = False) -> None:
    """The agent makes this call so often, always with the same result."""
    for number in range(times):
        name = f"{text}{len(story.log)}{number}"
        about = {"id": name, "call": text, "action": text, "kind": "test", "tool": "Bash"}
        story.about(run, events.RUN_ACTED, **about)
        story.about(run, events.RUN_RETURNED, id=name, ok=ok, out=out, said="1 failed: test_add")


def told(story: Story, kind: str) -> list[dict]:
    return [dict(event.data) for event in story.log if event.type == kind]


def hang(story: Story, run: str, minutes: int, *, cpu_ms_a_minute: int = 0) -> None:
    """Nothing is heard for so long; whoever wants to look at its processes sees this."""
    until, begin = story.now + minutes * MINUTE, story.now
    while story.now < until:
        story.now = min(until, max(next_due(story.fleet, story.state) or until, story.now + 1000))
        story.tell(events.CLOCK_TICKED)
        if f"look/{run}" in story.state.wishes:
            cpu = (story.now - begin) * cpu_ms_a_minute // MINUTE
            story.about(run, events.RUN_LOOKED, at=story.now, cpu_ms=cpu, processes=2)
            story.tell(events.EFFECT_DONE, key=f"look/{run}")


def stopped(story: Story, run: str) -> None:
    story.tell(events.EFFECT_DONE, key=f"stop/{run}")
    story.end(run, reason="stuck", code=None, signal=15, finish="")


def stuck_run(story: Story, run: str) -> None:
    """A run that is nudged, goes on as before, and is stopped."""
    story.start(run)
    calls(story, run, f"pytest {run}", 4)
    calls(story, run, f"pytest {run}", 4)
    stopped(story, run)


def test_a_run_that_repeats_itself_is_told_so_before_anything_else():
    story = begun()
    calls(story, "r1", "pytest", 3)
    assert not told(story, events.RUN_NUDGED)
    calls(story, "r1", "pytest", 1)
    assert [each["kind"] for each in told(story, events.RUN_NUDGED)] == ["repeats"]
    said = [each["args"]["text"] for each in told(story, events.EFFECT_WANTED) if each["kind"] == "say"]
    assert "`pytest`" in said[0]
    assert not told(story, events.RUN_STOP_ASKED)


def test_one_that_goes_on_as_before_is_stopped_and_tried_again_with_a_note_of_what_it_did():
    story = begun()
    calls(story, "r1", "pytest", 4)
    calls(story, "r1", "pytest", 4)
    assert [each["kind"] for each in told(story, events.RUN_STOP_ASKED)] == ["stuck"]
    story.about("r1", events.RUN_CONVERSED, conversation="c1")
    stopped(story, "r1")
    again = story.state.runs["r2"]
    assert (again.resumes, again.attempt) == ("", 2)
    assert "it was stuck: it did `pytest`" in again.feedback
    assert "- pytest (8 times): failed each time, at last: 1 failed: test_add" in again.feedback


def test_one_that_gets_on_after_the_nudge_is_left_alone():
    story = begun()
    calls(story, "r1", "pytest", 4)
    calls(story, "r1", "pytest", 1, out="other")
    calls(story, "r1", "pytest", 3)
    assert not told(story, events.RUN_STOP_ASKED)


def test_one_that_cannot_be_told_is_stopped_at_once():
    story = begun()
    calls(story, "r1", "pytest", 4)
    story.about("r1", events.RUN_ACTED, action="could not be told what Fleet said", ok=False, told=False)
    assert "could not be told" in told(story, events.RUN_STOP_ASKED)[0]["reason"]


def test_an_agent_that_was_stuck_twice_makes_room_for_another():
    other = replace(FLEET.agents[0], name="dev2")
    flow = replace(
        FLEET.workflows[0],
        jobs=(Job("implement", agents=("developer", "dev2")), *FLEET.workflows[0].jobs[1:]),
    )
    story = Story(replace(FLEET, agents=(*FLEET.agents, other), workflows=(flow,), attempts=5))
    story.issue()
    stuck_run(story, "r1")
    story.state.runs["r2"].not_before = 0
    story.tell(events.CLOCK_TICKED)
    first = story.state.runs["r2"].agent
    stuck_run(story, "r2")
    story.now += 10 * MINUTE
    story.tell(events.CLOCK_TICKED)
    agents = [story.state.runs[name].agent for name in ("r1", "r2", "r3")]
    assert agents == [first, first, {"developer": "dev2", "dev2": "developer"}[first]]


def test_without_another_a_person_is_asked_though_attempts_are_left():
    story = Story(replace(FLEET, attempts=5))
    story.issue()
    stuck_run(story, "r1")
    story.now += MINUTE
    story.tell(events.CLOCK_TICKED)
    stuck_run(story, "r2")
    assert [each["kind"] for each in told(story, events.APPROVAL_ASKED)] == ["stuck"]


def test_a_command_that_does_nothing_for_half_an_hour_is_stuck():
    story = begun()
    story.about("r1", events.RUN_ACTED, id="c1", kind="run", call="x", action="make")
    hang(story, "r1", 29)
    assert not told(story, events.RUN_NUDGED)
    hang(story, "r1", 3)
    assert told(story, events.RUN_NUDGED)[0]["reason"] == "`make` has said and done nothing for 30 min"


def test_a_hanging_command_is_stuck_though_its_agent_works_on_something_of_its_own():
    for harness, nudges in (("opencode", 1), ("command", 0)):
        story = begun()
        story.state.runs["r1"].harness = harness
        story.about("r1", events.RUN_ACTED, id="c1", kind="run", call="x", action="make")
        for minute in range(0, 40, 4):
            story.now += 4 * MINUTE
            used = {"cpu_ms": minute * 30_000, "below_cpu_ms": 10, "below_io_bytes": 10}
            story.about("r1", events.RUN_LOOKED, at=story.now, **used)
        assert len(told(story, events.RUN_NUDGED)) == nudges


def test_a_quiet_build_whose_processes_work_is_left_alone_for_hours():
    story = begun(
        with_developer(
            budget=replace(
                FLEET.agents[0].budget,
                per_run=replace(FLEET.agents[0].budget.per_run, time_ms=10 * 3_600_000),
            )
        )
    )
    story.about("r1", events.RUN_ACTED, id="c1", kind="run", call="x", action="make")
    hang(story, "r1", 180, cpu_ms_a_minute=20_000)
    assert not told(story, events.RUN_NUDGED)
    assert not told(story, events.RUN_STOP_ASKED)


def test_a_run_of_which_nothing_is_heard_for_minutes_is_noticed_not_waited_for():
    story = begun()
    hang(story, "r1", 11)
    assert told(story, events.RUN_NUDGED)[0]["kind"] == "silent"
    hang(story, "r1", 11)
    assert told(story, events.RUN_STOP_ASKED)[0]["kind"] == "stuck"


def test_a_nearly_full_context_is_told_once_and_stops_nothing():
    story = begun()
    for tokens in (100_000, 180_000, 185_000, 190_000):
        story.about("r1", events.RUN_SPENT, tokens=tokens, context=tokens, window=200_000)
    assert [each["kind"] for each in told(story, events.RUN_NUDGED)] == ["context"]
    assert not told(story, events.RUN_STOP_ASKED)


def test_a_run_that_waits_for_its_provider_is_not_stuck():
    story = begun()
    story.about(
        "r1", events.RUN_WAITS, kind="rate limit", reason="429", at=story.now, until=story.now + 3_600_000
    )
    hang(story, "r1", 50)
    assert not told(story, events.RUN_NUDGED)


def test_stuck_off_switches_all_of_it_off():
    story = begun(with_developer(stuck=NEVER_STUCK))
    calls(story, "r1", "pytest", 40)
    hang(story, "r1", 60)
    assert not told(story, events.RUN_NUDGED)


def test_an_agents_own_number_of_repeats_counts():
    story = begun(with_developer(stuck=Stuck(repeats=6, nudges=0)))
    calls(story, "r1", "pytest", 5)
    assert not told(story, events.RUN_STOP_ASKED)
    calls(story, "r1", "pytest", 1)
    assert told(story, events.RUN_STOP_ASKED)[0]["kind"] == "stuck"


def test_a_fallback_takes_the_work_of_an_agent_that_was_stuck_twice():
    spare = Agent("spare", "change", harness="scripted", model="cheap")
    fleet = with_developer(fallback="spare")
    story = Story(replace(fleet, agents=(*fleet.agents, spare), attempts=5))
    story.issue()
    for run in ("r1", "r2"):
        stuck_run(story, run)
        story.now += MINUTE
        story.tell(events.CLOCK_TICKED)
    assert story.state.runs["r3"].agent == "spare"


def test_what_a_run_did_is_kept_within_bounds():
    story = begun(with_developer(stuck=NEVER_STUCK))
    for number in range(200):
        calls(story, "r1", f"step {number}", 1, out=str(number), ok=True)
    run = story.state.runs["r1"]
    assert len(run.trail) <= 48
    assert len(run.deeds) <= 24
