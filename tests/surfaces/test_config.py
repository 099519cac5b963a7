"""`fleet config`: mistakes with places, what a right file declares, the schema."""

from __future__ import annotations

import json

RIGHT = "agents:\n  dev: {template: developer, budget: {per_day: {time: 10m}}}\n"


def test_a_right_file_is_shown_with_its_agents_and_workflows(cli):
    said = cli("config", "check")
    assert said.code == 0
    assert "developer" in said.out
    assert "label fleet:ready" in said.out
    assert "Fleet (merge)" in said.out
    assert "1 approval, passing checks, a person if risk.score >= 60" in said.out


def test_json_has_the_same_and_the_digest(cli):
    found = cli("config", "check", "--json").json
    assert found["ok"] is True
    assert found["fleet"]["name"] == "shop"
    assert [each["name"] for each in found["fleet"]["agents"]] == ["developer", "tech-lead"]
    assert len(found["fleet"]["digest"]) == 64


def test_every_mistake_is_told_with_its_place_and_exit_code_2(cli):
    cli.place.config.write_text("agnts: {}\nattempts: 0\n")
    said = cli("config", "check")
    assert (said.code, said.out) == (2, "")
    assert "fleet.yaml:1:1: found the unknown key 'agnts'" in said.err
    assert "did you mean 'agents'?" in said.err
    assert "fleet.yaml:2:11" in said.err


def test_mistakes_are_json_too(cli):
    cli.place.config.write_text("attempts: 0\n")
    said = cli("config", "check", "--json")
    assert said.code == 2
    (error,) = said.json["errors"]
    assert (error["line"], error["column"], error["key"], error["found"]) == (1, 11, "attempts", "0")
    assert error["expected"] == "1 or more"


def test_an_unknown_harness_is_a_mistake(cli):
    cli.place.config.write_text("defaults: {harness: claud-code}\n")
    assert "did you mean 'claude-code'?" in cli("config", "check").err


def test_slips_are_warnings_and_do_not_fail(cli):
    cli.place.config.write_text(RIGHT)
    said = cli("config", "check")
    assert said.code == 0
    assert "No job uses the agent dev" in said.out
    assert "less than what it has for one run" in said.out
    assert len(cli("config", "check", "--json").json["warnings"]) >= 2


def test_another_file_can_be_checked(cli, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text("version: 3\n")
    assert "other.yaml:1:10" in cli("config", "check", str(other)).err


def test_a_file_that_is_not_there_is_told_in_json_too(cli, tmp_path):
    said = cli("config", "check", str(tmp_path / "no.yaml"), "--json")
    assert said.code == 2
    assert said.json["ok"] is False


def test_the_schema_is_json(cli):
    schema = json.loads(cli("config", "schema").out)
    assert schema["title"] == "fleet.yaml"
    assert schema == cli("config", "schema", "--json").json


def test_check_lists_the_repositories_of_a_forge(cli, tmp_path):
    path = tmp_path / "fleet.yaml"
    path.write_text(
        "version: 1\n"
        "project: {forge: github, host: git.acme.example,\n"
        "  repos: [acme/shop, {repo: acme/api, base: develop}]}\n"
        "agents: {dev: {duty: change, harness: scripted}}\n"
        "workflows: {w: {on: {issue: {labeled: x}}, jobs: {i: {agent: dev}}}}\n"
    )
    repos = [{"repo": "acme/shop", "base": "main"}, {"repo": "acme/api", "base": "develop"}]
    assert cli("config", "check", str(path), "--json").json["fleet"]["repos"] == repos
    assert (
        "acme/api on github, at git.acme.example: changes go into develop"
        in cli("config", "check", str(path)).out
    )
