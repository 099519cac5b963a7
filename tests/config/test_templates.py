"""Templates: the built-in ones, a project's own, and Claude Code's subagent files as they are found."""

from __future__ import annotations

import pytest

from fleet.config.explain import ConfigError
from fleet.config.load import parse_fleet
from fleet.config.templates import find, names, read
from fleet.model.errors import UsageError

BUILT_IN = {
    "developer": "change",
    "tech-lead": "review",
    "qa-engineer": "check",
    "release-manager": "merge",
    "planner": "plan",
}

# As Claude Code's own generator writes them: the description is no YAML.
SUBAGENT = """\
---
name: code-reviewer
description: Use this agent when you are done: it reviews. Examples:\\n<example>user: "Look: {this"</example>
tools: Read, Grep, Bash(git diff:*)
model: inherit
color: purple
---

You review code.
"""


def own(tmp_path, text, name="mine"):
    folder = tmp_path / ".claude" / "agents"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text(text)
    return tmp_path


def test_there_are_the_built_in_templates_and_no_others(tmp_path):
    assert set(names(tmp_path)) == set(BUILT_IN)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_template_has_all_that_an_agent_needs(name, tmp_path):
    template = find(name, tmp_path)
    assert (template.name, template.duty, template.source) == (name, BUILT_IN[name], "built-in")
    assert template.description
    assert 1200 < len(template.body) < 6000
    assert "# Never" in template.body
    report = "`done`" if BUILT_IN[name] in ("change", "plan") else "`approve`"
    assert report in template.body


def test_a_subagent_file_is_used_as_it_is(tmp_path):
    template = find("mine", own(tmp_path, SUBAGENT))
    assert template.tools == ("Read", "Grep", "Bash(git diff:*)")
    assert (template.model, template.duty, template.body) == ("", "", "You review code.")
    assert template.description.startswith("Use this agent when you are done: it reviews.")


def test_a_subagent_file_needs_a_duty_in_fleet_yaml(tmp_path):
    own(tmp_path, SUBAGENT)
    right = b"agents:\n  rev: {template: mine, duty: review}\n"
    assert parse_fleet(right, root=tmp_path).agents[0].prompt == "You review code."
    with pytest.raises(ConfigError, match="expected a duty"):
        parse_fleet(b"agents:\n  rev: {template: mine}\n", root=tmp_path)


def test_a_fleet_block_is_read_even_beside_a_description_that_is_no_yaml(tmp_path):
    text = SUBAGENT.replace("color: purple", "fleet:\n  duty: review")
    assert find("mine", own(tmp_path, text)).duty == "review"


def test_a_projects_own_template_goes_before_the_built_in_of_that_name(tmp_path):
    own(tmp_path, "---\nname: developer\nfleet: {duty: change}\n---\nOurs.\n", "developer")
    template = find("developer", tmp_path)
    assert (template.body, template.source) == ("Ours.", "project")


def test_a_path_is_taken_from_the_projects_root(tmp_path):
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "x.md").write_text("---\nname: x\nfleet: {duty: plan}\n---\nPlan.\n")
    assert find("agents/x.md", tmp_path).duty == "plan"


def test_a_file_without_front_matter_is_a_prompt(tmp_path):
    template = find("mine", own(tmp_path, "Just do it.\n"))
    assert (template.name, template.body, template.duty) == ("mine", "Just do it.", "")


def test_a_template_that_is_not_there_is_told_with_the_nearest(tmp_path):
    with pytest.raises(UsageError) as caught:
        find("developper", tmp_path)
    assert "'developer'" in caught.value.do


@pytest.mark.parametrize(
    ("block", "place", "says"),
    [
        ("fleet: {duty: reviw}", "3:15", "did you mean 'review'?"),
        ("fleet: {dty: review}", "3:9", "did you mean 'duty'?"),
        ("fleet: review", "3:8", "a mapping"),
        ("fleet: {duty: review", "4:1", "not closed"),
    ],
)
def test_a_wrong_fleet_block_is_told_with_its_place(tmp_path, block, place, says):
    path = own(tmp_path, f"---\nname: mine\n{block}\n---\nx\n") / ".claude/agents/mine.md"
    with pytest.raises(ConfigError) as caught:
        read(path)
    assert str(caught.value).startswith(f"mine.md:{place}: ")
    assert says in str(caught.value)


def test_what_cannot_be_read_as_text_is_refused(tmp_path):
    (tmp_path / "x.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="UTF-8"):
        find("x.md", tmp_path)
    (tmp_path / "y.md").write_bytes(b"x" * 300_000)
    with pytest.raises(UsageError, match="too large"):
        find("y.md", tmp_path)
