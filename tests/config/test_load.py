"""What a right fleet.yaml becomes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fleet.config.conditions import OF_A_GATE, OF_AN_EVENT, OF_QUARANTINE
from fleet.config.load import load_fleet, parse_fleet
from fleet.config.schema import json_schema
from fleet.model.channel import Channel
from fleet.model.errors import UsageError
from fleet.model.fleet import LABELS, Budget, Check, Fleet, Limit, Repo, Requirement, Trigger
from fleet.model.gates import Asking, Window
from fleet.model.state import Change, State
from fleet.policy.variables import gate_variables

HOUR = 3_600_000

CONTRACT = """\
version: 1
project: {name: shop, forge: local, base: main}        # forge: github, repo: acme/shop
defaults:
  harness: claude-code
  budget: {per_run: {time: 45m}}
agents:
  developer:       {template: developer, model: sonnet, slots: 2, budget: {per_run: {time: 45m, cost: 5}, per_day: {time: 8h, cost: 60}}}
  tech-lead:       {template: tech-lead, model: opus}
  qa:              {template: qa-engineer}
  release-manager: {template: release-manager, model: haiku}
workflows:
  feature:
    on: {issue: {labeled: "fleet:ready"}}
    jobs:
      implement: {agent: developer}
      review:    {agent: tech-lead, needs: [implement]}
      test:      {agent: qa, needs: [implement]}
      merge:     {agent: release-manager, needs: [review, test]}     # or {action: merge, …}: no agent needed
    rounds: 3                              # review → changes requested → implement again, at most so often
checks: {test: make test}                  # run on the merge result, not on the branch alone
gates:
  merge:
    - review: {approvals: 1}               # by an agent or person other than the author, for the head commit
    - checks: passing
    - human: {when: "risk.score >= 60"}    # CEL; a person answers by `fleet approve`, the web page, or the forge
quarantine: {when: "agent.failures_in_a_row >= 3 || run.denied_actions >= 5"}
notify: ["slack://…"]                      # Apprise URLs
"""  # noqa: E501

AGENT = "agents:\n  dev: {duty: change, prompt: Do it.}\n"


def parse(text, root=Path("/nowhere")):
    return parse_fleet(text.encode(), root=root)


def job(text, name="j"):
    return (
        parse(f"{AGENT}  ops: {{duty: change, prompt: x}}\nworkflows:\n  w:\n    jobs:\n{text}")
        .workflows[0]
        .job(name)
    )


def triggers(on):
    text = f"{AGENT}workflows:\n  w:\n    on: {on}\n    jobs: {{j: {{agent: dev}}}}\n"
    return parse(text).workflows[0].triggers


def per_run(budget, defaults="{}"):
    text = f"defaults: {defaults}\nagents:\n  dev: {{duty: change, prompt: x, budget: {budget}}}\n"
    return parse(text).agents[0].budget.per_run


def test_the_contract_of_the_design_loads_as_it_stands():
    fleet = parse(CONTRACT)
    developer = fleet.agent("developer")
    assert (fleet.name, fleet.base, fleet.forge) == ("shop", "main", "local")
    assert [(each.name, each.duty, each.model) for each in fleet.agents] == [
        ("developer", "change", "sonnet"),
        ("tech-lead", "review", "opus"),
        ("qa", "check", ""),
        ("release-manager", "merge", "haiku"),
    ]
    assert developer.budget == Budget(Limit(45 * 60_000, 5_000_000), Limit(8 * 3_600_000, 60_000_000))
    assert developer.slots == 2
    assert fleet.workflow("feature").triggers == (Trigger("issue", label="fleet:ready"),)
    assert fleet.workflow("feature").job("merge").needs == ("review", "test")
    assert fleet.checks == (Check("test", "make test"),)
    assert fleet.merge_gate == (
        Requirement("review", 1),
        Requirement("checks"),
        Requirement("human", when="risk.score >= 60"),
    )
    assert fleet.notify == (Channel("slack://…"),)


def test_what_is_left_out_has_defaults():
    fleet = parse(AGENT, root=Path("/some/where"))
    assert (fleet.name, fleet.base, fleet.attempts, fleet.quarantine_failures) == ("where", "main", 3, 3)
    assert fleet.merge_gate == (Requirement("review"), Requirement("checks"))
    assert fleet.agents[0].budget == Budget(Limit(time_ms=45 * 60_000), Limit())
    assert (fleet.agents[0].harness, fleet.agents[0].slots) == ("claude-code", 1)


def test_a_workflow_without_on_is_started_by_hand():
    text = f"{AGENT}workflows: {{w: {{jobs: {{j: {{agent: dev}}}}}}}}\n"
    assert parse(text).workflows[0].triggers == (Trigger("manual"),)


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("{issue: opened}", [Trigger("issue")]),
        ("{issue: labeled}", [Trigger("issue", label="fleet:ready")]),
        ("{issue: {labeled: go}}", [Trigger("issue", label="go")]),
        ("{issue: {opened: true, when: event.data.n > 1}}", [Trigger("issue", when="event.data.n > 1")]),
        ("{event: docs.outdated}", [Trigger("event", event="docs.outdated")]),
        ("{event: {type: a.b, when: 'true'}}", [Trigger("event", event="a.b", when="true")]),
        ("{event: fleet.change.merged}", [Trigger("event", event="fleet.change.merged")]),
        ("{schedule: '0 6 * * 1-5'}", [Trigger("schedule", cron="0 6 * * 1-5")]),
        ("{merge: true}", [Trigger("merge")]),
        ("{merge: {when: 'event.data.change > 3'}}", [Trigger("merge", when="event.data.change > 3")]),
        ("{manual: true}", [Trigger("manual")]),
        ("[{issue: opened}, {merge: true}]", [Trigger("issue"), Trigger("merge")]),
        ("{issue: {labeled: on}, manual: true}", [Trigger("issue", label="on"), Trigger("manual")]),
    ],
)
def test_every_way_to_start_a_workflow(on, expected):
    assert triggers(on) == tuple(expected)


@pytest.mark.parametrize(
    ("text", "agents", "action"),
    [
        ("      j: {agent: dev}\n", ("dev",), ""),
        ("      j: {agents: [dev, ops]}\n", ("dev", "ops"), ""),
        ("      j: {duty: change}\n", ("dev", "ops"), ""),
        ("      m: {agent: dev}\n      j: {action: merge, needs: m}\n", (), "merge"),
    ],
)
def test_every_way_to_say_who_plays_a_job(text, agents, action):
    found = job(text)
    assert (found.agents, found.action) == (agents, action)


def project(text):
    return parse(f"project: {{forge: github, {text}}}\n{AGENT}")


def test_a_project_on_a_forge_has_one_repository_with_defaults_for_the_rest():
    fleet = project("repo: acme/shop, base: trunk")
    assert fleet.repos == (Repo("acme/shop", "trunk"),)
    assert (fleet.forge, fleet.host, fleet.trusted, fleet.merge_method) == ("github", "", (), "merge")
    assert fleet.labels == LABELS


def test_a_project_may_have_several_repositories_in_a_short_and_a_long_form():
    fleet = project(
        "base: trunk, repos: [acme/shop, {repo: acme/api, base: develop, url: 'git@work:acme/api.git'}]"
    )
    assert fleet.repos == (
        Repo("acme/shop", "trunk"),
        Repo("acme/api", "develop", "git@work:acme/api.git"),
    )
    assert fleet.base == "trunk"
    assert project("repos: acme/shop").repos == (Repo("acme/shop", "main"),)


def test_host_trust_labels_and_the_way_to_merge_are_taken_over():
    fleet = project(
        "repo: acme/shop, host: GH.acme.example, trusted: [mia, 'dependabot[bot]'], merge: squash, "
        "labels: {working: in progress}"
    )
    assert (fleet.host, fleet.merge_method) == ("gh.acme.example", "squash")
    assert fleet.trusted == ("mia", "dependabot[bot]")
    assert fleet.labels == tuple(
        (state, "in progress" if state == "working" else label) for state, label in LABELS
    )
    assert project("repo: acme/shop, host: github.com").host == ""


def test_the_labeled_trigger_goes_with_the_label_that_says_ready():
    text = (
        f"project: {{forge: github, repo: a/b, labels: {{ready: todo}}}}\n{AGENT}"
        "workflows: {w: {on: {issue: labeled}, jobs: {j: {agent: dev}}}}\n"
    )
    assert parse(text).workflows[0].triggers == (Trigger("issue", label="todo"),)


@pytest.mark.parametrize(
    "other",
    [
        "repo: a/c",
        "repo: a/b, host: h",
        "repo: a/b, trusted: [m]",
        "repo: a/b, merge: rebase",
        "repo: a/b, labels: {done: x}",
        "repos: [{repo: a/b, url: 'file:///x'}]",
    ],
)
def test_the_digest_changes_with_each_part_of_the_forge(other):
    assert project(other).digest != project("repo: a/b").digest


def test_budgets_are_taken_figure_by_figure_from_the_agent_then_the_defaults_then_ours():
    defaults = "{budget: {per_run: {time: 10m, tokens: 5k}}}"
    assert per_run("{per_run: {cost: 2}}", defaults) == Limit(600_000, 2_000_000, 5000)
    assert per_run("{per_run: {time: 1h}}", defaults).time_ms == 3_600_000
    assert per_run("{per_run: {time: none}}", defaults).time_ms == 0
    assert per_run("{}").time_ms == 45 * 60_000


def test_a_prompt_stands_behind_its_template_and_alone_without_one():
    both = parse("agents:\n  dev: {template: developer, prompt: Speak French.}\n").agents[0].prompt
    assert both.startswith("You are a developer.")
    assert both.endswith("\n\nSpeak French.")
    assert parse(AGENT).agents[0].prompt == "Do it."


def test_an_agent_may_have_tools_options_and_a_duty_other_than_its_templates():
    more = "duty: plan, tools: 'Read, Bash(git *)', options: {script: a.yaml}"
    text = f"agents:\n  dev: {{template: developer, {more}}}\n"
    agent = parse(text).agents[0]
    assert (agent.duty, agent.tools, agent.options) == (
        "plan",
        ("Read", "Bash(git *)"),
        (("script", "a.yaml"),),
    )


def test_checks_gates_and_quarantine_have_short_and_long_forms():
    fleet = parse(
        f"{AGENT}checks: {{a: make a, b: {{run: make b, time: 90s}}}}\n"
        "gates: {merge: [{human: always}]}\nquarantine: {failures: 0}\nattempts: 5\nnotify: mailto://a\n"
    )
    assert fleet.checks == (Check("a", "make a"), Check("b", "make b", 90_000))
    assert fleet.merge_gate == (Requirement("human"),)
    assert (fleet.quarantine_failures, fleet.attempts, fleet.notify) == (0, 5, (Channel("mailto://a"),))


def test_an_address_says_what_is_told_there_and_when_not():
    fleet = parse(
        f"""{AGENT}
notify:
  link: https://fleet.example.org
  to:
    - $TEAM
    - {{url: "ntfy://fleet", for: [merge, question], quiet: {{hours: "22:00-07:00", zone: Europe/Berlin}}}}
    - {{url: "mailto://lead", digest: "08:00", zone: Europe/Berlin}}
"""
    )
    night = Window(start=22 * 60, end=7 * 60, zone="Europe/Berlin")
    assert fleet.notify_link == "https://fleet.example.org"
    assert fleet.notify == (
        Channel("$TEAM"),
        Channel("ntfy://fleet", kinds=("merge", "question"), quiet=night),
        Channel("mailto://lead", digest=8 * 60, zone="Europe/Berlin"),
    )


def test_an_empty_gate_is_taken_at_its_word():
    assert parse(f"{AGENT}gates: {{merge: []}}\n").merge_gate == ()


def test_the_lines_of_a_gate_say_who_when_and_how_long():
    fleet = parse(
        AGENT.replace("agents:", "project: {teams: {Acme/Core: ann}}\nagents:")
        + """gates:
  merge:
    - review: {by: [dev, review], different: model}
    - human: {by: [ann, codeowners], count: 2, expires: 1d, remind: 4h, escalate: {after: 8h, to: carl}}
    - window: {days: "mon-wed, sat", hours: "22:00-06:00", zone: Europe/Berlin}
    - policy: risk.score < 50 && budget.cost_used_micros < 1000000
"""
    )
    asking = Asking(expires_ms=24 * HOUR, remind_ms=4 * HOUR, escalate_ms=8 * HOUR, escalate_to=("carl",))
    assert fleet.merge_gate == (
        Requirement("review", by=("dev", "review"), different="model"),
        Requirement("human", approvals=2, by=("ann", "codeowners"), asking=asking),
        Requirement("window", window=Window((0, 1, 2, 5), 22 * 60, 6 * 60, "Europe/Berlin")),
        Requirement("policy", when="risk.score < 50 && budget.cost_used_micros < 1000000"),
    )
    assert fleet.teams == (("acme/core", ("ann",)),)


def test_other_actions_have_gates_of_their_own():
    pull = "pull-request: [{policy: change.round < 3}]"
    fleet = parse(
        f"{AGENT}gates: {{push: [{{human: always}}], {pull}, release: [{{window: {{days: mon}}}}]}}\n"
    )
    assert fleet.gate("push") == (Requirement("human"),)
    assert fleet.gate("pull-request") == (Requirement("policy", when="change.round < 3"),)
    assert fleet.gate("release") == (Requirement("window", window=Window((0,))),)
    assert fleet.gate("review") == ()
    assert fleet.gate("merge") == fleet.merge_gate == (Requirement("review"), Requirement("checks"))


def test_the_digest_changes_with_the_file_and_with_its_templates_and_with_nothing_else(tmp_path):
    (tmp_path / "dev.md").write_text("---\nname: dev\nfleet: {duty: change}\n---\nDo it.\n")
    text = "agents:\n  dev: {template: dev.md}\n"
    first = parse(text, tmp_path).digest
    assert parse(f"# a comment\n{text}", tmp_path).digest == first
    assert parse(text.replace("}", ", slots: 2}"), tmp_path).digest != first
    (tmp_path / "dev.md").write_text("---\nname: dev\nfleet: {duty: change}\n---\nDo it well.\n")
    assert parse(text, tmp_path).digest != first


def test_a_file_that_is_not_there_says_how_to_get_one(tmp_path):
    with pytest.raises(UsageError, match=r"no fleet\.yaml") as caught:
        load_fleet(tmp_path / "fleet.yaml")
    assert "fleet init" in caught.value.do


def test_a_harness_of_any_name_is_taken_where_nobody_says_which_there_are():
    assert parse(AGENT.replace("{", "{harness: my-own, ")).agents[0].harness == "my-own"


def test_conditions_are_held_against_exactly_what_the_gate_gives_them():
    change = Change(id=1, item=1, instance="", branch="", base="", head="", author="", title="", maker="")
    given = gate_variables(Fleet(""), State(), change)
    assert {name: set(value) for name, value in given.items() if isinstance(value, dict)} == {
        name: set(members) for name, members in OF_A_GATE.items() if isinstance(members, dict)
    }
    assert set(given) == set(OF_A_GATE)
    assert OF_AN_EVENT["event"]
    assert OF_QUARANTINE["agent"]


def test_the_schema_knows_every_key_and_the_short_forms():
    schema = json_schema()
    assert set(schema["properties"]) >= {"agents", "workflows", "checks", "gates", "notify"}
    assert schema["additionalProperties"] is False
    assert {"type": "string"} in schema["$defs"]["Triggers"]["properties"]["event"]["anyOf"]


def test_the_root_of_the_command_line_does_not_load_the_schema():
    code = (
        "import sys; from fleet.surfaces.cli.root import run; run(['--help']);"
        "assert not {'pydantic', 'yaml', 'celpy', 'fleet.config'} & set(sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", code], timeout=60, capture_output=True)
    assert ended.returncode == 0, ended.stderr
