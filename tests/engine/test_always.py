""" "Always allow this": a change of Fleet's own to fleet.yaml, which no gate lets through by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.engine.conftest import APPROVES, CODES, git, make_configured

from fleet.model import events
from fleet.model.fleet import Requirement
from fleet.wiring import load_fleet

pytestmark = pytest.mark.slow

RULE = "Bash(make deploy)"
GUARDED = """  guard:
    template: developer   # held to rules
    harness: claude-code
    permissions:
      allow:
      - Read   # looking is free
      otherwise: ask
workflows:"""


def test_a_rule_for_good_is_merged_once_as_many_people_as_the_gate_asks_for_have_said_so(tmp_path):
    stage = make_configured(tmp_path, CODES, APPROVES)
    path = stage.root / "fleet.yaml"
    before = path.read_text().replace("workflows:", GUARDED, 1)
    path.write_text(before)
    (stage.root / "notes.txt").write_text("a note\n")
    git(stage.root, "add", "-A")
    git(stage.root, "commit", "-qm", "Have a guard")
    fleet = load_fleet(stage.place)
    two = replace(fleet, merge_gate=(Requirement("review", approvals=2), Requirement("checks")))
    proposed = {"proposal": "a7", "approval": "a7", "agent": "guard", "where": "allow", "run": ""}
    stage.tell(events.RULES_PROPOSED, **proposed, rules=[RULE])

    assert stage.watch(two) == 3
    change = stage.state().changes[2]
    assert (change.author, change.quarantined, change.branch) == ("fleet", "", "fleet/rules-a7")
    assert [(each["name"], each["met"]) for each in change.gate] == [
        ("review", False),
        ("checks", True),
        ("guarded files", False),
    ]
    assert path.read_text() == before

    stage.approve("a1")
    assert stage.watch(two) == 3
    assert path.read_text() == before
    stage.tell(events.APPROVAL_GIVEN, approval="a2", actor="user/bob", note="")
    assert stage.watch(two) == 0
    assert path.read_text() == before.replace("is free\n", f'is free\n      - "{RULE}"\n')
    assert load_fleet(stage.place).agent("guard").permissions.allow == ("Read", RULE)
    assert "Fleet-Asked-by: user/ann" in git(stage.root, "log", "-1", "--format=%B", change.head)
    assert stage.state().items[1].open is False

    stage.tell(events.RULES_PROPOSED, **(proposed | {"proposal": "a9"}), rules=[RULE])
    assert stage.watch(two) == 0
    assert "has these rules already" in stage.state().proposals["a9"].refused
    stage.end()
