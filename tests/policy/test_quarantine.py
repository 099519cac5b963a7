"""Who is put into quarantine by which rule, and what a change in quarantine may not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.model import events
from fleet.model.fleet import Fleet
from fleet.model.quarantine import Quarantining
from fleet.policy.gate import requirements
from fleet.policy.notify import notices
from fleet.policy.show import look
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


def _release(story: Story, agent: str = "developer") -> None:
    story.tell(events.AGENT_RELEASED, agent=agent, reason="it is well", actor="user/mia")


def _stops(story: Story, run: str = "r1") -> list[str]:
    """The reasons of the wishes to end its session, oldest first."""
    wishes = [each.data for each in story.log if each.type == events.EFFECT_WANTED]
    return [each["args"]["reason"] for each in wishes if each["key"] == f"stop/{run}"]


def test_a_release_is_not_undone_by_what_a_run_did_that_still_ends() -> None:
    story = Story(replace(_fleet(hourly_micros=5_000_000), quarantine_when="run.denied_actions >= 2"))
    story.issue()
    story.start("r1")
    story.tell(events.RUN_SPENT, run="r1", cost_micros=800_000, tokens=10, turns=1)
    _deny(story, 2)
    assert _why(story)
    _release(story)
    assert story.state.runs["r1"].live
    assert _why(story) == ""
    story.end("r1", reason="quarantine", code=None, finish="")
    story.start("r2")
    assert _why(story) == ""
    for _ in range(2):
        story.tell(events.AGENT_DENIED, run="r2", agent="developer", action="push", reason="it may not")
    assert _why(story)


def test_a_release_is_good_for_something_though_the_rule_cant_be_told_of_an_empty_record() -> None:
    story = Story(replace(_fleet(), quarantine_when="100 * agent.failed_runs / agent.runs > 50"))
    assert _why(story) == ""
    story.issue()
    assert "could not be told" in _why(story)  # it has a run, and that has not ended
    story.about("r1", events.RUN_EXITED, reason="not started", code=None, finish="")
    _release(story)
    assert [each.type for each in story.log].count(events.AGENT_QUARANTINED) <= 2


def test_a_run_that_is_only_being_made_ready_is_ended_too() -> None:
    story = Story(_fleet())
    story.issue()
    assert story.state.runs["r1"].state == "starting"
    story.tell(events.AGENT_QUARANTINED, agent="developer", reason="I watch it", actor="user/mia")
    assert story.state.wishes["stop/r1"].args == {
        "run": "r1",
        "reason": "quarantine",
        "workspace": "i1-implement",
    }


def test_a_run_that_ends_slowly_already_ends_at_once_when_quarantine_comes() -> None:
    story = _started()
    story.tell(events.RUN_STOP_ASKED, run="r1", reason="enough", kind="person", actor="user/mia")
    story.tell(events.EFFECT_DONE, key="stop/r1")
    story.tell(events.AGENT_QUARANTINED, agent="developer", reason="I watch it", actor="user/mia")
    assert _stops(story) == ["person", "quarantine"]
    story.tell(events.EFFECT_DONE, key="stop/r1")
    assert _stops(story) == ["person", "quarantine"]
    assert story.state.runs["r1"].stop_kind == "person"  # who stopped it is asked what becomes of it


def test_what_a_reviewer_in_quarantine_has_approved_does_not_count_before_its_release() -> None:
    story = Story(_fleet())
    story.issue()
    story.deliver("r1")
    story.examine()
    story.tell(events.AGENT_QUARANTINED, agent="tech-lead", reason="I watch it", actor="user/mia")
    (change,) = story.state.changes.values()
    said = {"head": change.head, "verdict": "approve", "by": "agent/tech-lead", "text": "fine", "run": "r2"}
    story.tell(events.CHANGE_REVIEWED, change=change.id, **said)
    (review, *_) = requirements(story.fleet, story.state, change)
    assert not review["met"]
    assert "agent/tech-lead is in quarantine" in review["reason"]
    _release(story, "tech-lead")
    (review, *_) = requirements(story.fleet, story.state, change)
    assert review["met"]


def test_the_forge_is_told_why_nothing_is_done_about_it_and_who_can_release_it() -> None:
    story = Story(_fleet())
    story.issue()
    story.deliver("r1")
    story.examine()
    story.tell(events.AGENT_QUARANTINED, agent="developer", reason="I watch it", actor="user/mia")
    found = look(story.fleet, story.state, 1)
    assert found["label"] == dict(story.fleet.labels)["blocked"]
    assert "its author developer is in quarantine: I watch it" in found["comment"]
    assert "fleet release developer" in found["comment"]


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
