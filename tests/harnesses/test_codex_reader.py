"""What Codex prints, and what a run is seen to do and spend."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fleet.adapters.harnesses.codex_end import failed
from fleet.adapters.harnesses.codex_reader import CodexReader
from fleet.ports.harness import (
    Conversation,
    Finished,
    Message,
    Note,
    Retrying,
    ToolCalled,
    ToolReturned,
    Usage,
)

RUN = (Path(__file__).parent / "codex_run.jsonl").read_text().splitlines()


def read(*lines, reader=None) -> list:
    reader = reader or CodexReader()
    texts = [line if isinstance(line, str) else json.dumps(line, separators=(",", ":")) for line in lines]
    return [event for text in texts for event in reader.feed("out", text)]


def only(kind, events):
    return [event for event in events if isinstance(event, kind)]


def item(kind, **more):
    return {"type": "item.completed", "item": {"id": "item_1", "type": kind, **more}}


def completed(**usage):
    return {"type": "turn.completed", "usage": usage}


# ---------------------------------------------------------------- what it does


def test_a_run_is_read_as_it_happened():
    events = [event for event in read(*RUN) if not isinstance(event, Usage)]
    assert events == [
        Conversation("0199b1c2-5e1f-7a81-8e2e-86a68107ce7e", "", ""),
        Message("I'll look at the cart."),
        ToolCalled("item_2", "shell", "running make test", {"command": "/bin/bash -c 'make test'"}),
        ToolReturned("item_2", False, "test_a test_b 3 failed"),
        Retrying("unexpected status 503 Service Unavailable: try later, try 1 of 5", 0),
        ToolCalled("item_4", "file_change", "editing src/cart.py, writing src/round.py", events[5].input),
        ToolReturned("item_4", True, ""),
        ToolCalled("item_5", "web_search", "searching the web for half even", {"query": "half even"}),
        ToolReturned("item_5", True, ""),
        ToolCalled("item_6", "mcp__fleet__done", "calling fleet done: Rounded at the end.", events[9].input),
        ToolReturned("item_6", True, "Recorded: your work is done."),
        Message("It is done."),
        Finished(True, "It is done.", "", "ok"),
    ]


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (
            item("command_execution", command="/bin/bash -lc 'git commit -m '\\''a b'\\'''"),
            "running git commit -m 'a b'",
        ),
        (item("command_execution", command="/usr/bin/zsh -c ls"), "running ls"),
        (item("command_execution", command="/bin/bash -c 'cut of"), "running 'cut of"),
        (item("command_execution", command="python x.py"), "running python x.py"),
        (item("command_execution", command="a\n b\x1b[2J"), "running a b\N{REPLACEMENT CHARACTER}[2J"),
        (item("file_change", changes=[{"path": "/etc/hosts", "kind": "delete"}]), "deleting /etc/hosts"),
        (item("file_change", changes=[]), "editing"),
        (item("mcp_tool_call", server="docs", tool="find", arguments={"n": 1}), "calling docs find"),
        (item("web_search", query="x" * 999), "searching the web for " + "x" * 178),
        (item("collab_tool_call", tool="spawn_agent", prompt="look"), "asking a subagent: look"),
    ],
)
def test_a_tool_call_is_told_in_one_short_line(call, line):
    assert only(ToolCalled, read(call))[0].summary == line


@pytest.mark.parametrize(
    ("more", "ok", "shown"),
    [
        ({"aggregated_output": "fine\n", "exit_code": 0, "status": "completed"}, True, "fine"),
        ({"aggregated_output": "", "exit_code": 3, "status": "completed"}, False, ""),
        ({"aggregated_output": "", "exit_code": None, "status": "declined"}, False, ""),
        ({"aggregated_output": "x" * 5000 + " the end", "exit_code": 0}, True, "…" + "x" * 192 + " the end"),
    ],
)
def test_what_came_of_a_command_is_told_by_its_end(more, ok, shown):
    (back,) = only(ToolReturned, read(item("command_execution", command="x", **more)))
    assert (back.ok, back.summary) == (ok, shown)


def test_a_tool_that_was_refused_says_why():
    error = {"message": "MCP tool call requires approval"}
    (back,) = only(
        ToolReturned, read(item("mcp_tool_call", server="a", tool="b", error=error, status="failed"))
    )
    assert (back.ok, back.summary) == (False, "MCP tool call requires approval")


def test_a_result_that_was_cut_off_still_ends_its_call():
    begun = {"type": "item.started", "item": {"id": "item_1", "type": "command_execution", "command": "x"}}
    cut = json.dumps(item("command_execution", aggregated_output="y" * 1_200_000), separators=(",", ":"))
    found = read(begun, cut[:1_000_000], cut[:1_000_000])
    assert [type(event) for event in found] == [ToolCalled, ToolReturned, Note]
    assert found[1].summary == "(1000000 characters, not kept)"


def test_what_it_plans_is_a_note():
    steps = [{"text": "one", "completed": True}, {"text": "two", "completed": False}]
    assert read(item("todo_list", items=steps)) == [Note("planning: two")]


def test_records_that_mean_nothing_here_are_passed_over():
    assert read({"type": "turn.started"}, {"type": "item.updated", "item": {}}, item("reasoning")) == []


def test_a_call_that_it_could_not_carry_out_is_told_in_its_log_alone():
    line = "\x1b[2m2026\x1b[0m \x1b[31mERROR\x1b[0m \x1b[2mcodex_core::tools::router\x1b[0m\x1b[2m:\x1b[0m "
    called, back = CodexReader().feed("err", f"{line}\x1b[3merror\x1b[0m\x1b[2m=\x1b[0munsupported call: x")
    assert (called.id, back.ok, back.summary) == (back.id, False, "unsupported call: x")


def test_a_call_that_was_refused_before_it_was_made_is_a_call_that_failed():
    item = {"id": "c1", "type": "refused_call", "status": "declined", "error": {"message": "no"}}
    (called, back) = read({"type": "item.completed", "item": item})
    assert (called.id, back.ok, back.summary) == ("c1", False, "no")


# ---------------------------------------------------------------- what it spends


def test_what_the_conversation_had_spent_before_is_not_this_runs():
    assert only(Usage, read(*RUN)) == [
        Usage(input_tokens=300, output_tokens=40, cache_read_tokens=300, cache_write_tokens=0, turns=1)
    ]


def test_without_an_earlier_total_the_whole_conversation_is_charged():
    assert only(Usage, read(completed(input_tokens=10, output_tokens=3)))[0] == Usage(10, 3, turns=1)


def test_a_total_never_goes_down():
    reader = CodexReader()
    read(completed(input_tokens=10), reader=reader)
    assert only(Usage, read(completed(input_tokens=4), reader=reader)) == []
    (again,) = only(Usage, read(completed(input_tokens=11), reader=reader))
    assert (again.input_tokens, again.turns) == (11, 2)


def test_its_cost_is_not_known():
    assert only(Usage, read(*RUN))[-1].cost_micros is None


# ---------------------------------------------------------------- how it ends


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("unexpected status 401 Unauthorized: bad key, url: http://127.0.0.1:9/v1/responses", "auth"),
        ("unexpected status 403 Forbidden: no", "auth"),
        ("Quota exceeded. Check your plan and billing details.", "auth"),
        ("Your access token could not be refreshed. Please log out and sign in again.", "auth"),
        ("Missing environment variable: `OPENAI_API_KEY`.", "auth"),
        ("exceeded retry limit, last status: 429 Too Many Requests", "overloaded"),
        ("You've hit your usage limit. Try again in 3 hours.", "overloaded"),
        ("unexpected status 529 <unknown status code>: x", "overloaded"),
        ("Selected model is at capacity. Please try a different model.", "overloaded"),
        ("We're currently experiencing high demand, which may cause temporary errors.", "overloaded"),
        ("stream disconnected before completion: stream closed before response.completed", "overloaded"),
        ("Codex ran out of room in the model's context window.", "limit"),
        ('{"error": {"message": "Your input exceeds the context window of this model."}}', "limit"),
        ('{"error": {"message": "no such thing", "code": null}}', "error"),
        ("unexpected status 404 Not Found: x", "error"),
        ("", "error"),
    ],
)
def test_what_it_says_of_its_failure_tells_the_kind(message, kind):
    end = failed(message)
    assert (end.ok, end.kind) == (False, kind)
    assert end.error
    assert "{" not in end.error


def test_a_failure_is_told_once():
    text = "Selected model is at capacity."
    found = read({"type": "error", "message": text}, {"type": "turn.failed", "error": {"message": text}})
    assert found == [Note(text), Finished(False, "", text, "overloaded")]


def test_what_kept_it_from_beginning_is_its_end():
    reader = CodexReader()
    assert reader.feed("err", "Reading prompt from stdin...") == []
    (end,) = reader.feed("err", "Error: thread/resume failed: no rollout found for thread id 1")
    assert (end.kind, end.error) == ("error", "thread/resume failed: no rollout found for thread id 1")
    assert reader.feed("err", "WARNING: odd") == [Note("WARNING: odd")]
