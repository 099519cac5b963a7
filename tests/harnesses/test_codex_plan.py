"""How Codex is started for a run, what is told before a resumed one, and whether it is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
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


def test_all_that_it_is_told_goes_over_stdin():
    found = plan()
    assert found.argv[:3] == ("codex", "exec", "--json")
    assert found.argv[-1] == "-"
    assert found.stdin == "You are a developer.\n\nAdd a note.\n"
    assert (found.files, found.keep_stdin) == ({}, False)


def test_it_asks_nobody_and_has_everything():
    assert "--dangerously-bypass-approvals-and-sandbox" in plan().argv


def test_a_sandbox_lets_it_commit_and_ask_the_gateway():
    found = plan(tools=("workspace-write",))
    assert "--dangerously-bypass-approvals-and-sandbox" not in found.argv
    given = settings(found.argv)
    assert (given["approval_policy"], given["sandbox_mode"]) == ("never", "workspace-write")
    assert given["sandbox_workspace_write.writable_roots"] == ["/w/shop/.git"]
    assert given["sandbox_workspace_write.network_access"] is True


def test_it_may_only_read_when_that_is_wanted():
    given = settings(plan(tools=("read-only",)).argv)
    assert (given["approval_policy"], given["sandbox_mode"]) == ("never", "read-only")


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
    assert "--model=big" in plan(model="big").argv
    assert not any(word.startswith("--model") for word in plan().argv)


def test_a_conversation_of_its_own_is_gone_on_with():
    argv = plan(conversation=CONVERSATION).argv
    assert argv[-3:] == ("resume", CONVERSATION, "-")
    assert argv[argv.index("codex") - 1] == CONVERSATION


@pytest.mark.parametrize("other", ["scripted-r7", "--last", "0199b1c2", ""])
def test_a_conversation_of_another_harness_is_not(other):
    assert "resume" not in plan(conversation=other).argv


def test_it_sees_its_own_variables_and_those_that_its_options_name():
    assert "OPENAI_*" in plan().passthrough
    assert "CODEX_HOME" in plan().passthrough
    assert "MISTRAL_API_KEY" in plan(options={"env": "MISTRAL_API_KEY"}).passthrough


def test_a_watcher_started_from_within_codex_does_not_make_its_runs_children_of_that():
    assert not {"CODEX_*", "CODEX_THREAD_ID", "CODEX_SANDBOX"} & set(plan().passthrough)


def test_an_option_that_it_does_not_have_is_refused():
    with pytest.raises(UsageError):
        plan(options={"argv": "x"})


def test_it_can_not_be_told_anything_while_it_works():
    assert CodexHarness().steer("use tabs") is None


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


def resume(folder: Path, path: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-I", "-S", codex_resume.__file__, CONVERSATION, "codex", "exec", "a b"]
    return subprocess.run(
        argv, env={"PATH": path, "HOME": str(folder)}, cwd=folder, capture_output=True, text=True, timeout=30
    )


def program(folder: Path) -> None:
    (folder / "codex").write_text('#!/bin/sh\necho "$$ $*"; cat\nexit 3\n')
    (folder / "codex").chmod(0o755)


def test_it_says_so_and_becomes_codex_which_has_its_words_its_stdin_and_its_end(tmp_path):
    program(tmp_path)
    rollout(tmp_path / ".codex", counted(9))
    argv = [sys.executable, "-I", "-S", codex_resume.__file__, CONVERSATION, "codex", "exec", "a b"]
    env = {"PATH": f"{tmp_path}{os.pathsep}{os.defpath}", "HOME": str(tmp_path)}
    pipe = subprocess.PIPE
    process = subprocess.Popen(argv, env=env, stdin=pipe, stdout=pipe, text=True)
    out, _ = process.communicate("told\n", timeout=30)
    assert out.splitlines() == [
        '{"type":"fleet.spent","usage":{"input_tokens":9}}',
        f"{process.pid} exec a b",
        "told",
    ]
    assert process.returncode == 3


def test_a_codex_of_the_workspace_is_not_taken_for_one(tmp_path):
    program(tmp_path)
    done = resume(tmp_path, f".{os.pathsep}")
    assert done.returncode == 127
    assert done.stderr.startswith("Error: codex could not be started")


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
