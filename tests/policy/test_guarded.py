"""Files that rule the fleet: which they are, and that no gate in fleet.yaml can let them through unseen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fleet.model import events
from fleet.model.fleet import Requirement
from fleet.model.quarantine import Quarantining
from fleet.policy.guarded import guarded, leads_to
from fleet.policy.inspect import inspected
from fleet.testing.story import FLEET, Story

GATE_ALONE = Quarantining(tampering=False)  # else such a change is put in quarantine before it is asked about
RULES = [{"path": "fleet.yaml", "what": "what rules the fleet"}]


@pytest.mark.parametrize(
    "path",
    [
        "fleet.yaml",
        "Fleet.YAML",
        "fleet.yml",
        ".fleet/agents/developer.md",
        "CODEOWNERS",
        "docs/CODEOWNERS",
        ".github/CODEOWNERS",
        ".github",  # a link in the place of the folder
        ".github/workflows/ci.yml",
        ".github/actions/build/action.yml",
        ".gitlab-ci.yml",
        "ci/base.gitlab-ci.yml",
        "Jenkinsfile",
        "deploy/Jenkinsfile.prod",
        ".circleci/config.yml",
        ".ci/run.sh",
        "azure-pipelines.yml",
        ".travis.yml",
        ".claude/agents/qa.md",
        "packages/web/.claude/settings.json",
        ".claude",
        "CLAUDE.md",
        "packages/web/claude.md",
        "AGENTS.md",
        ".mcp.json",
        "opencode.json",
        ".github/copilot-instructions.md",
        ".github/hooks/pre.json",
        ".github/dependabot.yml",
        ".mergify.yml",
        ".tekton/pull.yaml",
        ".drone.jsonnet",
        ".pre-commit-config.yaml",
        ".husky/pre-commit",
        "Earthfile",
        "dagger.json",
        ".vscode/mcp.json",
        "QWEN.md",
        ".claude/agents/q\na.md",  # a name of two lines
        ".github/workflows/c\ni.yml",
        "fleet.yaml. ",  # Windows leaves these out
        "fleet.yaml::$DATA",
        ".claude\\settings.json",
        "fle\u200cet.yaml",  # HFS+ leaves it out
        "\ufb02eet.yaml",  # and APFS takes the ligature for two letters
        "CLAUDE.\uff4dd",
    ],
)
def test_what_rules_fleet_reviews_checks_and_agents_is_guarded(path: str) -> None:
    assert guarded(path)


@pytest.mark.parametrize(
    "path",
    [
        "src/fleet.py",
        "fleet.yaml.md",
        "docs/codeowners.md",
        "src/ci/run.py",
        ".github/ISSUE_TEMPLATE/bug.md",
        ".github/ISSUE_TEMPLATE/config.yml",
        ".github/FUNDING.yml",
        "fl\u0435et.yaml",  # a Cyrillic letter: another file to every program
        "a.py",
    ],
)
def test_what_only_sounds_like_it_is_not(path: str) -> None:
    assert not guarded(path)


def test_a_template_that_fleet_yaml_names_by_its_path_is_guarded() -> None:
    assert guarded("prompts/dev.md", also={"prompts/dev.md"})
    assert not guarded("prompts/dev.md")


@pytest.mark.parametrize("written", ["./prompts/dev.md", "prompts/../prompts//dev.md"])
@pytest.mark.parametrize("path", ["prompts/dev.md", "Prompts/Dev.md"])
def test_it_is_however_fleet_yaml_and_the_change_write_the_path(path: str, written: str) -> None:
    assert guarded(path, also={written})


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("CLAUDE.md", "docs/agents.md", "docs/agents.md"),
        (".github/copilot-instructions.md", "../docs/agents.md", "docs/agents.md"),
        ("CLAUDE.md", "/etc/agents.md", ""),
        ("CLAUDE.md", "../elsewhere.md", ""),
        ("CLAUDE.md", "Be kind.\nBe brief.\n", ""),
    ],
)
def test_where_a_link_leads_to_is_told_by_what_it_says(name: str, text: str, place: str) -> None:
    assert leads_to(name, text) == place


def test_all_of_a_folder_that_a_link_leads_to_is_guarded() -> None:
    assert guarded("tools/agents/qa.md", also={"tools/agents"})
    assert not guarded("tools/agents-of-old.md", also={"tools/agents"})


def test_many_other_files_do_not_crowd_out_what_rules_the_fleet() -> None:
    paths = [*(f".claude/agents/{at}.md" for at in range(30)), "fleet.yaml"]
    found = inspected(paths, codeowners=None, also=())
    assert found["guarded"][0] == RULES[0]


def _landing(*gate: Requirement, guarded_: list[dict[str, Any]] = RULES) -> Story:
    """A change that is ready but for its gate."""
    story = Story(replace(FLEET, merge_gate=gate, checks=(), quarantine=GATE_ALONE))
    story.issue()
    story.deliver("r1")
    story.examine(guarded=guarded_)
    story.deliver("r2", "approve")
    return story


def _merges(story: Story) -> bool:
    return any(wish.kind == "merge" for wish in story.state.wishes.values())


def _answer(story: Story, by: str, approval: str = "a1") -> None:
    story.tell(events.APPROVAL_GIVEN, approval=approval, actor=by, note="")


@pytest.mark.parametrize(
    "gate",
    [
        (),
        (Requirement("review"),),
        (Requirement("policy", when="true"),),
        (Requirement("human", when="false"),),
    ],
)
def test_no_gate_lets_a_guarded_file_through_without_a_person(gate: tuple[Requirement, ...]) -> None:
    story = _landing(*gate)
    assert not _merges(story)
    assert [each.kind for each in story.state.approvals.values()] == ["merge"]
    assert "fleet.yaml (what rules the fleet)" in story.state.approvals["a1"].why
    _answer(story, "user/ann")
    assert _merges(story)


def test_a_persons_review_of_the_head_is_a_persons_word() -> None:
    story = _landing(Requirement("review", approvals=2))
    head = story.state.changes[2].head
    said = {"change": 2, "head": head, "verdict": "approve", "by": "user/ann", "text": "", "run": ""}
    story.tell(events.CHANGE_REVIEWED, **said)
    assert _merges(story)


def test_an_agents_word_is_not() -> None:
    story = _landing(Requirement("review"))
    head = story.state.changes[2].head
    said = {"change": 2, "head": head, "verdict": "approve", "by": "agent/other", "text": "", "run": ""}
    story.tell(events.CHANGE_REVIEWED, **said)
    assert not _merges(story)


def test_while_nobody_has_looked_at_its_files_nothing_is_merged_and_nobody_is_asked() -> None:
    story = Story(replace(FLEET, merge_gate=(), checks=()))
    story.issue()
    story.deliver("r1")
    story.deliver("r2", "approve")
    assert story.state.changes[2].gate[0]["reason"] == "its files are being looked at"
    assert not _merges(story)
    assert not story.state.approvals


def test_a_change_without_such_files_is_asked_nothing_more() -> None:
    story = _landing(Requirement("review"), guarded_=[])
    assert [each["name"] for each in story.state.changes[2].gate] == ["review"]
    assert _merges(story)


def test_a_gate_that_asks_for_nothing_is_open_once_the_files_were_looked_at() -> None:
    assert _merges(_landing(guarded_=[]))


def test_another_head_is_looked_at_anew() -> None:
    story = _landing(Requirement("review"))
    data = {"change": 2, "head": "e" * 40, "run": "", "author": "agent/other", "maker": "implement"}
    story.tell(events.CHANGE_UPDATED, **data)
    assert story.state.changes[2].inspected == {}
    assert [wish.kind for wish in story.state.wishes.values() if wish.args.get("head") == "e" * 40].count(
        "inspect"
    ) == 1


def test_its_risk_is_high_and_says_so_whichever_is_known_first() -> None:
    story = _landing(Requirement("human", when="risk.score >= 60"))
    change = story.state.changes[2]
    assert change.risk["score"] == 80
    assert change.risk["factors"][0] == {
        "name": "guarded files",
        "points": 75,
        "reason": "fleet.yaml: what rules the fleet",
    }
    data = {"change": 2, "head": change.head, "score": 10, "factors": []}
    story.tell(events.CHANGE_ASSESSED, **data)
    assert story.state.changes[2].risk["score"] == 80
    story.tell(events.CHANGE_ASSESSED, **{**data, "score": 95})
    assert story.state.changes[2].risk["score"] == 95
