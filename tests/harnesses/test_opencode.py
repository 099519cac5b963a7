"""How opencode is started for a run, and how what it prints is read."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from fleet.adapters.harnesses.opencode import OpencodeHarness
from fleet.adapters.harnesses.opencode_reader import OpencodeReader
from fleet.model.errors import UsageError
from fleet.ports.harness import Conversation, Finished, Launch, Message, Note, ToolCalled, ToolReturned, Usage

RUN = (Path(__file__).parent / "opencode_run.jsonl").read_text().splitlines()
CONVERSATION = "ses_df24098ecffeMXY2Rf0ykxyv9P"
LAUNCH = Launch(
    run="r7",
    workspace="/w/shop",
    prompt="Add a note.",
    system_prompt="You are a developer.",
    model="",
    tools=(),
    conversation="",
    cost_limit_micros=0,
    gateway_url="",
    gateway_token="secret",
    run_dir="/runs/r7",
)


def plan(**more):
    return OpencodeHarness().plan(replace(LAUNCH, **more))


def configured(**more) -> dict:
    """What is laid over the user's configuration."""
    return json.loads(plan(**more).env["OPENCODE_CONFIG_CONTENT"])


def read(*lines, reader=None) -> list:
    reader = reader or OpencodeReader()
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    return [event for text in texts for event in reader.feed("out", text)]


def only(kind, events):
    return [event for event in events if isinstance(event, kind)]


def used(tool, **state):
    return {"type": "tool_use", "part": {"tool": tool, "callID": "c", "state": state}}


def finished(reason="stop", cost=0.0, **tokens):
    return {"type": "step_finish", "part": {"reason": reason, "cost": cost, "tokens": tokens}}


# ---------------------------------------------------------------- how it is started


def test_the_prompt_goes_over_stdin_and_the_system_prompt_into_a_file():
    found = plan()
    assert found.argv == ("opencode", "run", "--format=json", "--title=r7")
    assert found.stdin == "Add a note.\n"
    assert found.files == {"opencode-system.md": "You are a developer."}
    assert configured()["instructions"] == ["/w/shop/AGENTS.md", "/runs/r7/opencode-system.md"]


def test_the_gateway_is_an_mcp_server_whose_token_is_named_by_its_variable():
    found = plan(gateway_url="http://127.0.0.1:9/mcp")
    assert found.env["FLEET_TOKEN"] == "secret"
    server = configured(gateway_url="http://127.0.0.1:9/mcp")["mcp"]["fleet"]
    assert server["url"] == "http://127.0.0.1:9/mcp"
    assert server["headers"] == {"Authorization": "Bearer {env:FLEET_TOKEN}"}
    assert "FLEET_TOKEN" not in plan().env


@pytest.mark.parametrize(
    ("tools", "rules"),
    [
        ((), {"*": "allow"}),
        (("Read", "glob"), {"*": "deny", "read": "allow", "glob": "allow", "fleet_*": "allow"}),
        (("Write",), {"*": "deny", "edit": "allow", "fleet_*": "allow"}),
        (
            ("Bash(git *)", "Bash(ls)"),
            {"*": "deny", "bash": {"*": "deny", "git *": "allow", "ls": "allow"}, "fleet_*": "allow"},
        ),
        (("bash", "bash(git *)"), {"*": "deny", "bash": "allow", "fleet_*": "allow"}),
        (("docs_*",), {"*": "deny", "docs_*": "allow", "fleet_*": "allow"}),
    ],
)
def test_tools_become_rules_of_which_the_last_that_fits_counts(tools, rules):
    found = configured(tools=tools)["permission"]
    assert found == rules
    assert next(iter(found)) == "*"


def test_a_model_and_a_conversation_of_its_own_are_handed_on():
    argv = plan(model="anthropic/claude-x", conversation=CONVERSATION).argv
    assert argv[3:] == ("--model=anthropic/claude-x", f"--session={CONVERSATION}")


@pytest.mark.parametrize("other", ["scripted-r7", "0199b1c2-5e1f-7a81-8e2e-86a68107ce7e", "ses_--x"])
def test_a_conversation_of_another_harness_is_not(other):
    assert not any(word.startswith("--session") for word in plan(conversation=other).argv)


def test_its_conversations_lie_in_the_workspace_where_a_sandbox_and_a_person_find_them(tmp_path):
    kept = tmp_path / ".git" / "fleet-opencode.db"
    kept.parent.mkdir()
    assert plan(workspace=str(tmp_path)).env["OPENCODE_DB"] == str(kept)
    kept.touch()
    assert plan(workspace=str(tmp_path), conversation=CONVERSATION).env["OPENCODE_DB"] == str(kept)
    program = tmp_path / "opencode"
    program.write_text('#!/bin/sh\necho "$OPENCODE_DB" "$@"\n')
    program.chmod(0o755)
    argv = OpencodeHarness().interactive(CONVERSATION)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    said = subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True, check=True).stdout
    assert said == f"{kept} --session={CONVERSATION}\n"


def test_a_conversation_that_did_not_begin_in_the_workspace_is_looked_for_where_the_users_are(tmp_path):
    (tmp_path / ".git").mkdir()
    assert "OPENCODE_DB" not in plan(workspace=str(tmp_path), conversation=CONVERSATION).env


def test_it_sees_its_own_variables_and_those_that_its_options_name():
    assert "OPENCODE_CONFIG" in plan().passthrough
    assert "GROQ_API_KEY" in plan(options={"env": "GROQ_API_KEY"}).passthrough
    with pytest.raises(UsageError):
        plan(options={"argv": "x"})


def test_it_can_not_be_told_anything_while_it_works():
    assert OpencodeHarness().steer("use tabs") is None


def test_without_an_opencode_it_says_how_to_get_one(tmp_path):
    found = OpencodeHarness().detect(str(tmp_path))
    assert not found.found
    assert "npm install" in found.fix


# ---------------------------------------------------------------- what it prints


def test_a_run_is_read_as_it_happened():
    events = [event for event in read(*RUN) if not isinstance(event, Usage)]
    assert events == [
        Conversation(CONVERSATION, "", ""),
        Message("I'll look at the cart."),
        ToolCalled("c1", "bash", "running make test", events[2].input),
        ToolReturned("c1", False, "test_a 3 failed"),
        ToolCalled("c2", "read", "reading src/cart.py", events[4].input),
        ToolReturned("c2", True, "1: def total():"),
        ToolCalled("c3", "edit", "editing src/cart.py", events[6].input),
        ToolReturned("c3", False, "old string not found"),
        ToolCalled("c4", "fleet_done", "calling fleet done: Rounded at the end.", events[8].input),
        ToolReturned("c4", True, "Recorded: your work is done."),
        Message("It is done."),
        Finished(True, "It is done.", "", "ok"),
    ]


def test_each_step_adds_to_what_it_has_spent():
    spent = only(Usage, read(*RUN))
    assert spent[0] == Usage(1000, 50, 0, 0, 3750, 1)
    assert spent[-1] == Usage(1290, 104, 3200, 100, 5500, 4)


def test_a_model_without_a_price_has_no_known_cost():
    first, second, third = only(
        Usage, read(*[finished("tool-calls", cost, input=5) for cost in (0, 0.002, 0)], reader=None)
    )
    assert (first.cost_micros, second.cost_micros, third.cost_micros) == (None, 2000, 2000)


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (used("webfetch", input={"url": "http://x"}), "fetching http://x"),
        (used("todowrite", input={"todos": []}), "planning"),
        (used("write", input={"filePath": "/etc/hosts"}), "writing /etc/hosts"),
        (used("docs_find", input={"n": 1, "q": "cart"}), "calling docs_find: cart"),
        (used("", input={}), "calling a tool"),
        (used("bash", input={"command": "a\n b\x1b[2J"}), "running a b\N{REPLACEMENT CHARACTER}[2J"),
    ],
)
def test_a_tool_call_is_told_in_one_short_line(call, line):
    assert only(ToolCalled, read(call))[0].summary == line


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("APIError", {"message": "bad key", "statusCode": 401}, "auth"),
        ("ProviderAuthError", {"message": "log in"}, "auth"),
        ("APIError", {"message": "slow down", "statusCode": 429, "isRetryable": True}, "overloaded"),
        ("APIError", {"message": "gone", "isRetryable": True}, "overloaded"),
        ("APIError", {"message": "no", "statusCode": 404, "isRetryable": False}, "error"),
        ("ContextOverflowError", {"message": "too long"}, "limit"),
        ("UnknownError", {}, "error"),
    ],
)
def test_an_error_is_an_end_of_a_kind(name, data, kind):
    (end,) = read({"type": "error", "error": {"name": name, "data": data}})
    assert (end.ok, end.kind, end.error) == (False, kind, data.get("message", name))


def test_an_answer_that_became_too_long_is_a_limit():
    assert read(finished("length"))[-1].kind == "limit"


def test_a_permission_that_it_had_to_ask_for_is_the_reason_of_its_end():
    line = "\x1b[93m! \x1b[0mpermission requested: bash (touch asked); auto-rejecting"
    (end,) = OpencodeReader().feed("err", line)
    assert (end.kind, end.error) == (
        "error",
        "it had to ask for a permission, which was refused: bash (touch asked)",
    )


def test_what_it_can_not_read_is_a_note():
    assert read("hello") == [Note("hello")]
    assert OpencodeReader().feed("err", "Error: odd") == [Note("Error: odd")]
    assert read({"type": "step_start"}, {"type": "reasoning", "part": {"text": "hm"}}) == []
