"""Who is put into quarantine by which rule, and what a change in quarantine may not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.model import events
from fleet.model.fleet import Fleet
from fleet.model.quarantine import Quarantining
from fleet.policy.notify import notices
from fleet.testing.story import FLEET, Story
from fleet.views.needs import needs

OFF = Quarantining(level="", denied=0, hourly_micros=0, secrets=0, tampering=False)
GUARDED = [{"path": "fleet.yaml", "what": "what rules the fleet"}]


def _fleet(**rules: object) -> Fleet:
    return replace(FLEET, quarantine_failures=0, attempts=20, quarantine=replace(OFF, **rules))  # type: ignore[arg-type]


def _started(**rules: object) -> Story:
    story = Story(_fleet(**rules))
    story.issue()
    story.start("r1")
    return story


def _deny(story: Story, times: int) -> None:
    for _ in range(times):
        story.tell(events.AGENT_DENIED, run="r1", agent="developer", action="push", reason="it may not")


def _why(story: Story) -> str:
    record = story.state.agents.get("developer")
    return record.quarantined if record else ""


def _to_review(fleet: Fleet, **inspected: object) -> Story:
    story = Story(fleet)
    story.issue()
    story.deliver("r1")
    story.examine(score=70, **inspected)
    return story


# ------------------------------------------------------------ agents


@pytest.mark.parametrize(("tries", "held"), [(3, False), (4, True)])
def test_denied_actions_are_counted(tries: int, held: bool) -> None:
    story = _started(denied=4)
    _deny(story, tries)
    assert bool(_why(story)) is held


def test_what_was_denied_on_another_day_is_not_counted() -> None:
    story = _started(denied=4)
    _deny(story, 3)
    story.now += 86_400_000
    _deny(story, 3)
    assert _why(story) == ""


def test_a_release_counts_from_zero() -> None:
    story = _started(denied=4)
    _deny(story, 4)
    story.tell(events.AGENT_RELEASED, agent="developer", reason="it is well", actor="user/mia")
    _deny(story, 3)
    assert _why(story) == ""


def test_wrong_tokens_of_a_live_run_are_tampering() -> None:
    story = _started(tampering=True)
    for _ in range(3):
        story.tell(events.GATEWAY_REFUSED, claimed="r1", reason="its token is not known")
    assert "3 times with a token that is not its own" in _why(story)


def test_wrong_tokens_in_the_name_of_nobody_accuse_nobody() -> None:
    story = _started(tampering=True)
    for _ in range(9):
        story.tell(events.GATEWAY_REFUSED, claimed="r99", reason="its token is not known")
    assert _why(story) == ""


def test_who_spends_too_fast_is_held() -> None:
    story = _started(hourly_micros=5_000_000)
    story.tell(events.RUN_SPENT, run="r1", cost_micros=800_000, tokens=10, turns=1)
    assert _why(story) == ""
    story.tell(events.RUN_SPENT, run="r1", cost_micros=900_000, tokens=10, turns=1)
    assert _why(story) == "it spends $5.40 in an hour"


def test_commits_with_secrets_are_counted() -> None:
    story = _started(secrets=1)
    story.about("r1", events.RUN_EXITED, reason="exited", code=0, finish="ok")
    found = [{"path": "a", "line": 1, "kind": "key"}]
    story.about("r1", events.RUN_COLLECTED, head="a" * 40, commits=1, dirty=[], secrets=found)
    assert "held secrets" in _why(story)


def test_an_agent_whose_risk_is_critical_is_held() -> None:
    story = Story(_fleet(level="critical"))
    story.issue()
    for number in range(1, 13):
        if _why(story):
            break
        story.now += 3_600_000
        story.settle()
        story.start(f"r{number}")
        story.tell(events.RUN_SPENT, run=f"r{number}", cost_micros=100_000, tokens=10, turns=1)
        story.end(f"r{number}", code=1, finish="error", error="it broke")
    assert "its risk is critical" in _why(story)


def test_the_operators_rule_sees_the_record() -> None:
    story = Story(replace(_fleet(), quarantine_when="agent.denied >= 2 && agent.level == 'low'"))
    story.issue()
    story.start("r1")
    _deny(story, 2)
    assert _why(story).startswith("the rule ")


# ------------------------------------------------------------ changes


@pytest.mark.parametrize(("ceiling", "held"), [(69, True), (70, False), (0, False)])
def test_a_change_above_the_ceiling_is_held(ceiling: int, held: bool) -> None:
    (change,) = _to_review(_fleet(score=ceiling)).state.changes.values()
    assert bool(change.quarantined) is held


def test_a_change_to_what_rules_the_fleet_is_held() -> None:
    (change,) = _to_review(_fleet(tampering=True), guarded=GUARDED).state.changes.values()
    assert change.quarantined == "an agent changed fleet.yaml, what rules the fleet"


def test_nobody_works_on_a_change_in_quarantine() -> None:
    story = _to_review(_fleet(score=50))
    assert story.state.runs["r2"].state == "queued" or story.state.runs["r2"].stop_kind == "quarantine"


def test_people_are_told_of_it_and_asked() -> None:
    story = _to_review(_fleet(score=50))
    assert [each.kind for each in notices(story.state)] == ["suspect"]
    (row,) = [each for each in needs(story.fleet, story.state, story.now) if each["kind"] == "suspect"]
    assert "above the ceiling of 50" in row["why"]


def test_a_person_releases_it_for_the_head_that_it_has() -> None:
    story = _to_review(_fleet(score=50))
    story.tell(events.APPROVAL_GIVEN, approval="a1", actor="user/mia", note="I read it")
    (change,) = story.state.changes.values()
    assert (change.quarantined, change.released) == ("", change.head)
    assert story.state.asked == {}


def test_who_refuses_leaves_it_there_and_is_not_asked_again() -> None:
    story = _to_review(_fleet(score=50))
    story.tell(events.APPROVAL_REFUSED, approval="a1", actor="user/mia", note="no", send_back=False)
    (change,) = story.state.changes.values()
    assert change.quarantined
    assert story.state.asked == {}


def test_the_gate_stays_shut_while_the_author_is_in_quarantine() -> None:
    story = Story(_fleet())
    story.issue()
    story.deliver("r1")
    story.examine()
    story.tell(events.AGENT_QUARANTINED, agent="developer", reason="I watch it", actor="user/mia")
    story.deliver("r2", "approve")
    (change,) = story.state.changes.values()
    assert [each["name"] for each in change.gate if not each["met"]] == ["quarantine"]
    story.tell(events.AGENT_RELEASED, agent="developer", reason="it is well", actor="user/mia")
    assert all(each["met"] for each in change.gate)
