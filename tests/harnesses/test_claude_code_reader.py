"""What Claude Code prints, and what a run is seen to do and spend."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.adapters.harnesses.claude_code_reader import ClaudeCodeReader
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

RUN = (Path(__file__).parent / "claude_run.jsonl").read_text().splitlines()


def read(*lines, reader=None) -> list:
    reader = reader or ClaudeCodeReader()
    texts = [line if isinstance(line, str) else json.dumps(line, separators=(",", ":")) for line in lines]
    return [event for text in texts for event in reader.feed("out", text)]


def only(kind, events):
    return [event for event in events if isinstance(event, kind)]


def answer(identity, *, tokens=10, text="Hm.", **more):
    usage = {"input_tokens": tokens, "output_tokens": 1}
    message = {"id": identity, "content": [{"type": "text", "text": text}], "usage": usage}
    return {"type": "assistant", "message": message, "parent_tool_use_id": None, **more}


def call(name, **given):
    block = {"type": "tool_use", "id": "t", "name": name, "input": given}
    return {"type": "assistant", "message": {"content": [block]}}


def result(**more):
    return {
        "type": "result",
        "subtype": "success",
        "is_error": False,
        "result": "ok",
        "total_cost_usd": 0,
        **more,
    }


# ---------------------------------------------------------------- what it does


def test_a_run_is_read_as_it_happened():
    events = [event for event in read(*RUN) if not isinstance(event, Usage)]
    assert events == [
        Conversation("0b6f1a52-3c1f-4b7e-9a51-6a1f5a1a2b3c", "claude-sonnet-5", "2.1.197"),
        Message("I'll look at the cart."),
        ToolCalled(
            "toolu_1", "Bash", "running make test", {"command": "make test", "description": "Run the tests"}
        ),
        ToolReturned("toolu_1", False, "3 failed"),
        Retrying("overloaded (529), try 1 of 10", 558),
        ToolCalled("toolu_2", "Task", "asking a subagent: find the rounding", events[5].input),
        ToolCalled("toolu_3", "Read", "reading src/cart.py", {"file_path": "/w/shop/src/cart.py"}),
        ToolReturned("toolu_3", True, "1 def total():"),
        ToolReturned("toolu_2", True, "In cart.py. [image]"),
        ToolCalled("toolu_4", "mcp__fleet__done", "calling fleet done: Rounded at the end.", events[9].input),
        ToolReturned("toolu_4", True, "Recorded: your work is done."),
        Message("It is done."),
        Finished(True, "It is done.", "", "ok"),
    ]


@pytest.mark.parametrize(
    ("record", "line"),
    [
        (call("Edit", file_path="/w/shop/src/a.py"), "editing src/a.py"),
        (call("Write", file_path="/etc/hosts"), "writing /etc/hosts"),
        (call("Bash", command="make\n  test\x1b[2J"), "running make test\N{REPLACEMENT CHARACTER}[2J"),
        (call("Grep", pattern="TODO"), "searching for TODO"),
        (call("Bash"), "running"),
        (call("WebSearch", query="x" * 999), "searching the web for " + "x" * 178),
        (call("Unheard", a=1, b="two"), "calling Unheard: two"),
        (call("mcp__docs__find_page", q="cart"), "calling docs find_page: cart"),
        (call("TodoWrite", todos=[]), "planning"),
    ],
)
def test_a_tool_call_is_told_in_one_short_line(record, line):
    init = {"type": "system", "subtype": "init", "cwd": "/w/shop", "session_id": "c"}
    assert only(ToolCalled, read(init, record))[0].summary == line


def test_a_turn_that_begins_again_opens_no_new_conversation():
    init = json.loads(RUN[0])
    assert len(only(Conversation, read(init, result(), init, result()))) == 1


def test_a_gateway_that_is_not_there_and_a_policy_that_refuses_are_told():
    servers = [{"name": "fleet", "status": "failed"}, {"name": "docs", "status": "connected"}]
    init = {**json.loads(RUN[0]), "mcp_servers": servers, "permissionMode": "default"}
    first, second = only(Note, read(init))
    assert "fleet (failed)" in first.text
    assert "docs" not in first.text
    assert "default" in second.text


def test_what_goes_to_stderr_is_a_note():
    assert ClaudeCodeReader().feed("err", "No conversation found\n") == [Note("No conversation found")]


def test_records_that_mean_nothing_here_are_passed_over():
    assert read({"type": "stream_event", "event": {}}, {"type": "system", "subtype": "status"}) == []


# ---------------------------------------------------------------- what it spends


def test_an_answer_told_in_several_records_is_counted_once():
    events = only(Usage, read(answer("m1"), answer("m1"), answer("m2", tokens=7), answer("m1")))
    assert [(usage.input_tokens, usage.output_tokens, usage.turns) for usage in events] == [
        (10, 1, 1),
        (17, 2, 2),
    ]


def test_the_totals_of_the_result_are_those_of_all_models():
    last = only(Usage, read(*RUN))[-1]
    assert last == Usage(2860, 251, 15900, 5000, 42138, 4)


def test_the_cost_is_not_known_before_the_result():
    assert {usage.cost_micros for usage in only(Usage, read(*RUN))[:-1]} == {None}


def test_a_subagents_answers_are_no_turns_of_the_agent():
    assert only(Usage, read(answer("m1"), answer("m2", parent_tool_use_id="t1")))[-1].turns == 1


def test_two_results_of_one_process_tell_its_total_twice():
    first = result(total_cost_usd=0.5, modelUsage={"m": {"inputTokens": 100}})
    second = result(total_cost_usd=0.75, modelUsage={"m": {"inputTokens": 150}})
    assert [(usage.cost_micros, usage.input_tokens) for usage in only(Usage, read(first, second))] == [
        (500_000, 100),
        (750_000, 150),
    ]


# ---------------------------------------------------------------- how it ends


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        (result(), "ok"),
        (result(subtype="error_max_turns", is_error=True), "limit"),
        (result(subtype="error_max_budget_usd", is_error=True), "budget"),
        (result(subtype="error_during_execution", is_error=True), "error"),
        (result(subtype="error_of_tomorrow", is_error=False), "error"),
        (result(is_error=True, api_error_status=401), "auth"),
        (result(is_error=True, api_error_status=403), "auth"),
        (result(is_error=True, api_error_status=429), "overloaded"),
        (result(is_error=True, api_error_status=500), "overloaded"),
        (result(is_error=True, api_error_status=529), "overloaded"),
        (result(is_error=True, api_error_status=404), "error"),
        (result(is_error=True, api_error_status=400, terminal_reason="prompt_too_long"), "limit"),
        (
            result(is_error=True, result="API Error: Connection to the API was lost (ECONNRESET)"),
            "overloaded",
        ),
        (result(is_error=True, result="API Error: no", stop_reason="refusal"), "error"),
        (result(is_error=True, result="API Error: 404 no such model"), "error"),
        (result(is_error=True, result="API Error: Request rejected (429) - slow down"), "overloaded"),
        (result(is_error=True, result="Please run /login. API Error: 401 no"), "auth"),
        (result(is_error=True, result="Prompt is too long"), "limit"),
        (result(is_error=None), "error"),
    ],
)
def test_an_end_has_a_kind(record, kind):
    (end,) = only(Finished, read(record))
    assert (end.kind, end.ok, bool(end.error)) == (kind, kind == "ok", kind != "ok")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("authentication_failed", "auth"),
        ("billing_error", "auth"),
        ("rate_limit", "overloaded"),
        ("max_output_tokens", "limit"),
        ("model_not_found", "error"),
    ],
)
def test_the_last_error_of_the_cli_says_what_kind_it_was(error, kind):
    words = {"model": "<synthetic>", "content": [{"type": "text", "text": "Please run /login"}]}
    events = read(
        {"type": "assistant", "message": words, "error": error}, result(is_error=True, result="No.")
    )
    assert events[0] == Note("Please run /login")
    assert only(Finished, events) == [Finished(False, "", "No.", kind)]


def test_an_error_of_an_earlier_turn_is_not_blamed_for_a_later_end():
    words = {"type": "assistant", "message": {"model": "<synthetic>"}, "error": "rate_limit"}
    ends = only(Finished, read(words, result(is_error=True), result(is_error=True, result="odd")))
    assert [end.kind for end in ends] == ["overloaded", "error"]


def test_a_conversation_that_is_gone_is_named():
    record = result(
        subtype="error_during_execution", is_error=True, result=None, errors=["No conversation found"]
    )
    assert only(Finished, read(record)) == [Finished(False, "", "No conversation found", "error")]


# ---------------------------------------------------------------- lines that were cut off


def test_of_a_tool_result_that_was_cut_off_it_is_still_told_that_the_tool_is_back():
    line = RUN[3].replace("3 failed", "x" * 2_000_000)[:1_000_000]
    (event,) = read(line)
    assert event == ToolReturned("toolu_1", True, "(1000000 characters, not kept)")


@pytest.mark.parametrize(("error", "kind"), [(False, "ok"), (True, "overloaded")])
def test_of_a_result_that_was_cut_off_it_is_still_told_how_it_ended(error, kind):
    begun = {
        "type": "result",
        "subtype": "success",
        "is_error": error,
        "api_error_status": 529,
        "result": "x" * 1_000_000,
    }
    line = json.dumps(begun, separators=(",", ":"))[:-100]
    (end,) = read(line)
    assert (end.ok, end.kind) == (kind == "ok", kind)


def test_a_line_of_fifty_megabytes_is_a_short_note():
    (note,) = read('{"type":"assistant","message":{"content":"' + "x" * 50_000_000)
    assert isinstance(note, Note)
    assert len(note.text) < 400


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(
    ["message", "content", "usage", "modelUsage", "total_cost_usd", "error", "errors", "result"]
)


@given(
    st.sampled_from(["system", "assistant", "user", "result", "rate_limit_event"]),
    st.dictionaries(NAMES, JSON),
)
def test_no_record_upsets_it(kind, record):
    subtypes = ("init", "api_retry", "informational", "success", "task_notification")
    for subtype in subtypes:
        for event in read({"type": kind, "subtype": subtype, **record}):
            assert len(getattr(event, "summary", "")) <= 200


def test_an_end_that_is_told_in_another_order_and_too_long_is_still_an_end():
    models = {f"model-{at}": {"inputTokens": 5, "canonicalModel": "x" * 200} for at in range(20)}
    told = {"total_cost_usd": 0.5, "modelUsage": models, "is_error": False, "subtype": "success"}
    line = json.dumps(told | {"result": "x" * 1_000_000, "type": "result"}, separators=(",", ":"))
    (end,) = [each for each in ClaudeCodeReader().feed("out", line[:1_000_000]) if type(each) is Finished]
    assert (end.ok, end.kind) == (True, "ok")


def test_totals_of_a_whole_conversation_are_not_charged_to_the_run_that_goes_on_with_it():
    def ended(total: int, since: int) -> str:
        models = {
            name: {"m": {"inputTokens": 1000 * count, "outputTokens": count, "costUSD": count / 100}}
            for name, count in (("modelUsage", total), ("model_usage_since_last_result", since))
        }
        told = {"subtype": "success", "is_error": False, "total_cost_usd": total / 100, "result": "Done."}
        return json.dumps({**told, **models, "type": "result"})

    reader = ClaudeCodeReader()
    first, second = (
        [event for event in reader.feed("out", line) if isinstance(event, Usage)][-1]
        for line in (ended(3, 1), ended(5, 2))
    )
    assert (first.input_tokens, first.output_tokens, first.cost_micros) == (1000, 1, 10_000)
    assert (second.input_tokens, second.output_tokens, second.cost_micros) == (3000, 3, 30_000)
