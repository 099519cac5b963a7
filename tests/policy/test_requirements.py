"""Who has to say yes to a change, how many, and when; and how people are asked for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fleet.model import events
from fleet.model.fleet import Agent, Fleet, Requirement
from fleet.model.gates import Asking, Window
from fleet.policy.due import next_due
from fleet.policy.gate import requirements
from fleet.testing.story import FLEET, NOON, Story

CHANGE = 2
HOUR = 3_600_000


def _ready(*gate: Requirement, fleet: Fleet = FLEET, **inspected: Any) -> Story:
    """A change that its reviewer approves."""
    story = Story(replace(fleet, merge_gate=gate, checks=()))
    story.issue()
    story.deliver("r1")
    story.examine(**inspected)
    story.deliver("r2", "approve")
    return story


def _line(story: Story, at: int = 0) -> dict[str, Any]:
    return requirements(story.fleet, story.state, story.state.changes[CHANGE])[at]


def _answer(story: Story, by: str, approval: str) -> None:
    story.tell(events.APPROVAL_GIVEN, approval=approval, actor=f"user/{by}", note="")


def _merges(story: Story) -> bool:
    return any(wish.kind == "merge" for wish in story.state.wishes.values())


def _pass(story: Story, ms: int) -> None:
    """So long nothing happens; time is told whenever a rule waits for it."""
    until = story.now + ms
    while (due := next_due(story.fleet, story.state)) is not None and due <= until:
        assert due > story.now - 1000, "time stands still"
        story.now = max(story.now, due - 1000)
        story.tell(events.CLOCK_TICKED, due=due)
    story.now = until


def _with_files(story: Story, files: int, listed: int) -> None:
    """The change has so many files, of which so many are listed."""
    (change,) = story.state.changes.values()
    data = {"change": change.id, "head": change.head, "score": 5, "factors": [], "lines": files}
    paths = [f"a/{at}" for at in range(listed)]
    story.tell(events.CHANGE_ASSESSED, **data, files=files, paths=paths)


@pytest.mark.parametrize(("files", "asked"), [(200, False), (201, True)])
def test_files_that_are_not_listed_are_not_taken_for_harmless(files: int, asked: bool) -> None:
    when = "risk.score > 90 || change.paths.exists(p, p.startsWith('billing/'))"
    story = _ready(Requirement("human", when=when), Requirement("policy", when=f"!({when})"))
    _with_files(story, files, 200)
    assert [_line(story, at)["met"] for at in (0, 1)] == [not asked, not asked]
    if asked:
        assert "it has 201 files, of which 200 are listed" in _line(story)["reason"]
        assert "a smaller change" in _line(story, 1)["who"]


# ------------------------------------------------------------ reviews


@pytest.mark.parametrize(
    ("by", "met"),
    [((), True), (("tech-lead",), True), (("review",), True), (("qa",), False), (("check",), False)],
)
def test_where_reviewers_are_named_only_they_count(by: tuple[str, ...], met: bool) -> None:
    story = _ready(Requirement("review", by=by), Requirement("human"))
    assert _line(story)["met"] is met
    if not met:
        assert f"asked are {by[0]}" in _line(story)["reason"]


def test_a_person_is_not_one_of_the_named_agents() -> None:
    story = _ready(Requirement("review", by=("qa",)))
    head = story.state.changes[CHANGE].head
    said = {"change": CHANGE, "head": head, "verdict": "approve", "by": "user/qa", "text": "", "run": ""}
    story.tell(events.CHANGE_REVIEWED, **said)
    assert _line(story)["met"] is False


@pytest.mark.parametrize(
    ("different", "developer", "lead", "met"),
    [
        ("model", {"model": "opus"}, {"model": "sonnet"}, True),
        ("model", {"model": "opus"}, {"model": "opus"}, False),
        ("model", {"model": "opus"}, {"model": ""}, False),  # nobody knows which it was
        ("model", {"model": ""}, {"model": ""}, False),
        ("harness", {"harness": "codex"}, {"harness": "claude-code"}, True),
        ("harness", {"harness": "codex"}, {"harness": "codex"}, False),
    ],
)
def test_a_second_opinion_is_of_another_model_or_harness(
    different: Any, developer: dict[str, str], lead: dict[str, str], met: bool
) -> None:
    agents = (Agent("developer", "change", **developer), Agent("tech-lead", "review", **lead))  # type: ignore[arg-type]
    gate = (Requirement("review", different=different), Requirement("human"))
    story = _ready(*gate, fleet=replace(FLEET, agents=agents))
    assert _line(story)["met"] is met
    if not met:
        assert f"agent/tech-lead has the same {different} as the author" in _line(story)["reason"]


def test_a_model_under_its_longer_name_is_no_other_model() -> None:
    agents = (Agent("developer", "change", model="opus"), Agent("tech-lead", "review", model="opus"))
    fleet = replace(FLEET, agents=agents, checks=(), merge_gate=(Requirement("review", different="model"),))
    story = Story(fleet)
    story.issue()
    story.start("r1")
    story.about("r1", events.RUN_CONVERSED, conversation="c", model="opus-2026-01-01", version="1")
    story.about("r1", events.RUN_REPORTED, verdict="done", text="")
    story.end("r1", commits=1)
    story.examine()
    story.deliver("r2", "approve")
    assert _line(story)["met"] is False


# ------------------------------------------------------------ people


def test_two_people_are_asked_one_after_the_other_and_each_counts_once() -> None:
    story = _ready(Requirement("human", approvals=2))
    _answer(story, "ann", "a1")
    assert "1 of 2 approvals" in story.state.approvals["a2"].why
    _answer(story, "ann", "a2")
    assert not _merges(story)
    _answer(story, "bob", "a3")
    assert _merges(story)


def test_the_word_of_somebody_else_than_those_named_does_not_open_the_gate() -> None:
    story = _ready(Requirement("human", by=("Ann",)))
    assert _line(story)["who"] == "Ann: fleet approve"
    _answer(story, "bob", "a1")
    assert not _merges(story)
    _answer(story, "ann", "a2")  # a login's case does not matter
    assert _merges(story)


def test_a_refusal_is_not_asked_again() -> None:
    story = _ready(Requirement("human", approvals=2))
    story.tell(events.APPROVAL_REFUSED, approval="a1", actor="user/ann", note="No.", send_back=False)
    assert list(story.state.approvals) == ["a1"]
    assert story.state.instances["i1"].outcome == "rejected"


def test_an_approval_lapses_before_a_merge_that_is_held_and_is_asked_anew() -> None:
    story = _ready(Requirement("human", asking=Asking(expires_ms=HOUR)))
    _answer(story, "ann", "a1")
    assert _merges(story)  # but the checkout has changes, say
    _pass(story, 2 * HOUR)
    assert _line(story)["met"] is False
    assert "the approval by user/ann has lapsed" in story.state.approvals["a2"].why
    _answer(story, "ann", "a2")
    assert _line(story)["met"] is True


def test_people_are_reminded_again_and_again_and_others_are_told_once() -> None:
    asking = Asking(remind_ms=HOUR, escalate_ms=3 * HOUR, escalate_to=("carl",))
    story = _ready(Requirement("human", by=("ann",), asking=asking))
    _pass(story, 5 * HOUR + 60_000)
    told = [event for event in story.log if event.type.startswith("fleet.approval.")][1:]
    assert [(event.type.rpartition(".")[2], event.data["to"]) for event in told] == [
        ("reminded", ["ann"]),
        ("reminded", ["ann"]),
        ("escalated", ["carl"]),
        ("reminded", ["ann"]),
        ("reminded", ["ann"]),
    ]
    _answer(story, "carl", "a1")
    assert _merges(story)


# ------------------------------------------------------------ code owners

OWNERS = Requirement("human", by=("codeowners",))
PY = {"owners": ["@ann", "@acme/core"], "path": "a.py", "files": 2}


def test_somebody_who_owns_the_files_has_to_say_yes() -> None:
    story = _ready(OWNERS, owners=[PY])
    assert "a.py and 1 more is owned by" not in story.state.approvals["a1"].why  # nobody said anything yet
    _answer(story, "bob", "a1")
    assert "a.py and 1 more is owned by ann or @acme/core" in story.state.approvals["a2"].why
    assert "a team without people in project.teams" in story.state.approvals["a2"].why
    _answer(story, "ann", "a2")
    assert _merges(story)


def test_the_people_that_fleet_yaml_lists_answer_for_a_team() -> None:
    story = _ready(OWNERS, fleet=replace(FLEET, teams=(("acme/core", ("zoe",)),)), owners=[PY])
    _answer(story, "zoe", "a1")
    assert _merges(story)


def test_every_owned_file_needs_one_of_its_owners() -> None:
    docs = {"owners": ["@bob"], "path": "a.md", "files": 1}
    story = _ready(OWNERS, owners=[PY, docs])
    _answer(story, "ann", "a1")
    assert "a.md is owned by bob" in story.state.approvals["a2"].why
    _answer(story, "bob", "a2")
    assert _merges(story)


def test_where_nobody_owns_the_files_any_person_will_do() -> None:
    story = _ready(OWNERS, owners=[])
    _answer(story, "bob", "a1")
    assert _merges(story)


def test_owners_are_those_of_the_base_as_it_is_now() -> None:
    story = _ready(OWNERS, owners=[PY])
    story.tell(events.BASE_SEEN, sha="f" * 40)
    assert _line(story)["reason"] == "the owners of its files are being looked up"
    story.examine(owners=[{"owners": ["@bob"], "path": "a.py", "files": 2}])
    _answer(story, "bob", "a1")
    assert _merges(story)


# ------------------------------------------------------------ times and conditions


def test_a_closed_window_says_when_it_opens_and_then_does() -> None:
    # It is noon in London, on a Thursday.
    window = Window(days=(4,), start=9 * 60, end=17 * 60, zone="Europe/London")
    story = _ready(Requirement("window", window=window))
    assert (
        _line(story)["reason"] == "it is open fri 09:00-17:00 (Europe/London); next on Fri 2026-01-02 09:00"
    )
    assert next_due(story.fleet, story.state) == NOON + 21 * HOUR
    _pass(story, 22 * HOUR)
    assert _merges(story)


def test_a_window_that_closes_shuts_the_gate() -> None:
    window = Window(start=9 * 60, end=13 * 60)
    story = _ready(Requirement("window", window=window), Requirement("human"))
    assert _line(story)["met"] is True
    _pass(story, HOUR)
    assert _line(story)["met"] is False


@pytest.mark.parametrize(
    ("when", "met"),
    [
        ("risk.score < 50", True),
        ("risk.score >= 50", False),
        ("agent.model == 'small' && agent.harness == 'scripted'", True),
        ("budget.cost_limit_micros == 60000000 && budget.cost_used_micros < budget.cost_limit_micros", True),
        ("change.base == 'main' && change.guarded.size() == 0", True),
        ("risk.nothing", False),
    ],
)
def test_a_condition_opens_the_gate_or_keeps_it_shut(when: str, met: bool) -> None:
    story = _ready(Requirement("policy", when=when))
    assert (_line(story)["met"], _merges(story)) == (met, met)
