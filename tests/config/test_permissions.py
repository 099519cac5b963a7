"""Permissions in fleet.yaml: what they become, and where nothing could enforce them."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.config.explain import ConfigError
from fleet.config.load import load_fleet
from fleet.config.permit_meaning import HELD, UNHELD
from fleet.model.permissions import Permissions
from fleet.ports.harness import Permitting
from fleet.wiring import harnesses


def load(folder: Path, permissions: str, harness: str = "claude-code"):
    path = folder / "fleet.yaml"
    path.write_text(
        f"version: 1\nagents:\n  dev:\n    duty: change\n    prompt: Work.\n    harness: {harness}\n"
        f"    permissions: {permissions}\n"
    )
    return load_fleet(path)


def test_rules_become_data(tmp_path):
    fleet = load(tmp_path, '{deny: "Bash(git push *)", allow: [Read, "mcp__db"], wait: 1h}')
    assert fleet.agent("dev").permissions == Permissions(
        deny=("Bash(git push *)",), allow=("Read", "mcp__db"), wait_ms=3_600_000
    )


@pytest.mark.parametrize("rule", ["Bash(", "git push", "Bash()", "1x", "''"])
def test_what_is_no_rule_is_told_with_its_place(tmp_path, rule):
    with pytest.raises(ConfigError) as told:
        load(tmp_path, f"{{allow: [Read, {rule!r}]}}")
    assert [each.line for each in told.value.problems] == [7]


@pytest.mark.parametrize("harness", UNHELD)
def test_permissions_that_nothing_enforces_are_a_mistake(tmp_path, harness):
    with pytest.raises(ConfigError, match="can't be held to them"):
        load(tmp_path, "{allow: [Read]}", harness)


def test_each_harness_is_known_to_be_held_or_not():
    found = {name: isinstance(each, Permitting) and each.permits for name, each in harnesses().items()}
    assert {name for name, permits in found.items() if permits} == set(HELD)
    assert set(found) == {*HELD, *UNHELD}


def test_tools_that_nobody_would_look_at_are_a_mistake_beside_permissions(tmp_path):
    with pytest.raises(ConfigError, match="one of both") as told:
        load(tmp_path, "{allow: [Read]}\n    tools: [write]", "copilot")
    assert [each.line for each in told.value.problems] == [8]


def test_a_rule_that_could_never_be_heard_is_a_mistake(tmp_path):
    with pytest.raises(ConfigError, match=r"db-drop"):
        load(tmp_path, "{deny: [mcp__db__drop], allow: [Read]}", "copilot")
    load(tmp_path, "{deny: ['db-*'], allow: [Read]}", "copilot")
