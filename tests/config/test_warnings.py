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
        ("{template: developer}", "{template: developer, budget: {per_run: {time: none}}}", "no ceiling"),
        ("checks:", "gates: {merge: [{review: {approvals: 2}}]}\nchecks:", "wants 2 approvals"),
        ("checks:", "gates: {merge: []}\nchecks:", "gate is empty"),
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


def test_who_wants_to_be_notified_is_told_that_nothing_is_sent_yet():
    assert "nothing is sent yet" in told(FINE + 'notify: ["ntfy://fleet"]\n')
