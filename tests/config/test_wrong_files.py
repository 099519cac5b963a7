"""Wrong fleet.yaml's: each is told with its place, what was found, and what was probably meant."""

from __future__ import annotations

import pytest

from fleet.config.explain import ConfigError
from fleet.config.load import parse_fleet

RIGHT = """\
version: 1
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
"""


def w(old: str, new: str) -> str:
    """The right file with one thing changed."""
    assert old in RIGHT
    return RIGHT.replace(old, new)


def g(project: str) -> str:
    """The right file with a project on GitHub."""
    return w("version: 1", f"project: {{forge: github, {project}}}")


def gate(line: str, action: str = "merge") -> str:
    """The right file with a gate of this one line."""
    return f"{RIGHT}gates: {{{action}: [{line}]}}\n"


WRONG = [
    (gate("human: {by: []}"), "12:29", "an empty list", "where anybody's word counts, leave by out"),
    (gate("review: {by: []}"), "12:30", "an empty list", "where anybody's word counts, leave by out"),
    (gate("human: {by: []}", "push"), "12:28", "an empty list", "where anybody's word counts, leave by out"),
    (gate("review: {different: modl}"), "12:37", "modl", "did you mean 'model'?"),
    ("", "1:1", "nothing", "fleet init writes a first one"),
    ("# only\n", "1:1", "nothing", "fleet init writes a first one"),
    ("- a\n", "1:1", "a list", "fleet init writes a first one"),
    ("just text\n", "1:1", "a text", "fleet init writes a first one"),
    (w("version: 1", "version: 2"), "1:10", "2", "this version of Fleet reads version 1 of fleet.yaml"),
    (w("version: 1", "version: '1'"), "1:10", '"1"', "this version of Fleet reads version 1 of fleet.yaml"),
    (w("version: 1", "verson: 1"), "1:1", "the unknown key 'verson'", "did you mean 'version'?"),
    (
        w("version: 1", "version: 1\nversion: 1"),
        "2:1",
        "the key 'version' a second time",
        "it stands in line 1 already",
    ),
    (
        w("version: 1", "project: {forge: github}"),
        "1:18",
        "github without repo",
        "repo: OWNER/NAME beside it; fleet init --forge github finds it",
    ),
    (w("version: 1", "project: {forge: locl}"), "1:18", "locl", "did you mean 'local'?"),
    (w("version: 1", "project: {repo: a/b}"), "1:17", "a/b", "no repo where the forge is local"),
    (w("version: 1", "project: {host: h}"), "1:17", "h", "no host where the forge is local"),
    (w("version: 1", "project: {merge: squash}"), "1:18", "squash", "no merge where the forge is local"),
    (g("repo: shop"), "1:32", "shop", "OWNER/NAME, such as acme/shop"),
    (g("repo: https://github.com/acme/shop.git"), "1:32", "https://github.com/acme/shop.git", "'acme/shop'?"),
    (g("repo: github.com/acme/shop"), "1:32", "github.com/acme/shop", "did you mean 'acme/shop'?"),
    (g("repo: a/b, repos: [a/c]"), "1:37", "repo and repos", "one of repo, repos"),
    (g("repos: []"), "1:33", "an empty list", "repo: OWNER/NAME beside it"),
    (g("repos: [a/b, c]"), "1:39", "c", "OWNER/NAME, such as acme/shop"),
    (g("repos: [a/b, {repo: A/b}]"), "1:39", "A/b", "each repository once; it stands in line 1 already"),
    (g("repos: [{repo: a/b, bas: x}]"), "1:46", "the unknown key 'bas'", "did you mean 'base'?"),
    (g("repos: [{base: main}]"), "1:34", "a mapping (base) without 'repo'", "the key 'repo'"),
    (g("repos: [{repo: a/b, base: 'x y'}]"), "1:52", '"x y"', "the name of a branch, such as main"),
    (g("repos: [{repo: a/b, url: 'http://h/a'}]"), "1:51", '"http://h/a"', "an address for git"),
    (g("repos: [{repo: a/b, url: 'https://me:pw@h/a'}]"), "1:51", '"https://me:pw@h/a"', "without a login"),
    (g("repo: a/b, host: 'https://h.example/'"), "1:43", '"https://h.example/"', "did you mean 'h.example'?"),
    (g("repo: a/b, trusted: ['@mia']"), "1:47", '"@mia"', "did you mean 'mia'?"),
    (g("repo: a/b, logins: {'@bot': gh}"), "1:46", "'@bot'", "did you mean 'bot'?"),
    (w("version: 1", "project: {logins: {bot: gh}}"), "1:19", "a mapping (bot)", "where the forge is local"),
    (w("template: developer", "template: developer, login: bot"), "3:37", "bot", "where the forge is local"),
    (w("action: merge", "action: release"), "11:7", "a release of nothing", "a job before it that merges"),
    (w("action: merge", "action: merge, tag: 'v{sha}'"), "11:35", '"v{sha}"', "tag is for action: release"),
    (w("action: merge", "action: release, tag: v1"), "11:37", "v1", "with {change} or {sha} in it"),
    (g("repo: a/b, merge: sqash"), "1:44", "sqash", "did you mean 'squash'?"),
    (g("repo: a/b, labels: {workin: x}"), "1:46", "the unknown key 'workin'", "did you mean 'working'?"),
    (g("repo: a/b, labels: {done: 'fleet:ready'}"), "1:52", '"fleet:ready"', "ready and done have the same"),
    (g("repo: a/b, labels: {ready: 'Fleet:Done'}"), "1:53", '"Fleet:Done"', "ready and done have the same"),
    (w("version: 1", "project: {base: 'a b'}"), "1:17", '"a b"', "the name of a branch, such as main"),
    (
        w("version: 1", "project: 3"),
        "1:10",
        "3",
        "a mapping with one of base, forge, host, labels, logins, merge, name, repo, repos, teams, trusted",
    ),
    (
        w("version: 1", "project:"),
        "1:9",
        "nothing",
        "a mapping with one of base, forge, host, labels, logins, merge, name, repo, repos, teams, trusted",
    ),
    (w("version: 1", "project: {name: 12}"), "1:17", "12", 'put it in quotes: "12"'),
    (w("template: developer", "template: develper"), "3:19", "'develper'", "did you mean 'developer'?"),
    (
        w("template: developer", "tmplate: developer"),
        "3:9",
        "the unknown key 'tmplate'",
        "did you mean 'template'?",
    ),
    (
        w("template: developer", "template: ./no.md"),
        "3:19",
        "'./no.md'",
        "a template (looked for it in ",
    ),
    (
        w("{template: developer}", "{}"),
        "3:3",
        "no template",
        "the templates are developer, planner, qa-engineer, release-manager, tech-lead",
    ),
    (
        w("{template: developer}", ""),
        "3:7",
        "nothing",
        "a mapping with one of budget, duty, fallback, harness, login, model, options, permissions, prompt, "
        "questions, sandbox, slots, stuck, "
        "template, tools",
    ),
    (
        w("{template: developer}", "{prompt: Do it.}"),
        "3:3",
        "no duty",
        "a duty: change, review, check, merge, release, plan, triage, report",
    ),
    (w("{template: developer}", "{duty: chang, prompt: Do it.}"), "3:15", "chang", "did you mean 'change'?"),
    (w("{template: developer}", "{template: developer, slots: 0}"), "3:37", "0", "1 or more"),
    (w("{template: developer}", "{template: developer, slots: two}"), "3:37", "two", "a whole number"),
    (w("{template: developer}", "{template: developer, slots: '2'}"), "3:37", '"2"', "take the quotes away"),
    (
        w("{template: developer}", "{template: developer, budget: {time: 45m}}"),
        "3:39",
        "the unknown key 'time'",
        "one of per_day, per_run",
    ),
    (
        w("{template: developer}", "{template: developer, budget: {per_run: {time: 45}}}"),
        "3:55",
        "45",
        "it needs a unit: 45m is 45 minutes, 45s is 45 seconds",
    ),
    (
        w("{template: developer}", "{template: developer, budget: {per_run: {time: 30m2h}}}"),
        "3:55",
        "30m2h",
        "each unit stands once, the largest first: 2h30m",
    ),
    (
        w("{template: developer}", "{template: developer, budget: {per_run: {cost: -1}}}"),
        "3:55",
        "-1",
        "it has to be more than nothing; the word none takes the ceiling away",
    ),
    (
        w("{template: developer}", "{template: developer, budget: {per_day: {tokens: many}}}"),
        "3:57",
        "many",
        "write it like 150000, 200k or 1.5M",
    ),
    (
        w("{template: developer}", "{template: developer, options: {script: 5}}"),
        "3:48",
        "5",
        'put it in quotes: "5"',
    ),
    (
        w("{template: developer}", "{template: developer, harness: clade-code}"),
        "3:39",
        "clade-code",
        "did you mean 'claude-code'?",
    ),
    (w("  dev:", "  Dev_One:"), "3:3", "'Dev_One'", "did you mean 'dev-one'?"),
    (w("labeled: go", "labeled: true"), "7:27", "true", 'put it in quotes: "true"'),
    (w("labeled: go", "label: go"), "7:18", "the unknown key 'label'", "did you mean 'labeled'?"),
    (w("{labeled: go}", "{}"), "7:17", "an empty mapping", "one of labeled, opened"),
    (w("{labeled: go}", "openend"), "7:17", "openend", "did you mean 'opened'?"),
    (
        w("{issue: {labeled: go}}", "{}"),
        "7:9",
        "an empty mapping",
        "one of issue, event, schedule, merge, manual",
    ),
    (w("{issue: {labeled: go}}", "{schedule: '61 * * * *'}"), "7:20", '"61 * * * *"', "bad minute"),
    (w("{issue: {labeled: go}}", "{schedule: daily}"), "7:20", "daily", "wrong number of fields"),
    (w("{issue: {labeled: go}}", "{schedule: '0 0 30 2 *'}"), "7:20", '"0 0 30 2 *"', "bad day-of-month"),
    (
        w("{issue: {labeled: go}}", "{event: fleet.change.mergd}"),
        "7:17",
        "fleet.change.mergd",
        "did you mean 'fleet.change.merged'?",
    ),
    (w("{issue: {labeled: go}}", "{event: 'a b'}"), "7:17", '"a b"', "a type of event such as docs.outdated"),
    (
        w("{issue: {labeled: go}}", "{event: {type: x, when: 'evnt.data.n > 3'}}"),
        "7:33",
        '"evnt.data.n > 3"',
        "did you mean 'event'?",
    ),
    (w("{issue: {labeled: go}}", "{merge: false}"), "7:17", "false", "true, or {when: CONDITION}"),
    (w("{issue: {labeled: go}}", "{event: {when: 'true'}}"), "7:17", "a mapping (when)", "the key 'type'"),
    (
        w("    on: {issue: {labeled: go}}", "    on:\n    - {issue: {labeled: go}}\n    - {isue: opened}"),
        "9:8",
        "the unknown key 'isue'",
        "did you mean 'issue'?",
    ),
    (w("agent: dev", "agent: dve"), "9:21", "dve", "did you mean 'dev'?"),
    (
        w("agent: dev", "agents: [dev, rev]"),
        "9:22",
        "dev: change, rev: review",
        "agents that have the same duty",
    ),
    (
        w("agent: dev", "agent: dev, action: merge"),
        "9:7",
        "agent and action",
        "one of agent, agents, duty, action",
    ),
    (w("{agent: dev}", "{needs: []}"), "9:7", "none of them", "one of agent, agents, duty, action"),
    (w("agent: dev", "duty: plan"), "9:20", "plan", "a duty that an agent has: change, review"),
    (w("action: merge", "action: deploy"), "11:23", "deploy", "merge or release, or a command"),
    (w("needs: [make]", "needs: [mkae]"), "10:36", "mkae", "did you mean 'make'?"),
    (w("needs: [make]", "needs: [review]"), "10:28", "review → review", "needs that do not go in a circle"),
    (
        w("{agent: dev}", "{agent: dev, needs: [merge]}"),
        "9:26",
        "make → merge → review → make",
        "needs that do not go in a circle",
    ),
    (
        w("merge, needs: [review]", "merge"),
        "11:7",
        "a merge of nothing",
        "let it need the job that makes the change",
    ),
    (w("needs: [make]", "needs: make, need: x"), "10:41", "the unknown key 'need'", "did you mean 'needs'?"),
    (w("    jobs:", "    steps:"), "6:3", "a mapping (on, steps) without 'jobs'", "the key 'jobs'"),
    (RIGHT + "    rounds: -1\n", "12:13", "-1", "0 or more"),
    (RIGHT + "checks: {test: {cmd: make test}}\n", "12:10", "a mapping (cmd) without 'run'", "the key 'run'"),
    (RIGHT + "checks: {test: {run: x, time: soon}}\n", "12:31", "soon", "write it like 45m, 2h30m or 90s"),
    (RIGHT + "checks: {test: ''}\n", "12:16", '""', "a text"),
    (RIGHT + "checks: [make test]\n", "12:9", "a list of 1", "a mapping"),
    (RIGHT + "gates: {merge: [{review: 2}]}\n", "12:26", "2", "a mapping with one of approvals"),
    (RIGHT + "gates: {merge: [{review: {approvals: 0}}]}\n", "12:38", "0", "1 or more"),
    (
        RIGHT + "gates: {merge: [{reviewers: {approvals: 1}}]}\n",
        "12:18",
        "the unknown key 'reviewers'",
        "did you mean 'review'?",
    ),
    (RIGHT + "gates: {merge: [{checks: passed}]}\n", "12:26", "passed", "did you mean 'passing'?"),
    (RIGHT + "gates: {merge: [{human: when}]}\n", "12:25", "when", "always, or {when: CONDITION}"),
    (
        RIGHT + "gates: {merge: [{human: {when: risk.scor > 3}}]}\n",
        "12:37",
        "risk.scor > 3",
        "did you mean 'risk.score'?",
    ),
    (
        RIGHT + "gates: {merge: [{human: {when: 'risk.score >'}}]}\n",
        "12:44",
        '"risk.score >"',
        "it can't be read at sign 12: '>'",
    ),
    (
        RIGHT + "gates: {merge: [{human: always, checks: passing}]}\n",
        "12:17",
        "a mapping (human, checks)",
        "one of review, checks, human, window, policy in each line of a gate",
    ),
    (RIGHT + "gates: {merge: [{review: {by: rew}}]}\n", "12:31", "rew", "did you mean 'review'?"),
    (RIGHT + "gates: {merge: [{review: {different: modl}}]}\n", "12:38", "modl", "did you mean 'model'?"),
    (RIGHT + "gates: {merge: [{human: {by: '@ann'}}]}\n", "12:30", '"@ann"', "did you mean 'ann'?"),
    (
        RIGHT + "gates: {merge: [{human: {escalate: {to: ann}}}]}\n",
        "12:26",
        "a mapping (to) without 'after'",
        "expected the key 'after'",
    ),
    (RIGHT + "gates: {merge: [{window: {days: mon-fry}}]}\n", "12:33", "mon-fry", "did you mean 'fri'?"),
    (RIGHT + "gates: {merge: [{window: {hours: 9-17}}]}\n", "12:34", "9-17", 'hours such as "09:00-17:00"'),
    (RIGHT + "gates: {merge: [{window: {zone: Asia/Tokio}}]}\n", "12:33", "Asia/Tokio", "'Asia/Tokyo'"),
    (
        RIGHT + "gates:\n  merge:\n  - policy: >-\n      now > 1 &&\n      risk.score > 'a'\n",
        "16:7",
        "\"now > 1 && risk.score > 'a'\"",
        "two of the same type beside >",
    ),
    (
        RIGHT + "gates: {merge: [{policy: 'item.title == ''x'' || rsk > 1'}]}\n",
        "12:50",
        "\"item.title == 'x' || rsk > 1\"",
        "did you mean 'risk'?",
    ),
    (RIGHT + "gates: {push: [{checks: passing}]}\n", "12:17", "the unknown key 'checks'", "one of human"),
    (RIGHT + "gates: {pull_request: []}\n", "12:9", "the unknown key 'pull_request'", "'pull-request'"),
    (RIGHT + "gates: {release: [{human: {by: codeowners}}]}\n", "12:32", "codeowners", "is for gates.merge"),
    (
        RIGHT + "gates: {push: [{policy: true && risk.score < 9}]}\n",
        "12:33",
        "true && risk.score < 9",
        "no risk",
    ),
    (RIGHT + "gates: {merge: passing}\n", "12:16", "passing", "a list"),
    (
        w("merge: {action: merge", "ship: {command: make, time: 2m"),
        "11:7",
        "a command with nothing merged",
        "that merges",
    ),
    (w("action: merge", "action: push, command: make"), "11:23", "push", "needs no command"),
    (w("action: merge", "action: merge, env: [A]"), "11:35", "a list of 1", "is for a job with a command"),
    (
        w("merge: {action: merge", "ship: {command: make, env: [A=1]"),
        "11:35",
        "A=1",
        "its value is the watcher's own",
    ),
    (RIGHT + "gates: {deploy: []}\n", "12:9", "the unknown key 'deploy'", "no job has action: deploy"),
    (RIGHT + "gates: {mrege: []}\n", "12:9", "the unknown key 'mrege'", "did you mean 'merge'?"),
    (RIGHT + "quarantine: {failures: 3.5}\n", "12:24", "3.5", "a whole number"),
    (
        RIGHT + "quarantine: {when: 'agent.failures >= 3'}\n",
        "12:27",
        '"agent.failures >= 3"',
        "did you mean 'agent.failures_in_a_row'?",
    ),
    (
        RIGHT + "quarantine: {when: agent.failures_in_a_row}\n",
        "12:20",
        "agent.failures_in_a_row",
        "it would come to a whole number",
    ),
    (
        RIGHT + "gates: {merge: [{human: {when: risk.score + 1}}]}\n",
        "12:32",
        "risk.score + 1",
        "it would come to a whole number",
    ),
    (w("{issue: {labeled: go}}", "merge"), "7:9", "merge", "write it as {merge: …}"),
    (RIGHT + "attempts: 0\n", "12:11", "0", "1 or more"),
    (RIGHT + "notify: [not-a-url]\n", "12:10", "not-a-url", "a URL such as slack://…"),
    (RIGHT + "attempts:\n", "12:10", "nothing", "a whole number"),
    (RIGHT + "\tattempts: 3\n", "12:1", "a tab", "YAML is indented by spaces"),
    (
        RIGHT + " attempts: 3\n",
        "12:2",
        "a line that is not indented like its neighbours",
        "align keys that belong together",
    ),
    (RIGHT + "checks: {test: 'make test}\n", "13:1", "a quote that is not closed", "close it"),
    (RIGHT + "checks: *x\n", "12:9", "an alias of an anchor that is not there", "define it above as &name"),
    (
        RIGHT + "checks: !!python/name:os.system x\n",
        "12:9",
        "a tag (tag:yaml.org,2002:python/name:os.system)",
        "tags mean nothing here",
    ),
    (RIGHT + "defaults: {harness: claude_code}\n", "12:21", "claude_code", "did you mean 'claude-code'?"),
]


def problems(text, tmp_path):
    with pytest.raises(ConfigError) as caught:
        parse_fleet(text.encode(), root=tmp_path, harnesses=("claude-code", "scripted"))
    return caught.value.problems


def test_the_file_that_the_others_are_made_from_is_right(tmp_path):
    assert parse_fleet(RIGHT.encode(), root=tmp_path).workflow("feature")


@pytest.mark.parametrize(("text", "place", "found", "hint"), WRONG)
def test_a_mistake_is_told_with_its_place_and_a_way_out(text, place, found, hint, tmp_path):
    first = problems(text, tmp_path)[0]
    assert (f"{first.line}:{first.column}", first.found) == (place, found)
    assert hint in str(first)
    assert str(first).startswith(f"fleet.yaml:{place}: ")


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path):
    text = w("template: developer", "tmplate: developer, slots: 0").replace("agent: rev", "agnt: rev")
    assert [(each.line, each.column) for each in problems(text + "attempts: 0\n", tmp_path)] == [
        (3, 9),
        (3, 36),
        (10, 16),
        (12, 11),
    ]


def test_several_wrong_names_are_told_at_once(tmp_path):
    text = w("agent: dev", "agent: dve").replace("agent: rev", "agent: rve").replace("[review]", "[rview]")
    assert [each.line for each in problems(text, tmp_path)] == [9, 10, 11]


def test_a_file_full_of_mistakes_is_told_in_a_bounded_text(tmp_path):
    text = "agents:\n" + "".join(f"  A{number}: {{x: 1}}\n" for number in range(500))
    with pytest.raises(ConfigError) as caught:
        parse_fleet(text.encode(), root=tmp_path)
    assert len(str(caught.value)) < 4000
    assert "more" in str(caught.value)


def test_a_wrong_block_in_a_template_is_told_in_the_templates_own_lines(tmp_path):
    (tmp_path / "dev.md").write_text("---\nname: dev\nfleet:\n  duty: chnge\n---\nDo it.\n")
    (first,) = problems(w("template: developer", "template: dev.md"), tmp_path)
    assert str(first).startswith("dev.md:4:9: fleet.duty: found chnge")
    assert "did you mean 'change'?" in str(first)


def test_control_signs_of_the_file_do_not_reach_the_message(tmp_path):
    (first,) = problems(w("agent: dev", 'agent: "\\x1b[2Jdev"'), tmp_path)
    assert "\x1b" not in str(first)
