"""`fleet init` in repositories of many kinds: it leaves a right fleet.yaml and changes nothing else."""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys

import pytest

from fleet.config.load import load_fleet
from fleet.surfaces.cli.root import run


@pytest.fixture
def fleet(tmp_path, monkeypatch, capsys):
    """A fresh repository; called with words, it runs a verb there and returns (code, stdout, stderr)."""
    root = tmp_path / "shop"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    monkeypatch.chdir(root)
    monkeypatch.setenv("NO_COLOR", "1")
    for name in [name for name in os.environ if name.startswith("FLEET_")]:
        monkeypatch.delenv(name)

    def call(*words):
        capsys.readouterr()
        code = run(words)
        said = capsys.readouterr()
        return code, said.out, said.err

    call.root = root
    return call


def git(where, *words):
    who = ["-c", "user.name=Mia", "-c", "user.email=mia@example.org"]
    done = subprocess.run(["git", *who, *words], cwd=where, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(root):
    git(root, "add", ".")
    git(root, "commit", "-q", "--allow-empty", "-m", "Begin")


def write(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


KINDS = {
    "make": ({"Makefile": "all:\n\techo\n\ntest: all\n\techo ok\n", "package.json": "{}"}, "make test"),
    "make without a test": ({"Makefile": "test := 1\nall:\n\techo\n"}, None),
    "npm, with a lock": (
        {"package.json": '{"scripts": {"test": "jest"}}', "package-lock.json": "{}"},
        "npm ci --no-audit --no-fund && npm test",
    ),
    "npm, nothing to install": ({"package.json": '{"scripts": {"test": "node --test"}}'}, "npm test"),
    "npm's own placeholder": (
        {"package.json": '{"scripts": {"test": "echo \\"Error: no test specified\\""}}'},
        None,
    ),
    "package.json that is no JSON": ({"package.json": "{"}, None),
    "pytest": ({"pyproject.toml": "[tool.pytest.ini_options]\n"}, "python3 -m pytest -q"),
    "pytest with uv": ({"pyproject.toml": "pytest", "uv.lock": ""}, "uv run pytest -q"),
    "unittest": ({"tests/test_a.py": "import unittest\n"}, "python3 -m unittest discover -s tests"),
    "cargo": ({"Cargo.toml": "[package]\n"}, "cargo test"),
    "go": ({"go.mod": "module x\n"}, "go test ./..."),
    "none": ({"README.md": "hello\n"}, None),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_way_a_project_is_tested_becomes_its_check(fleet, kind):
    files, command = KINDS[kind]
    write(fleet.root, files)
    commit(fleet.root)
    assert fleet("init", "--yes")[0] == 0
    loaded = load_fleet(fleet.root / "fleet.yaml")
    assert [each.command for each in loaded.checks] == ([command] if command else [])
    assert any(each.kind == "checks" for each in loaded.merge_gate) is bool(command)
    code, out, _ = fleet("config", "check", "--json")
    assert (code, json.loads(out)["warnings"]) == (0, [])


def test_a_project_in_two_languages_gets_a_check_for_each(fleet):
    write(fleet.root, {"go.mod": "module x\n", "Cargo.toml": "[package]\n"})
    fleet("init", "--yes")
    names = [each.name for each in load_fleet(fleet.root / "fleet.yaml").checks]
    assert names == ["test-rust", "test-go"]


def test_the_first_fleet_is_the_one_of_the_contract(fleet):
    fleet("init", "--yes")
    loaded = load_fleet(fleet.root / "fleet.yaml")
    assert [(each.name, each.duty) for each in loaded.agents] == [
        ("developer", "change"),
        ("tech-lead", "review"),
        ("qa-engineer", "check"),
        ("release-manager", "merge"),
    ]
    assert loaded.name == "shop"
    assert [(each.kind, each.label) for each in loaded.workflow("feature").triggers] == [
        ("issue", "fleet:ready")
    ]


def test_the_folder_is_closed_and_ignored_without_touching_a_tracked_file(fleet):
    write(fleet.root, {".gitignore": "*.o\n"})
    commit(fleet.root)
    fleet("init", "--yes")
    assert stat.S_IMODE((fleet.root / ".fleet").stat().st_mode) == 0o700
    (fleet.root / ".fleet" / "log.db").write_text("x")
    assert git(fleet.root, "status", "--short") == "?? fleet.yaml"


def test_a_fleet_yaml_that_is_there_is_left_as_it_is(fleet):
    text = "agents:\n  dev: {template: developer}\n"
    write(fleet.root, {"fleet.yaml": text})
    code, out, _ = fleet("init", "--yes", "--json")
    assert (code, json.loads(out)["written"]) == (0, [".fleet/"])
    assert (fleet.root / "fleet.yaml").read_text() == text
    code, out, _ = fleet("init", "--yes")
    assert code == 0
    assert "Nothing was changed" in out


def test_a_fleet_yaml_that_is_wrong_is_told_and_left_as_it_is(fleet):
    write(fleet.root, {"fleet.yaml": "agnts: {}\n"})
    code, out, err = fleet("init", "--yes")
    assert (code, out) == (2, "")
    assert "fleet.yaml:1:1" in err
    assert (fleet.root / "fleet.yaml").read_text() == "agnts: {}\n"


def test_in_a_repository_without_a_commit_it_writes_and_says_what_is_missing(fleet):
    code, out, _ = fleet("init", "--yes")
    assert code == 0
    assert "no commit yet" in out
    assert json.loads(fleet("init", "--json")[1])["needs_commit"] is True
    commit(fleet.root)
    assert "no commit yet" not in fleet("init", "--yes")[1]


def test_from_a_folder_below_it_writes_at_the_top(fleet, monkeypatch):
    write(fleet.root, {"a/b/c.txt": "x"})
    monkeypatch.chdir(fleet.root / "a" / "b")
    assert fleet("init", "--yes")[0] == 0
    assert (fleet.root / "fleet.yaml").is_file()


@pytest.mark.parametrize(
    ("branches", "current", "base"),
    [
        (["main"], "main", "main"),
        (["main", "topic"], "topic", "main"),
        (["master"], "master", "master"),
        (["trunk"], "trunk", "trunk"),
        (["dev/next"], "dev/next", "dev/next"),
    ],
)
def test_the_base_is_the_branch_that_others_build_on(fleet, branches, current, base):
    git(fleet.root, "symbolic-ref", "HEAD", f"refs/heads/{branches[0]}")
    commit(fleet.root)
    for branch in branches[1:]:
        git(fleet.root, "branch", branch)
    git(fleet.root, "checkout", "-q", current)
    fleet("init", "--yes")
    assert load_fleet(fleet.root / "fleet.yaml").base == base


def test_a_clone_takes_the_default_branch_of_its_remote(fleet, tmp_path, monkeypatch):
    git(fleet.root, "symbolic-ref", "HEAD", "refs/heads/trunk")
    commit(fleet.root)
    git(tmp_path, "clone", "-q", str(fleet.root), "clone")
    clone = tmp_path / "clone"
    git(clone, "checkout", "-q", "-b", "main")
    monkeypatch.chdir(clone)
    fleet("init", "--yes")
    assert load_fleet(clone / "fleet.yaml").base == "trunk"


@pytest.mark.parametrize("name", ["my shop", "true", "1", "a: b", "#x", "sh'op\"", "läden", "-"])
def test_a_folder_of_any_name_names_the_project(fleet, tmp_path, monkeypatch, name):
    root = tmp_path / name
    root.mkdir()
    git(root, "init", "-q")
    monkeypatch.chdir(root)
    assert fleet("init", "--yes")[0] == 0
    assert load_fleet(root / "fleet.yaml").name == name


def test_a_subagent_of_the_projects_own_with_an_agents_name_gets_its_duty(fleet):
    write(fleet.root, {".claude/agents/developer.md": "---\nname: developer\n---\nWe do it so.\n"})
    assert fleet("init", "--yes")[0] == 0
    developer = load_fleet(fleet.root / "fleet.yaml").agent("developer")
    assert (developer.duty, developer.prompt) == ("change", "We do it so.")


def test_another_harness_is_taken_when_there_is_one(fleet):
    assert fleet("init", "--yes", "--harness", "scripted")[0] == 0
    assert {each.harness for each in load_fleet(fleet.root / "fleet.yaml").agents} == {"scripted"}


def test_a_harness_that_there_is_not_is_refused_and_nothing_is_written(fleet):
    code, _, err = fleet("init", "--yes", "--harness", "claud-code")
    assert code == 2
    assert "Did you mean 'claude-code'?" in err
    assert sorted(path.name for path in fleet.root.iterdir()) == [".git"]


def test_another_forge_is_refused(fleet):
    code, _, err = fleet("init", "--yes", "--forge", "gitlab")
    assert code == 2
    assert "local and github" in err


def test_outside_of_a_repository_it_says_so(fleet, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = fleet("init", "--yes")
    assert code == 2
    assert "not in a git repository" in err


def test_in_a_bare_repository_it_says_so(fleet, tmp_path, monkeypatch):
    bare = tmp_path / "bare.git"
    git(tmp_path, "init", "-q", "--bare", str(bare))
    monkeypatch.chdir(bare)
    code, _, err = fleet("init", "--yes")
    assert code == 2
    assert "no checkout" in err


def test_a_file_in_the_way_of_the_folder_is_told(fleet):
    write(fleet.root, {".fleet": "x"})
    code, _, err = fleet("init", "--yes")
    assert code == 1
    assert "in the way" in err


def test_without_git_it_says_how_to_get_it(fleet, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    code, _, err = fleet("init", "--yes")
    assert code == 1
    assert "apt-get install git" in err


def test_an_agent_may_not(fleet, monkeypatch):
    monkeypatch.setenv("FLEET_TOKEN", "x")
    assert fleet("init", "--yes")[0] == 1
    assert not (fleet.root / "fleet.yaml").exists()


# ---------------------------------------------------------------- GitHub

GH = """#!/bin/sh
echo "$*" >> {folder}/asked
case "$*" in
*"--method GET"*labels*) cat {folder}/labels;;
*"--method POST"*labels*) cat >> {folder}/made; echo >> {folder}/made; cat {folder}/answer;;
esac
"""
LISTED = 'HTTP/1.1 200 OK\r\n\r\n[{"name": "bug"}, {"name": "Fleet:Ready"}]'


@pytest.fixture
def gh(tmp_path, monkeypatch):
    """A gh that knows a repository with one of the labels, and writes down what it is asked."""
    folder = tmp_path / "gh"
    folder.mkdir()
    (folder / "labels").write_bytes(LISTED.encode())
    (folder / "answer").write_bytes(b"HTTP/1.1 201 Created\r\n\r\n{}")
    (folder / "gh").write_text(GH.format(folder=folder))
    (folder / "gh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


@pytest.mark.parametrize(
    ("remotes", "repo", "host"),
    [
        ({"origin": "https://github.com/acme/shop.git"}, "acme/shop", ""),
        ({"origin": "git@github.com:acme/shop.git"}, "acme/shop", ""),
        ({"origin": "ssh://git@github.com/acme/shop"}, "acme/shop", ""),
        ({"upstream": "https://github.com/acme/shop", "origin": "/srv/shop.git"}, "acme/shop", ""),
        ({"upstream": "https://github.com/acme/shop", "origin": "git@github.com:mia/shop"}, "mia/shop", ""),
        ({"origin": "https://gitlab.com/acme/shop", "gh": "git@github.com:acme/shop"}, "acme/shop", ""),
        ({"origin": "git@git.acme.example:acme/shop.git"}, "acme/shop", "git.acme.example"),
    ],
)
def test_the_repository_on_github_is_the_one_of_the_remote(fleet, gh, remotes, repo, host):
    for name, url in remotes.items():
        git(fleet.root, "remote", "add", name, url)
    code, out, _ = fleet("init", "--yes", "--forge", "github", "--json")
    assert (code, json.loads(out)["repos"]) == (0, [repo])
    loaded = load_fleet(fleet.root / "fleet.yaml")
    assert (loaded.forge, [each.name for each in loaded.repos], loaded.host) == ("github", [repo], host)
    assert fleet("config", "check")[0] == 0


def test_that_another_remote_leads_elsewhere_is_told(fleet, gh):
    git(fleet.root, "remote", "add", "origin", "git@github.com:mia/shop")
    git(fleet.root, "remote", "add", "upstream", "git@github.com:acme/shop")
    assert "use --repo acme/shop" in fleet("init", "--yes", "--forge", "github")[1]
    assert "--repo" not in fleet("init", "--yes", "--forge", "github")[1]


def test_the_base_is_the_default_branch_of_that_remote_and_need_not_be_here(fleet, gh):
    commit(fleet.root)
    git(fleet.root, "remote", "add", "origin", "git@github.com:acme/shop.git")
    git(fleet.root, "update-ref", "refs/remotes/origin/trunk", "HEAD")
    git(fleet.root, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    fleet("init", "--yes", "--forge", "github")
    assert load_fleet(fleet.root / "fleet.yaml").base == "trunk"


@pytest.mark.parametrize(
    ("given", "repo", "host"),
    [
        ("acme/shop", "acme/shop", ""),
        ("git.acme.example/acme/shop", "acme/shop", "git.acme.example"),
        ("https://github.com/acme/shop", "acme/shop", ""),
        ("mia/shop", "mia/shop", "git.acme.example"),
    ],
)
def test_a_repository_can_be_named(fleet, gh, given, repo, host):
    git(fleet.root, "remote", "add", "origin", "git@git.acme.example:mia/shop")
    assert fleet("init", "--yes", "--forge", "github", "--repo", given)[0] == 0
    loaded = load_fleet(fleet.root / "fleet.yaml")
    assert ([each.name for each in loaded.repos], loaded.host) == ([repo], host)


@pytest.mark.parametrize("words", [(), ("--repo", "shop")])
def test_without_a_repository_nothing_is_written(fleet, gh, words):
    code, _, err = fleet("init", "--yes", "--forge", "github", *words)
    assert code == 2
    assert "--repo OWNER/NAME" in err
    assert sorted(path.name for path in fleet.root.iterdir()) == [".git"]


def test_the_local_forge_takes_no_repository(fleet):
    assert fleet("init", "--yes", "--repo", "acme/shop")[0] == 2


def test_labels_that_are_missing_are_made_with_yes(fleet, gh):
    out = fleet("init", "--yes", "--forge", "github", "--repo", "acme/shop", "--json")[1]
    names = [json.loads(line)["name"] for line in (gh / "made").read_text().splitlines()]
    assert names == ["fleet:working", "fleet:review", "fleet:approved", "fleet:blocked", "fleet:done"]
    assert json.loads(out)["labels"] == [f"acme/shop: {name}" for name in names]


def test_labels_are_not_made_unasked(fleet, gh):
    assert fleet("init", "--forge", "github", "--repo", "acme/shop")[0] == 0
    assert not (gh / "asked").exists()


def test_that_labels_cannot_be_made_is_told_and_the_fleet_is_there(fleet, gh):
    (gh / "answer").write_bytes(b'HTTP/1.1 403 Forbidden\r\n\r\n{"message": "Must have write access"}')
    code, out, _ = fleet("init", "--yes", "--forge", "github", "--repo", "acme/shop")
    assert code == 0
    assert "Must have write access" in out
    assert load_fleet(fleet.root / "fleet.yaml").forge == "github"


def test_what_comes_next_is_said_for_github(fleet, gh):
    out = fleet("init", "--yes", "--forge", "github", "--repo", "acme/shop")[1]
    assert "of acme/shop" in out
    assert "give an issue on GitHub the label fleet:ready" in out
    assert "fleet issue create" not in out


def test_on_a_terminal_it_asks_which_repository_and_whether_to_make_labels(fleet, gh, monkeypatch):
    git(fleet.root, "remote", "add", "origin", "git@github.com:acme/shop.git")
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n\n\nn\n"))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    code, out, _ = fleet("init", "--forge", "github")
    assert code == 0
    assert "Which repository on GitHub [acme/shop]" in out
    assert "Make the labels fleet:ready, fleet:working" in out
    assert not (gh / "asked").exists()
