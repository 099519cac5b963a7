"""What came of the work, counted: and where it leads."""

from __future__ import annotations

from fleet.model import events
from fleet.testing.story import NOON, Story
from fleet.views.forecast import HOUR_MS, forecast
from fleet.views.insight import insight
from fleet.views.units import DAY_MS


def merged_after(story: Story, *, rounds: int, cost: int = 2_000_000) -> None:
    """An issue that is merged after so many rounds."""
    story.issue()
    maker = list(story.state.runs)[-1]
    story.start(maker)
    story.about(maker, events.RUN_SPENT, cost_micros=cost, tokens=10)
    story.about(maker, events.RUN_REPORTED, verdict="done", text="as asked")
    story.end(maker, commits=1)
    for left in range(rounds - 1, -1, -1):
        story.deliver(list(story.state.moving)[-1], "request-changes" if left else "approve", "not yet")
        story.examine()
        if left:
            story.deliver(list(story.state.moving)[-1])
    story.merge()


def test_rounds_acceptance_and_cost_are_counted():
    story = Story()
    merged_after(story, rounds=1)
    merged_after(story, rounds=2)
    found = insight(story.fleet, story.state, story.state.now)
    assert found["all"]["merged"] == 2
    assert found["all"]["first_pass"] == 0.5
    assert found["all"]["rounds"] == 1.5
    assert found["all"]["cost"] == 4.0
    assert found["all"]["cost_per_merged"] == 2.0
    assert [row["merged"] for row in found["rounds"]] == [1, 1, 0, 0, 0]
    assert found["all"]["lead"] > 0


def test_it_is_told_by_agent_model_and_template():
    story = Story()
    merged_after(story, rounds=1)
    by = insight(story.fleet, story.state, story.state.now)["by"]
    makers, reviewers = by["agent"]
    assert (makers["name"], makers["merged"], makers["cost"]) == ("developer", 1, 2.0)
    assert (reviewers["name"], reviewers["merged"], reviewers["runs"]) == ("tech-lead", 0, 1)
    assert [row["name"] for row in by["model"]] == ["small"]


def test_only_the_days_that_were_asked_for_count():
    story = Story()
    merged_after(story, rounds=1)
    later = story.state.now + 3 * DAY_MS
    assert insight(story.fleet, story.state, later, 3)["all"]["merged"] == 0
    found = insight(story.fleet, story.state, later, 4)
    assert [day["merged"] for day in found["days"]] == [1, 0, 0, 0]
    assert found["days"][0]["cost"] == 2.0


def test_a_fleet_that_did_nothing_has_figures_too():
    found = insight(Story().fleet, Story().state, NOON)
    assert found["all"]["lead"] is None
    assert found["all"]["cost_per_merged"] is None


def test_the_day_ends_where_the_pace_of_the_last_hours_leads():
    story = Story()
    story.issue()
    story.start("r1")
    story.about("r1", events.RUN_SPENT, cost_micros=3_000_000, tokens=10)
    now = story.state.runs["r1"].started + HOUR_MS  # 13:00, three dollars in an hour
    found = forecast(story.fleet, story.state, now)
    assert found["day"]["per_hour"] == 1.0
    assert 13.9 < found["day"]["forecast"] < 14.1
    assert found["agents"][0]["full_at"] is None


def test_it_is_said_when_a_ceiling_of_the_day_is_reached():
    story = Story()
    story.issue()
    story.start("r1")
    story.about("r1", events.RUN_SPENT, cost_micros=50_000_000, tokens=10)
    now = story.state.runs["r1"].started + HOUR_MS
    found = forecast(story.fleet, story.state, now)["agents"][0]
    assert found["limit"] == 60.0
    assert found["full_at"].startswith("2026-01-01T13:36")
