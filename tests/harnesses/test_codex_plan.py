"""How Codex is started for a run, what a conversation had spent before it, and whether it is there."""

from __future__ import annotations

import json
import os
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from fleet.adapters.harnesses import codex_resume
from fleet.adapters.harnesses.codex import CodexHarness
from fleet.model.errors import UsageError
from fleet.ports.harness import Detected, Launch

CONVERSATION = "0199b1c2-5e1f-7a81-8e2e-86a68107ce7e"
LAUNCH = Launch(
    run="r7",
    workspace="/w/shop",
    prompt="Add a note.",
    system_prompt="You are a developer.\n",
    model="",
    tools=(),
    conversation="",
    cost_limit_micros=0,
    gateway_url="",
    gateway_token="secret",
    run_dir="/runs/r7",
)


def plan(**more):
    return CodexHarness().plan(replace(LAUNCH, **more))


def settings(argv) -> dict:
    """The settings that it is given, as Codex reads them."""
    given = [argv[at + 1] for at, word in enumerate(argv) if word == "-c"]
    found: dict = {}
    for name, value in (each.split("=", 1) for each in given):
        found[name] = tomllib.loads(f"x = {value}")["x"]
    return found


def begin(**more) -> dict:
    return json.loads(plan(**more).stdin)


def test_all_that_it_is_told_goes_over_stdin_which_stays_open():
    found = plan()
    assert found.argv[found.argv.index("--") + 1 :][:2] == ("codex", "app-server")
    assert begin()["prompt"] == "You are a developer.\n\nAdd a note."
    assert (found.files, found.keep_stdin) == ({}, True)


def test_it_has_everything_without_a_sandbox():
    assert settings(plan().argv)["sandbox_mode"] == "danger-full-access"


def test_a_sandbox_lets_it_commit_and_ask_the_gateway():
    given = settings(plan(tools=("workspace-write",)).argv)
    assert given["sandbox_mode"] == "workspace-write"
    assert given["sandbox_workspace_write.writable_roots"] == ["/w/shop/.git"]
    assert given["sandbox_workspace_write.network_access"] is True


def test_it_may_only_read_when_that_is_wanted():
    assert settings(plan(tools=("read-only",)).argv)["sandbox_mode"] == "read-only"


def test_under_rules_its_hook_asks_about_each_call_and_refuses_when_it_dies():
    given = settings(plan(hook=("/usr/bin/python3", "/a hook.py"), hook_seconds=90).argv)
    ((hook,),) = [group["hooks"] for group in given["hooks.PreToolUse"]]
    assert hook["command"] == "/usr/bin/python3 '/a hook.py' before || exit 2"
    assert (hook["timeout"], given["features.hooks"], given["web_search"]) == (90, True, "disabled")
    assert "hooks.PreToolUse" not in settings(plan().argv)


def test_rules_and_its_own_sandbox_do_not_go_together():
    with pytest.raises(UsageError) as refused:
        plan(hook=("hook",), tools=("read-only",))
    assert "sandbox: required" in refused.value.do


@pytest.mark.parametrize("tools", [("Read",), ("read-only", "workspace-write"), ("danger-full-access",)])
def test_tools_that_it_can_not_be_limited_to_are_refused(tools):
    with pytest.raises(UsageError) as refused:
        plan(tools=tools)
    assert "workspace-write" in refused.value.do


def test_the_gateway_is_an_mcp_server_whose_token_is_named_by_its_variable():
    found = plan(gateway_url="http://127.0.0.1:9/mcp")
    given = settings(found.argv)
    assert given["mcp_servers.fleet.url"] == "http://127.0.0.1:9/mcp"
    assert given["mcp_servers.fleet.bearer_token_env_var"] == "FLEET_TOKEN"
    assert found.env == {"FLEET_TOKEN": "secret"}
    assert plan().env == {}


def test_a_model_is_handed_on_and_none_leaves_the_choice_to_the_user():
    assert (begin(model="big")["model"], begin()["model"]) == ("big", "")


@pytest.mark.parametrize(
    ("given", "gone_on_with"),
    [(CONVERSATION, CONVERSATION), *((other, "") for other in ("scripted-r7", "--last", "0199b1c2", ""))],
)
def test_a_conversation_of_its_own_is_gone_on_with_and_no_other(given, gone_on_with):
    assert begin(conversation=given)["conversation"] == gone_on_with


def test_it_sees_its_own_variables_and_those_that_its_options_name():
    assert "OPENAI_*" in plan().passthrough
    assert "CODEX_HOME" in plan().passthrough
    assert "MISTRAL_API_KEY" in plan(options={"env": "MISTRAL_API_KEY"}).passthrough


def test_a_watcher_started_from_within_codex_does_not_make_its_runs_children_of_that():
    assert not {"CODEX_*", "CODEX_THREAD_ID", "CODEX_SANDBOX"} & set(plan().passthrough)


def test_an_option_that_it_does_not_have_is_refused():
    with pytest.raises(UsageError):
        plan(options={"argv": "x"})


# ---------------------------------------------------------------- what a conversation had spent


def rollout(home: Path, *records: object, day="24") -> None:
    folder = home / "sessions" / "2026" / "11" / day
    folder.mkdir(parents=True)
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    (folder / f"rollout-2026-11-{day}T01-02-03-{CONVERSATION}.jsonl").write_text("\n".join(lines))


def counted(tokens: int) -> dict:
    info = {"total_token_usage": {"input_tokens": tokens}}
    return {"type": "event_msg", "payload": {"type": "token_count", "info": info}}


def test_the_last_total_that_was_written_down_is_what_it_had_spent(tmp_path):
    rollout(tmp_path, counted(5), counted(9), {"type": "other"}, '{"payload":{"type":"token_count","info":nu')
    assert codex_resume.spent(tmp_path, CONVERSATION) == {"input_tokens": 9}


@pytest.mark.parametrize("records", [(), ("{",), ({"payload": {"type": "token_count", "info": None}},)])
def test_where_nothing_was_written_down_nothing_is_said(tmp_path, records):
    rollout(tmp_path, *records)
    assert codex_resume.spent(tmp_path, CONVERSATION) is None
    assert codex_resume.spent(tmp_path / "none", CONVERSATION) is None


# ---------------------------------------------------------------- is it there?


def test_a_codex_on_path_tells_its_version(tmp_path):
    (tmp_path / "codex").write_text("#!/bin/sh\necho codex-cli 0.169.0\n")
    (tmp_path / "codex").chmod(0o755)
    found = CodexHarness().detect(f"{tmp_path}{os.pathsep}{os.defpath}")
    assert found == Detected(True, "0.169.0", "", "")


def test_an_old_one_is_to_be_updated(tmp_path):
    (tmp_path / "codex").write_text("#!/bin/sh\necho codex-cli 0.20.0\n")
    (tmp_path / "codex").chmod(0o755)
    assert CodexHarness().detect(str(tmp_path)).fix == "Run: npm install -g @openai/codex"


def test_without_a_codex_it_says_how_to_get_one(tmp_path):
    found = CodexHarness().detect(str(tmp_path))
    assert not found.found
    assert "npm install" in found.fix
