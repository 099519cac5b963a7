"""An agent's own score: what raises it, what is counted, and that it forgets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.model import events
from fleet.model.state import State
from fleet.policy.folds.record import KEPT_DAYS
from fleet.policy.record import judged, standing
from fleet.testing.story import Story
from fleet.views.record import records

KEYS = ["runs", "failed", "restarted", "stuck", "time_ms", "blocked_ms", "cost_micros", "lost_micros"]
KEYS += ["reviews", "objections", "merged", "rounds", "reverted", "denied"]
COUNTS = st.dictionaries(st.sampled_from(KEYS), st.integers(0, 10**9))


@given(COUNTS, st.integers(0, 50))
def test_a_score_is_between_0_and_100_and_is_what_its_signals_come_to(
    count: dict[str, int], in_a_row: int
) -> None:
    found = judged(count, in_a_row)
    assert found.score == min(100, sum(each["points"] for each in found.signals))
    assert all(each["points"] > 0 and each["reason"] for each in found.signals)


@given(COUNTS)
def test_every_part_is_a_percentage_or_not_told(count: dict[str, int]) -> None:
    found = judged(count)
    parts = (found.quality, found.reliability, found.efficiency)
    assert all(part is None or 0 <= part <= 100 for part in parts)


@pytest.mark.parametrize(
    ("signal", "count"),
    [
        ("failures", {"runs": 8, "failed": 4}),
        ("restarts", {"runs": 8, "restarted": 4}),
        ("silent", {"runs": 8, "stuck": 4}),
        ("blocked", {"time_ms": 100, "blocked_ms": 50}),
        ("rounds", {"merged": 4, "rounds": 10}),
        ("reviews", {"reviews": 8, "objections": 6}),
        ("reverted", {"merged": 4, "rounds": 4, "reverted": 2}),
        ("denied", {"runs": 8, "denied": 2}),
        ("lost", {"runs": 8, "cost_micros": 100, "lost_micros": 60}),
    ],
)
def test_each_signal_is_shown_with_its_points(signal: str, count: dict[str, int]) -> None:
    assert [each["name"] for each in judged(count).signals] == [signal]


def test_who_does_all_well_has_no_risk() -> None:
    found = judged({"runs": 40, "merged": 20, "rounds": 20, "reviews": 20, "cost_micros": 9_000_000})
    assert (found.score, found.level, found.quality, found.efficiency) == (0, "low", 100, 100)


def test_one_failure_says_little_and_many_say_much() -> None:
    assert judged({"runs": 1, "failed": 1}, 1).level == "low"
    assert judged({"runs": 8, "failed": 8, "cost_micros": 9, "lost_micros": 9}, 8).level == "critical"


def test_what_runs_and_reviews_bring_is_counted_for_agent_and_model() -> None:
    story = Story()
    story.issue()
    story.deliver("r1")
    story.deliver("r2", "request-changes")
    story.tell(events.AGENT_DENIED, run="r1", agent="developer", action="push", reason="it may not")
    counts = standing(story.state, "agent/developer").counts
    assert (counts["runs"], counts["reviews"], counts["objections"], counts["denied"]) == (1, 1, 1, 1)
    assert standing(story.state, "model/small").counts["objections"] == 1


def test_a_change_that_is_taken_back_counts_against_who_made_it() -> None:
    story = _merged("Add a note")
    assert "reverted" not in standing(story.state, "agent/developer").counts
    story = _merged('Revert "Add a note"', story)
    assert standing(story.state, "agent/developer").counts["reverted"] == 1


def test_what_is_told_twice_is_counted_once() -> None:
    story = _merged("Add a note")
    (change,) = story.state.changes.values()
    before = standing(story.state, "agent/developer").counts
    story.tell(events.CHANGE_MERGED, change=change.id, head=change.head, sha="c" * 40)
    assert standing(story.state, "agent/developer").counts == before


def test_a_release_lets_the_rule_begin_anew_and_keeps_the_record() -> None:
    story = Story()
    story.issue()
    story.start("r1")
    story.end("r1", code=1, finish="error")
    story.tell(events.AGENT_QUARANTINED, agent="developer", reason="I watch it", actor="user/mia")
    story.tell(events.AGENT_RELEASED, agent="developer", reason="it is well", actor="user/mia")
    assert standing(story.state, "since/developer").score == 0
    assert standing(story.state, "agent/developer").counts["failed"] == 1


def test_no_more_days_are_kept_than_are_ever_asked_for() -> None:
    story = Story()
    story.issue()
    story.start("r1")
    for _ in range(KEPT_DAYS + 20):
        story.now += 86_400_000
        story.tell(events.AGENT_DENIED, run="r1", agent="developer", action="push", reason="it may not")
    assert len(story.state.record["agent/developer"]) == KEPT_DAYS


def test_templates_are_those_of_their_agents() -> None:
    story = _merged("Add a note")
    (row,) = records(story.fleet, story.state, "template")
    assert (row["name"], row["merged"]) == ("(none)", 1)


def test_an_agent_of_which_nothing_is_known_is_listed() -> None:
    rows = records(Story().fleet, State())
    assert {row["name"]: row["level"] for row in rows} == {"developer": "low", "tech-lead": "low"}


def _merged(title: str, story: Story | None = None) -> Story:
    story = story or Story()
    number = len(story.state.changes) + 500
    story.tell(
        events.CHANGE_OPENED,
        change=number,
        item=0,
        instance="",
        branch="b",
        base="main",
        head="a" * 40,
        author="agent/developer",
        title=title,
    )
    story.tell(events.CHANGE_MERGED, change=number, head="a" * 40, sha="d" * 40)
    return story
