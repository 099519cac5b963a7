"""What a fleet may be but hardly should."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.config.load import parse_fleet
from fleet.config.warnings import warnings

FINE = """\
agents:
  dev: {template: developer}
  rev: {template: tech-lead}
workflows:
  feature:
    on: {issue: {labeled: go}}
    jobs:
      make: {agent: dev}
      review: {agent: rev, needs: [make]}
      merge: {action: merge, needs: [review]}
checks: {test: make test}
"""


def told(text):
    return " ".join(warnings(parse_fleet(text.encode(), root=Path("/nowhere"))))


def test_a_fleet_as_it_should_be_has_none():
    assert told(FINE) == ""


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "agents:\n  dev: {template: developer}\n  rev: {",
            "project: {forge: github, repo: a/b, logins: {old: x}}\n"
            "agents:\n  dev: {login: bot, template: developer}\n  rev: {login: bot, ",
            "dev and rev share the login bot",
        ),
        ("workflows:", "  qa: {template: qa-engineer}\nworkflows:", "No job uses the agent qa"),
        (
            "{template: developer}",
            "{template: developer, budget: {per_day: {time: 10m}}}",
            "time that dev has",
        ),
        (
            "checks:",
            "budget: {per_item: {time: 10m}}\nchecks:",
            "one item is less than one run of dev or rev",
        ),
        ("    jobs:", "    budget: {per_day: {time: 4m}}\n    jobs:", "none of dev or rev begins"),
        ("checks:", "budget: {per_day: {time: 5h}, per_week: {time: 4h}}\nchecks:", "a week is less"),
        ("{template: developer}", "{template: developer, budget: {per_run: {time: none}}}", "no ceiling"),
        ("checks:", "gates: {merge: [{review: {approvals: 2}}]}\nchecks:", "wants 2 approvals"),
        ("checks:", "gates: {merge: []}\nchecks:", "gate is empty"),
        ("checks:", "gates: {merge: [{human: {when: risk.score > 100}}]}\nchecks:", "[0] asks nobody"),
        (
            "checks:",
            "quarantine: {when: agent.failures_in_a_row >= 0}\nchecks:",
            "dev and rev from the beginning",
        ),
        ("checks: {test: make test}\n", "", "asks for checks, but none"),
        ("      merge: {action: merge, needs: [review]}\n", "", "no job merges"),
        ("agent: rev, needs: [make]", "agent: rev", "has none to look at"),
        ("{template: developer}", "{duty: change}", "dev has no template and no prompt"),
        ("  feature:", "  dev:", "is an agent and a workflow"),
        ("labeled: go", "labeled: 'fleet:done'", "Fleet itself sets the label fleet:done (done)"),
        ("agents:", "project: {labels: {ready: todo}}\nagents:", "No workflow starts with the label todo"),
        ("    jobs:", "    rounds: 0\n    jobs:", "rounds: 0"),
    ],
)
def test_what_looks_like_a_slip_is_told(old, new, says):
    assert old in FINE
    text = FINE.replace(old, new)
    if "agent: rev}" in text:
        text = text.replace("needs: [review]", "needs: [make, review]")
    assert says in told(text)


def test_a_fleet_without_workflows_says_that_nothing_starts():
    assert "nothing starts by itself" in told("agents:\n  dev: {template: developer}\n")


MODELS = FINE.replace("{template: developer}", "{template: developer, model: opus}")


@pytest.mark.parametrize(
    ("gate", "says"),
    [
        (
            "{review: {by: qa}}",
            "gates.merge[0] can never open in feature: it wants 1 approval by qa, and none",
        ),
        (
            "{review: {by: rev, approvals: 2}}",
            "it wants 2 approvals by rev, and 1 of its agents can give one",
        ),
        ("{review: {by: dev}}", "it wants 1 approval by dev, and none of its jobs is theirs"),
        (
            "{review: {by: rev, different: model}}",
            "can never open in feature: none of those who review has another",
        ),
        ("{review: {different: model}}", "can be opened by people alone in feature"),
        ("{review: {different: harness}}", "none of those who review has another harness than the author"),
        ("{human: {by: [ann, rev]}}", "asks rev, an agent by its name: human is for logins"),
        ("{human: {by: [ann, Ann], count: 2}}", "can never open: it wants 2 people and names 1"),
        ("{policy: 'risk.score / 0 > 1'}", "can never be told (modulus or divide by zero)"),
        ("{human: {when: 'now % 0 == 1'}}", "asks each time: now % 0 == 1 can never be told"),
        ("{policy: '1 > 2'}", "can never open: 1 > 2 is never true"),
        ("{policy: 'risk.score > 100 && change.round > 1'}", "is never true"),
        ("{policy: risk.score < 9}, {policy: risk.score > 9}", "no risk score meets all its policies"),
        ("{window: {days: sat}}, {window: {days: mon-fri}}", "never open at the same time"),
    ],
)
def test_a_gate_that_can_never_open_is_told(gate, says):
    text = MODELS.replace("{template: tech-lead}", "{template: tech-lead, model: opus}")
    text = text.replace("workflows:", "  qa: {template: qa-engineer}\nworkflows:")
    assert says in told(f"{text}gates: {{merge: [{gate}]}}\n")


@pytest.mark.parametrize(
    "gate",
    [
        "{review: {by: [rev, review], different: model}}",
        "{human: {by: [ann], count: 2, escalate: {after: 1h, to: bob}}}",
        "{human: {by: codeowners, count: 3}}",
        "{policy: 'risk.score < 1'}",
        "{policy: 'risk.score / change.lines < 1'}",
        "{policy: 'risk.score > 100 || change.round > 1'}",
        "{window: {days: fri}}, {window: {days: mon-fri, zone: Asia/Tokyo}}",
    ],
)
def test_one_that_may_open_is_not(gate):
    text = MODELS.replace("{template: tech-lead}", "{template: tech-lead, model: sonnet}")
    assert told(f"{text}gates: {{merge: [{gate}]}}\n") == ""


def test_a_gate_of_what_is_never_done_is_told():
    said = told(f"{FINE}gates: {{push: [{{human: always}}], release: [{{human: always}}]}}\n")
    assert "gates.push asks for nothing: where the forge is local" in said
    assert "gates.release asks for nothing: no job has action: release" in said
