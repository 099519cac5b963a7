"""`fleet template`: the built-in ones and the project's own."""

from __future__ import annotations

BUILT_IN = ["developer", "planner", "qa-engineer", "release-manager", "tech-lead"]


def own(cli, text, name="mine"):
    folder = cli.place.root / ".claude" / "agents"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text(text)


def test_the_built_in_templates_are_listed_anywhere(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert [each["name"] for each in cli("template", "list", "--json").json] == BUILT_IN
    assert "tech-lead        review  built-in" in cli("template", "list").out


def test_the_projects_own_are_listed_beside_them_with_what_is_wrong(cli):
    own(cli, "---\nname: mine\nfleet: {duty: nothing}\n---\nx\n")
    (mine,) = [each for each in cli("template", "list", "--json").json if each["name"] == "mine"]
    assert "mine.md:3:15" in mine["problem"]


def test_a_template_is_shown_with_its_text(cli):
    said = cli("template", "show", "developer")
    assert said.code == 0
    assert "You are a developer." in said.out
    assert cli("template", "show", "developer", "--json").json["duty"] == "change"


def test_a_template_that_is_not_there_is_told_with_the_nearest(cli):
    said = cli("template", "show", "reviewer-lead")
    assert said.code == 2
    assert "tech-lead" in said.err


def test_a_new_template_is_a_copy_that_can_be_used_at_once(cli):
    assert cli("template", "new", "security", "--like", "tech-lead").code == 0
    found = cli("template", "show", "security", "--json").json
    assert (found["name"], found["duty"], found["source"]) == ("security", "review", "project")
    assert cli("template", "lint").code == 0


def test_a_new_template_never_replaces_one(cli):
    own(cli, "mine alone", "security")
    assert cli("template", "new", "security").code == 2
    assert (cli.place.root / ".claude/agents/security.md").read_text() == "mine alone"


def test_a_new_template_needs_a_plain_name(cli):
    assert cli("template", "new", "../x").code == 2


def test_a_good_template_passes_lint(cli):
    assert cli("template", "new", "good").code == 0
    (found,) = cli("template", "lint", "--json").json
    assert (found["ok"], found["problems"], found["advice"]) == (True, [], [])


def test_lint_tells_what_keeps_a_template_from_working(cli):
    own(cli, "---\nname: Mine One\n---\nshort\n")
    said = cli("template", "lint")
    assert said.code == 1
    assert "no description" in said.out
    assert "mine.md:2:7: name: found 'Mine One'" in said.out
    assert "mine.md:4:1: found hardly any text" in said.out


def test_lint_advises_where_a_template_only_could_be_better(cli):
    own(
        cli,
        "---\nname: mine\ndescription: a: b\n---\nDo the work as it should be done, and then report it.\n",
    )
    said = cli("template", "lint", ".claude/agents/mine.md")
    assert said.code == 0
    assert "no duty" in said.out
    assert "key by key" in said.out


def test_lint_knows_what_claude_code_knows(cli):
    text = (
        "---\nname: mine\ndescription: d\ntool: Read\ncolor: red\nfleet: {duty: plan}\n---\n" + "Do it. " * 20
    )
    own(cli, text)
    (found,) = cli("template", "lint", "--json").json
    (advice,) = found["advice"]
    assert "mine.md:4:1: found the unknown key 'tool'; did you mean 'tools'?" in advice


def test_lint_of_a_project_without_templates_says_so(cli):
    said = cli("template", "lint")
    assert said.code == 0
    assert "fleet template new" in said.out
