"""`fleet doctor`: what is there, what is missing, how to get it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess

import pytest

PROGRAMS = {
    "git": "git version 2.45.1",
    "tmux": "tmux 3.4",
    "node": "v22.1.0",
    "gh": "gh version 2.50.0 (x)",
    "make": "GNU Make 4.4",
}


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A PATH with nothing but the programs that a test puts there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def put(name, said):
        program = folder / name
        program.write_text(f"#!{shutil.which('sh', path=os.defpath)}\n{said}\n")
        program.chmod(0o755)

    for name, said in PROGRAMS.items():
        put(name, f"echo '{said}'")
    return put


def tool(said, name):
    (found,) = [each for each in said.json["tools"] if each["name"] == name]
    return found


def test_a_machine_that_has_what_is_required_is_well(cli, path):
    said = cli("doctor", "--json")
    assert said.code == 0
    assert said.json["ok"] is True
    assert tool(said, "git") == {
        "name": "git",
        "kind": "tool",
        "found": True,
        "version": "2.45.1",
        "ok": True,
        "required": True,
        "purpose": "workspaces, changes, merges",
        "problem": "",
        "get": "",
    }
    assert tool(said, "python")["ok"]
    assert tool(said, "node")["version"] == "22.1.0"


def test_what_is_missing_and_not_required_is_told_with_the_way_to_get_it(cli, path):
    said = cli("doctor")
    assert said.code == 0
    assert "apt-get install bubblewrap" in said.out
    assert "npm install -g @anthropic-ai/claude-code" in said.out


def test_a_git_that_is_too_old_is_told(cli, path):
    path("git", "echo git version 2.30.2")
    said = cli("doctor", "--json")
    assert said.code == 1
    assert "older than 2.38" in tool(said, "git")["problem"]


def test_a_program_that_is_broken_is_told(cli, path):
    path("tmux", "exit 1")
    assert "says no version" in tool(cli("doctor", "--json"), "tmux")["problem"]


def test_a_harness_that_agents_use_is_required(cli, path):
    cli.place.config.write_text("agents: {dev: {template: developer}}\n")
    said = cli("doctor", "--json")
    assert said.code == 1
    assert tool(said, "claude-code")["required"] is True
    assert tool(said, "claude-code")["purpose"] == "1 agent of fleet.yaml"
    path("claude", "echo '2.1.9 (Claude Code)'")
    said = cli("doctor", "--json")
    assert (said.code, tool(said, "claude-code")["version"]) == (0, "2.1.9")


def test_a_program_that_checks_need_and_that_is_not_there_is_told(cli, path):
    agents = "agents: {dev: {template: developer, harness: scripted, options: {script: s.yaml}}}\n"
    cli.place.config.write_text(
        f"{agents}checks: {{unit: uv run pytest, lint: uv run ruff, style: cd a && x}}\n"
    )
    said = cli("doctor", "--json")
    assert said.code == 1
    assert tool(said, "uv")["purpose"] == "the checks unit, lint of fleet.yaml"


def test_a_wrong_fleet_yaml_is_told_with_its_places(cli, path):
    cli.place.config.write_text("attempts: 0\n")
    said = cli("doctor", "--json")
    assert said.code == 1
    assert said.json["config"]["state"] == "wrong"
    assert "fleet.yaml:1:11" in said.json["config"]["errors"][0]["text"]
    assert "fleet.yaml:1:11" in cli("doctor").out


def test_outside_of_a_project_it_looks_at_the_machine_alone(cli, path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = cli("doctor", "--json")
    assert said.code == 0
    assert (said.json["config"]["state"], said.json["watcher"]) == ("missing", {"running": False})
    assert "fleet init" in cli("doctor").out


def test_it_says_whether_the_watcher_runs(cli, path):
    assert cli("doctor", "--json").json["watcher"]["running"] is False
    cli.place.watcher.write_text('{"pid": 7, "port": 4321, "started": 1}')
    with cli.place.lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("4242\n")
        lock.flush()
        watcher = cli("doctor", "--json").json["watcher"]
        assert (watcher["running"], watcher["pid"], watcher["port"]) == (True, 4242, 4321)
        assert "The watcher runs: process 4242" in cli("doctor").out
    assert "does not run" in cli("doctor").out


# ---------------------------------------------------------------- GitHub

USER = 'HTTP/1.1 200 OK\r\nX-Oauth-Scopes: {scopes}\r\n\r\n{{"login": "mia"}}'
REPO = "HTTP/1.1 {status} X\r\n\r\n{body}"
ABOUT = {"full_name": "acme/shop", "permissions": {"push": True}, "has_issues": True, "archived": False}


@pytest.fixture
def github(cli, path, tmp_path):
    """A fleet of acme/shop, with a gh that answers what the test says, and the real git for the rest."""
    remote = tmp_path / "remote.git"
    real = shutil.which("git", path=os.defpath)
    path("git", f'exec {real} "$@"')
    subprocess.run([real, "clone", "-q", "--bare", str(cli.place.root), str(remote)], check=True)

    def put(*, base="main", scopes="repo, read:org", status=200, url=remote, host="", **about):
        project = f"forge: github, repos: [{{repo: acme/shop, base: {base}, url: '{url}'}}]{host}"
        cli.place.config.write_text(f"project: {{{project}}}\n")
        (tmp_path / "user").write_bytes(USER.format(scopes=scopes).encode())
        (tmp_path / "repo").write_bytes(REPO.format(status=status, body=json.dumps(ABOUT | about)).encode())
        folder, cat = tmp_path, shutil.which("cat", path=os.defpath)
        path(
            "gh",
            f'echo "$*" >> {folder}/asked\ncase "$*" in\n*--version) echo "gh version 2.50.0 (x)";;\n'
            f"*repos/*) {cat} {folder}/repo;;\n*) {cat} {folder}/user;;\nesac",
        )
        return cli("doctor", "--json")

    return put


def test_a_login_that_may_is_well_and_named(github):
    said = github()
    assert (said.code, tool(said, "gh")["problem"], tool(said, "acme/shop")["problem"]) == (0, "", "")
    assert tool(said, "gh")["required"] is True
    assert tool(said, "gh")["purpose"].endswith("as mia")
    assert tool(said, "acme/shop")["kind"] == "repository"


def test_a_login_without_the_scope_is_told_with_the_way_to_get_it(github):
    said = github(scopes="gist")
    assert said.code == 1
    assert "lacks the scope repo" in tool(said, "gh")["problem"]
    assert "gh auth refresh" in tool(said, "gh")["get"]


@pytest.mark.parametrize(
    ("about", "problem"),
    [
        ({"status": 404}, "does not see it"),
        ({"permissions": {"push": False}}, "may read it, but not write"),
        ({"full_name": "acme/store"}, "it is called acme/store now"),
        ({"archived": True}, "archived"),
        ({"has_issues": False}, "issues are switched off"),
        ({"base": "develop"}, "no branch develop"),
        ({"url": "/nowhere/shop.git"}, "no repository at /nowhere/shop.git"),
    ],
)
def test_what_is_wrong_with_a_repository_is_told(github, about, problem):
    said = github(**about)
    assert said.code == 1
    assert problem in tool(said, "acme/shop")["problem"]
    assert tool(said, "acme/shop")["get"]


def test_an_enterprise_is_asked_at_its_own_host(github, tmp_path):
    github(host=", host: git.acme.example")
    assert "--hostname git.acme.example" in (tmp_path / "asked").read_text()


def test_a_login_of_agents_that_somebody_else_is_logged_in_as_is_told(github):
    said = github(host=", logins: {lead-bot: ../gh}")
    assert said.code == 1
    assert tool(said, "lead-bot")["problem"] == "it is mia who is logged in there"
    assert "GH_CONFIG_DIR=../gh gh auth login" in tool(said, "lead-bot")["get"]


def test_without_gh_a_fleet_on_github_cannot_work(cli, path, tmp_path):
    cli.place.config.write_text("project: {forge: github, repo: acme/shop}\n")
    (tmp_path / "bin" / "gh").unlink()
    said = cli("doctor", "--json")
    assert said.code == 1
    assert (tool(said, "gh")["found"], tool(said, "gh")["required"]) == (False, True)
    assert "apt-get install gh" in tool(said, "gh")["get"]


def test_a_local_fleet_asks_nothing_of_github_and_does_not_need_gh(cli, path, tmp_path):
    asked = tmp_path / "asked"
    path("gh", f'echo "$*" >> {asked}\n[ "$1" = auth ] && exit 1\necho "gh version 2.50.0 (x)"')
    said = cli("doctor", "--json")
    assert said.code == 0
    assert (tool(said, "gh")["required"], tool(said, "gh")["problem"]) == (False, "it is not logged in")
    assert asked.read_text().splitlines() == ["--version", "auth token"]
