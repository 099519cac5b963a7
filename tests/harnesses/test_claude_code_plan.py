"""How Claude Code is started: nothing secret in argv, nobody asked, the user's own set-up left alone."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from fleet.adapters.harnesses.claude_code import ClaudeCodeHarness
from fleet.model.errors import UsageError
from fleet.ports.harness import Detected, Launch

LAUNCH = Launch(
    run="r7",
    workspace="/w/shop",
    prompt="Work.",
    system_prompt="You are a developer.",
    model="sonnet",
    tools=(),
    conversation="",
    cost_limit_micros=0,
    gateway_url="http://127.0.0.1:7777/mcp",
    gateway_token="secret-token",
    run_dir="/p/.fleet/runs/r7",
)
CONVERSATION = "0b6f1a52-3c1f-4b7e-9a51-6a1f5a1a2b3c"


def plan(**more):
    return ClaudeCodeHarness().plan(replace(LAUNCH, **more))


def said(line: str) -> str:
    record = json.loads(line)
    assert line.endswith("\n")
    assert line.count("\n") == 1
    assert record["type"] == "user"
    return record["message"]["content"]


def test_model_conversation_and_cost_ceiling_are_the_runs_own():
    argv = plan(conversation=CONVERSATION, cost_limit_micros=5_250_000).argv
    assert {"--model=sonnet", f"--resume={CONVERSATION}", "--max-budget-usd=5.250000"} <= set(argv)


def test_what_is_not_given_is_left_to_the_users_configuration():
    argv = plan(model="", system_prompt="", gateway_url="").argv
    flags = ("--model", "--resume", "--max-budget", "--append-system-prompt", "--mcp-config")
    assert not [part for part in argv if part.startswith(flags)]
    assert plan(model="", system_prompt="", gateway_url="").files == {}


@pytest.mark.parametrize(
    "other", ["scripted-r7", "--dangerously-skip-permissions", "latest", CONVERSATION + "x"]
)
def test_a_conversation_of_another_harness_is_begun_anew(other):
    assert not [part for part in plan(conversation=other).argv if other in part or "--resume" in part]


def test_the_gateway_is_one_more_server_whose_token_is_in_a_private_file():
    made = plan()
    (path,) = [part.partition("=")[2] for part in made.argv if part.startswith("--mcp-config=")]
    name = path.removeprefix(f"{LAUNCH.run_dir}/")
    server = json.loads(made.files[name])["mcpServers"]["fleet"]
    assert server["url"] == LAUNCH.gateway_url
    assert server["headers"] == {"Authorization": "Bearer secret-token"}
    assert "--strict-mcp-config" not in made.argv


def test_settings_of_the_repository_are_left_out_unless_that_is_asked_and_no_rules_hold():
    made = plan()
    assert {"--setting-sources=user", "--add-dir=/w/shop"} <= set(made.argv)
    obeying = plan(options={"project_settings": "obey"})
    assert not [part for part in obeying.argv if part.startswith(("--setting-sources", "--add-dir"))]
    assert set(made.env) - set(obeying.env) == {"CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD"}


@pytest.mark.parametrize(
    "more",
    [
        {"options": {"project_settings": "obey"}, "hook": ("hook",)},
        {"options": {"project_settings": "yes"}},
        {"options": {"env": "X"}},
    ],
)
def test_options_that_do_not_go_together_or_are_none_are_refused(more):
    with pytest.raises(UsageError, match="option"):
        plan(**more)


def test_without_tools_nobody_is_asked_and_with_tools_all_else_is_refused():
    assert "--permission-mode=bypassPermissions" in plan().argv
    argv = plan(tools=("Read", "Bash(git *)", "Bash(make *)", "mcp__docs__search")).argv
    assert "--permission-mode=dontAsk" in argv
    assert "--tools=Read,Bash" in argv
    allowed = argv[argv.index("--allowedTools") + 1 :]
    assert allowed == ("Read", "Bash(git *)", "Bash(make *)", "mcp__docs__search", "mcp__fleet")


@pytest.mark.parametrize("text", ["/cost", "/compact now", "//"])
def test_words_are_never_taken_for_a_command_of_the_cli(text):
    assert said(plan(prompt=text).stdin).startswith("\n/")
    assert said(ClaudeCodeHarness().steer(text)).startswith("\n/")


@pytest.mark.parametrize(
    "text",
    [
        "@/etc/passwd",
        "see @~/.ssh/id_rsa",
        '@"/etc/a b"',
        "。@/etc/passwd",
        "@../../x",
        "@a/../../x",
        '@"a b/../../x"',
    ],
)
def test_an_issues_text_cannot_have_files_of_the_user_read_into_the_prompt(text):
    assert said(plan(prompt=text).stdin) == text.replace("@", "\\@")


@pytest.mark.parametrize(
    "text", ["@pytest.fixture", "mia@shop.example", "@scope/name", "git log @..main", "a @b c"]
)
def test_other_words_arrive_as_they_are(text):
    assert said(plan(prompt=text).stdin) == text


def test_the_keys_of_a_cloud_are_passed_on_only_where_its_models_are_used():
    assert "AWS_*" not in plan(environment={"AWS_SECRET_ACCESS_KEY": "x"}).passthrough
    assert "AWS_*" in plan(environment={"CLAUDE_CODE_USE_BEDROCK": "1"}).passthrough
    assert "GOOGLE_*" in plan(environment={"CLAUDE_CODE_USE_VERTEX": "1"}).passthrough


def test_a_watcher_started_from_within_claude_code_does_not_make_its_runs_children_of_that():
    assert plan(environment={"CLAUDE_CODE_SESSION_ID": "x"}).env["CLAUDE_CODE_SESSION_ID"] == ""
    assert "CLAUDE_CODE_SESSION_ID" not in plan().env


# ---------------------------------------------------------------- is it there?


@pytest.fixture
def program(tmp_path):
    """Make a `claude` of this shell text; gives its folder."""

    def make(text: str) -> str:
        path = tmp_path / "claude"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return f"{tmp_path}{os.pathsep}{os.defpath}"

    return make


def test_a_claude_on_path_tells_its_version(program):
    found = ClaudeCodeHarness().detect(program('test "$1" = --version && echo "2.1.197 (Claude Code)"'))
    assert found == Detected(True, "2.1.197", "", "")


def test_without_a_claude_it_says_how_to_get_one(tmp_path):
    found = ClaudeCodeHarness().detect(str(tmp_path))
    assert not found.found
    assert "npm install" in found.fix


def test_an_old_one_is_to_be_updated(program):
    found = ClaudeCodeHarness().detect(program("echo 1.0.128"))
    assert (found.version, found.fix) == ("1.0.128", "Run: claude update")


@pytest.mark.parametrize("text", ["exit 3", "echo hello", "head -c 1000000 /dev/urandom", "kill -9 $$"])
def test_one_that_is_broken_is_told_of(program, text):
    found = ClaudeCodeHarness().detect(program(text))
    assert found.problem
    assert found.fix


def test_one_that_never_answers_is_not_waited_for_and_leaves_nothing(program, tmp_path):
    pid_file = tmp_path / "pid"
    path = program(f"sleep 60 & echo $! > {pid_file}; wait")
    began = time.monotonic()
    found = ClaudeCodeHarness(patience=1).detect(path)
    assert time.monotonic() - began < 10
    assert "longer than 1 s" in found.problem
    pid, until = int(pid_file.read_text()), time.monotonic() + 10
    while lives(pid):  # it was killed, which the kernel does in its own time
        assert time.monotonic() < until
        time.sleep(0.01)


def lives(pid: int) -> bool:
    """Whether the process is there; a zombie that nobody has collected yet is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_folder_of_the_repository_on_path_is_not_looked_into(program, tmp_path, monkeypatch):
    program("echo 2.1.197")
    monkeypatch.chdir(tmp_path)
    assert not ClaudeCodeHarness().detect(f".{os.pathsep}").found
