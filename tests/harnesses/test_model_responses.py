"""The scripted model as OpenAI's clients see it: one script plays for either protocol."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

from fleet.testing.model_responses import ask_of
from fleet.testing.model_script import Answer, Fault, Rule, Rules, Step, ToolUse
from fleet.testing.model_server import ModelServer

CONVERSATION = [
    {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Be a developer."}]},
    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Fix #12."}]},
    {"type": "reasoning", "summary": [], "encrypted_content": "x"},
    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "I look."}]},
    {"type": "function_call", "call_id": "c1", "name": "shell", "arguments": '{"cmd": "ls"}'},
    {"type": "function_call", "call_id": "c2", "namespace": "mcp__fleet", "name": "done", "arguments": "{"},
    {"type": "function_call_output", "call_id": "c1", "output": "note.txt"},
    {
        "type": "function_call_output",
        "call_id": "c2",
        "output": [{"type": "input_text", "text": "Recorded."}],
    },
]
TOOLS = [
    {"type": "function", "name": "shell"},
    {"type": "namespace", "name": "mcp__fleet", "tools": [{"name": "done"}, {"name": "ask"}]},
    {"type": "web_search"},
]


def asked(**body):
    return ask_of("/v1/responses", {"session-id": "s1"}, {"model": "m", "tools": TOOLS, **body})


def test_a_request_has_what_a_script_looks_at():
    ask = asked(input=CONVERSATION, instructions="Be brief.")
    assert ask.system == "Be brief.\nBe a developer."
    assert ask.user == "Fix #12."
    assert ask.tools == ("shell", "mcp__fleet__done", "mcp__fleet__ask", "web_search")
    assert ask.results == (("c1", True, "note.txt"), ("c2", True, "Recorded."))
    assert (ask.turns_since(-1), ask.conversation, ask.side) == (1, "s1", False)


def test_a_plain_text_is_a_message_too():
    assert asked(input="Fix #12.").user == "Fix #12."


@pytest.mark.parametrize(
    "body", [{}, {"input": 7}, {"input": [3, {"role": "user"}]}, {"input": [], "tools": 1}]
)
def test_a_request_that_lacks_something_is_no_fault_of_the_server(body):
    ask = ask_of("/v1/responses", {}, body)
    assert (ask.results, ask.turns_since(-1)) == ((), 0)


@pytest.fixture
def post():
    """Ask a server that plays this script; the answer's text."""
    servers = []

    def ask(script, **body):
        servers.append(ModelServer(script))
        request = urllib.request.Request(f"{servers[-1].url}/v1/responses", json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read().decode()

    yield ask
    for server in servers:
        server.close()


def test_an_answer_comes_as_one_document(post):
    tools = (ToolUse("shell", {"cmd": "ls"}), ToolUse("mcp__fleet__done", {"text": "x"}, "c9"))
    answer = Answer("I look.", tools, input_tokens=70, cache_read_tokens=30, output_tokens=5)
    found = json.loads(post(lambda _: answer, model="m", input="Hi.", tools=TOOLS))
    said, first, second = found["output"]
    assert said["content"][0]["text"] == "I look."
    assert (first["name"], json.loads(first["arguments"])) == ("shell", {"cmd": "ls"})
    assert (second["namespace"], second["name"], second["call_id"]) == ("mcp__fleet", "done", "c9")
    assert (found["usage"]["input_tokens"], found["usage"]["total_tokens"]) == (100, 105)
    assert found["usage"]["input_tokens_details"]["cached_tokens"] == 30


def test_an_answer_comes_as_a_stream(post):
    text = post(lambda _: Answer("Hello."), model="m", input="Hi.", tools=TOOLS, stream=True)
    events = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]
    assert [event["type"] for event in events] == [
        "response.created",
        "response.output_item.added",
        "response.output_text.delta",
        "response.output_item.done",
        "response.completed",
    ]
    assert events[-1]["response"]["output"][0]["content"][0]["text"] == "Hello."


def test_one_script_plays_for_either_protocol(post):
    rules = Rules([Rule((Step(Answer("A turn later.")),), user="#(?P<n>[0-9]+)", result="Recorded")])
    assert "A turn later." in post(rules, model="m", input=CONVERSATION, tools=TOOLS)


def test_a_fault_is_an_error_of_that_protocol(post):
    with pytest.raises(urllib.error.HTTPError) as refused:
        post(lambda _: Fault(status=429, retry_after=3), model="m", input="Hi.", tools=TOOLS)
    with refused.value as answer:
        assert (answer.code, answer.headers["retry-after"]) == (429, "3")
        assert json.loads(answer.read())["error"]["code"] == "rate_limit_exceeded"
