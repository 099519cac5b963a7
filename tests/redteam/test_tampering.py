"""An agent that changes what others have judged, or what rules the fleet."""

from __future__ import annotations

from tests.engine.conftest import APPROVES, BUDGET, OBJECTS_ONCE, Stage, assert_merged, commits, git

from fleet.model import events

AMENDS = [
    {"run": "echo louder >> notes.txt; git commit -qa --amend -m 'As if it had been so'"},
    {"agent": ["done", "-m", "There."]},
]


def rewrites(*, always: bool) -> dict[str, object]:
    """It commits; in the second round it amends what was judged, once or whenever it is asked."""
    told = {"when": {"prompt": "was rewritten"}, "steps": commits("louder", "Say it louder")}
    first = {"when": {"round": 1}, "steps": commits("a note")}
    return {"cases": [first, *([] if always else [told]), {"steps": AMENDS}]}


def test_history_that_was_judged_cannot_be_rewritten(stage: Stage):
    fleet = stage.pair(rewrites(always=False), OBJECTS_ONCE)
    stage.issue("Add a note")
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet)
    denied = stage.events(events.AGENT_DENIED)
    assert [event.data["kind"] for event in denied] == ["rewrite"]
    assert git(stage.root, "log", "--topo-order", "--format=%s", "--no-merges", "main").splitlines() == [
        "Say it louder",
        "Add a note",
        "Start",
    ]


def test_who_rewrites_it_again_is_quarantined(stage: Stage):
    fleet = stage.pair(rewrites(always=True), OBJECTS_ONCE, attempts=4)
    stage.issue("Add a note")
    assert stage.watch(fleet) == 3
    (held,) = stage.events(events.AGENT_QUARANTINED)
    assert (held.data["agent"], held.data["rule"]) == ("dev", "tampering")
    assert "rewrote the history" in held.data["reason"]
    assert git(stage.root, "log", "--format=%s", "main") == "Start"


def test_what_rules_the_fleet_is_asked_about_once(stage: Stage):
    steps = [
        {"run": "mkdir .github; echo '* @dev' > .github/CODEOWNERS; echo 'gates: {}' > fleet.yaml"},
        {"commit": "Let me in"},
        {"agent": ["done", "-m", "There."]},
    ]
    fleet = stage.fleet(
        stage.agent("dev", "change", {"steps": steps}, budget=BUDGET), stage.agent("lead", "review", APPROVES)
    )
    stage.issue("Add a note")
    assert stage.watch(fleet) == 3
    (change,) = stage.state().changes.values()
    assert "fleet.yaml" in change.quarantined
    assert git(stage.root, "log", "--format=%s", "main") == "Start"
    (asked,) = stage.events(events.APPROVAL_ASKED)
    stage.approve(asked.data["approval"], "read it")
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet)
    assert len(stage.events(events.APPROVAL_ASKED)) == 1
