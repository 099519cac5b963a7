"""Gates that nothing inside a session can move: they are the operator's, and so is what rules them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.engine.conftest import APPROVES, assert_merged, git, make_configured, unexplained

from fleet.model import events
from fleet.model.fleet import Requirement
from fleet.model.quarantine import Quarantining
from fleet.wiring import load_fleet

pytestmark = pytest.mark.slow

# What an agent would write that wants no gate, no budget, and a say of its own.
OPENS_ALL_GATES = {
    "steps": [
        {"run": "sed -i 's/^checks:.*/gates: {merge: []}/; s/time: 60s/time: none/' fleet.yaml"},
        {"run": "mkdir -p .github; echo '* @dev' > .github/CODEOWNERS; echo a > notes.txt"},
        {"commit": "Add a note"},
        {"agent": ["done", "-m", "The note is there."]},
    ]
}


def test_gates_and_budgets_are_the_operators_whatever_the_branch_says(tmp_path):
    stage = make_configured(tmp_path, OPENS_ALL_GATES, APPROVES)
    declared = load_fleet(stage.place)
    fleet = replace(declared, quarantine=Quarantining(tampering=False))  # the gate is alone
    stage.issue()
    assert stage.watch(fleet) == 3
    change = stage.state().changes[2]
    assert "gates: {merge: []}" in git(stage.root, "show", f"{change.head}:fleet.yaml")
    assert [(each["name"], each["met"]) for each in change.gate] == [
        ("review", True),
        ("checks", True),
        ("guarded files", False),
    ]
    assert change.gate[2]["reason"].startswith("it touches fleet.yaml (what rules the fleet) and 1 more")
    assert load_fleet(stage.place) == declared
    assert unexplained(stage, fleet) == []
    stage.approve("a1")
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet)
    assert [event.data["actor"] for event in stage.events(events.APPROVAL_GIVEN)] == ["user/ann"]
    stage.end()


def test_owners_are_those_that_the_base_names_and_not_those_of_the_branch(tmp_path):
    owns_it_all = {
        "steps": [
            {"run": "echo '* @dev' > CODEOWNERS; echo a > notes.txt"},
            {"commit": "Add a note"},
            {"agent": ["done", "-m", "The note is there."]},
        ]
    }
    stage = make_configured(tmp_path, owns_it_all, APPROVES)
    (stage.root / "CODEOWNERS").write_text("*.txt @bob\n")
    git(stage.root, "add", "CODEOWNERS")
    git(stage.root, "commit", "-qm", "Say who owns what")
    owners = (Requirement("review"), Requirement("human", by=("codeowners",)))
    fleet = replace(load_fleet(stage.place), merge_gate=owners, digest="d2")
    stage.issue()
    assert stage.watch(fleet) == 3
    stage.tell(events.APPROVAL_GIVEN, approval="a1", actor="user/dev", note="")
    assert stage.watch(fleet) == 3
    assert "notes.txt is owned by bob" in stage.state().approvals["a2"].why
    stage.tell(events.APPROVAL_GIVEN, approval="a2", actor="user/bob", note="")
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet)
    stage.end()


def test_a_release_has_a_gate_of_its_own_that_the_merge_does_not_wait_for(tmp_path):
    writes = {
        "steps": [
            {"run": "echo a > notes.txt"},
            {"commit": "Add a note"},
            {"agent": ["done", "-m", "The note is there."]},
        ]
    }
    stage = make_configured(tmp_path, writes, APPROVES)
    text = (stage.root / "fleet.yaml").read_text()
    text = text.replace("checks:", "      release: {action: release, needs: [merge]}\nchecks:")
    (stage.root / "fleet.yaml").write_text(f"{text}gates: {{release: [{{human: {{by: [bob]}}}}]}}\n")
    git(stage.root, "commit", "-qam", "Release what is merged")
    fleet = load_fleet(stage.place)
    stage.issue()
    assert stage.watch(fleet) == 3
    assert len(stage.events(events.CHANGE_MERGED)) == 1
    assert git(stage.root, "tag") == ""
    assert [(each["kind"], each["do"]) for each in stage.board(fleet)["approvals"]] == [
        ("gate", "fleet approve a1")
    ]
    assert unexplained(stage, fleet) == []
    stage.tell(events.APPROVAL_GIVEN, approval="a1", actor="user/bob", note="")
    assert stage.watch(fleet) == 0
    assert git(stage.root, "tag").startswith("v")
    stage.end()
