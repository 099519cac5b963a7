"""The ledger: what was spent, and what the day leaves."""

from __future__ import annotations

from fleet.model import events
from fleet.testing.story import NOON, Story
from fleet.views.ledger import ledger

DAY = 86_400_000


def book(story: Story):
    return ledger(story.fleet, story.state, story.now)


def spend(story: Story, run: str, micros: int) -> None:
    story.start(run)
    story.about(run, events.RUN_SPENT, cost_micros=micros, tokens=500)


def test_a_live_run_counts_and_what_it_may_yet_use_is_set_aside(story):
    story.issue()
    spend(story, "r1", 1_500_000)
    row = book(story)["agents"][0]
    assert row["cost"] == {"used": 1.5, "limit": 60.0, "left": 58.5}
    assert row["set_aside"]["cost"] == 3.5
    assert row["runs"] == 1


def test_what_was_spent_yesterday_is_no_part_of_today(story):
    story.issue()
    spend(story, "r1", 1_500_000)
    story.end("r1", code=1)
    story.now = NOON + DAY
    found = book(story)
    assert found["day"] == "2026-01-02"
    assert found["agents"][0]["cost"]["used"] == 0.0
    assert found["total"] == {"runs": 1, "seconds": 4.0, "cost": 1.5, "tokens": 500}


def test_what_a_killed_run_did_not_tell_is_assumed_and_said(story):
    story.issue()
    story.start("r1")
    story.about("r1", events.RUN_SPENT, tokens=500)
    story.end("r1", reason="exited", signal=9)
    row = book(story)["agents"][0]
    assert (row["cost"]["used"], row["assumed"]) == (5.0, 5.0)


def test_every_run_that_began_has_its_line_newest_first(story):
    story.issue()
    story.deliver("r1")
    story.start("r2")
    assert [(row["id"], row["agent"], row["outcome"]) for row in book(story)["runs"]] == [
        ("r2", "tech-lead", "running"),
        ("r1", "developer", "succeeded"),
    ]


def test_an_agent_without_ceilings_has_none(story):
    row = book(story)["agents"][1]
    assert row["time"]["limit"] is None
    assert row["cost"] == {"used": 0.0, "limit": None, "left": None}
