"""The gateway over MCP, with the SDK's own client on a real port, in both of the protocol's ways to begin."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from mcp import MCPError
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

import fleet
from fleet.gateway.requests import VERBS
from fleet.model import events

MODES = ["auto", "legacy"]


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 60))


@asynccontextmanager
async def session(port, run_id="r1", mode="auto", **headers):
    headers.setdefault("Authorization", f"Bearer token-of-{run_id}")
    async with create_mcp_http_client(headers=headers) as http:
        transport = streamable_http_client(f"http://127.0.0.1:{port}/mcp", http_client=http)
        async with Client(transport, mode=mode) as client:
            yield client


def text_of(result) -> str:
    return "\n".join(part.text for part in result.content)


@pytest.mark.parametrize("mode", MODES)
def test_every_verb_is_a_tool_that_explains_itself_and_its_arguments(opened, mode):
    async def story():
        async with opened() as serving, session(serving.port, mode=mode) as client:
            return (await client.list_tools()).tools

    tools = run(story())
    assert {tool.name for tool in tools} == set(VERBS)
    for tool in tools:
        assert len(tool.description) > 30
        for name, schema in tool.input_schema.get("properties", {}).items():
            assert schema.get("description"), (tool.name, name)


@pytest.mark.parametrize("mode", MODES)
def test_a_tools_event_is_in_the_log_when_it_returns(opened, desk, mode):
    async def story():
        async with opened() as serving, session(serving.port, mode=mode) as client:
            result = await client.call_tool("done", {"text": "it is there"})
            return result, desk.events()

    result, logged = run(story())
    assert not result.is_error
    assert "Recorded" in text_of(result)
    assert [event.data for event in logged] == [{"run": "r1", "verdict": "done", "text": "it is there"}]


def test_the_tools_do_what_the_command_does(opened, desk):
    async def story():
        async with opened() as serving:
            async with session(serving.port, "r2") as client:
                await client.call_tool("review", {"verdict": "request-changes", "text": "name it"})
            async with session(serving.port, "r1") as client:
                await client.call_tool("ask", {"question": "which?"})
                await client.call_tool("emit", {"type": "docs.outdated", "data": {"page": 3}})
                await client.call_tool("propose", {"kind": "issue", "title": "T", "body": "B"})
                return text_of(await client.call_tool("context", {}))

    assert "Add a note" in run(story())
    assert [event.type for event in desk.events()] == [
        events.RUN_REPORTED,
        events.RUN_REPORTED,
        "docs.outdated",
        events.ITEM_OPENED,
    ]
    assert desk.events()[2].data == {"page": 3}


def test_a_refusal_is_an_error_that_the_model_can_read(opened, desk):
    async def story():
        async with opened() as serving, session(serving.port) as client:
            return await client.call_tool("review", {"verdict": "approve"})

    result = run(story())
    assert result.is_error
    assert "may not review" in text_of(result)
    assert "duty" in text_of(result)
    assert [event.type for event in desk.events()] == [events.AGENT_DENIED]


def test_wrong_arguments_are_an_error_too(opened, desk):
    async def story():
        async with opened() as serving, session(serving.port, "r2") as client:
            return await client.call_tool("review", {"verdict": "perhaps"})

    assert run(story()).is_error
    assert desk.events() == []


def test_two_agents_at_once_are_told_apart_by_their_tokens(opened, desk):
    async def story():
        async with opened() as serving:
            async with session(serving.port, "r1") as one, session(serving.port, "r3") as other:
                await asyncio.gather(
                    one.call_tool("done", {"text": "one"}), other.call_tool("done", {"text": "other"})
                )

    run(story())
    assert {event.data["run"]: event.data["text"] for event in desk.events()} == {"r1": "one", "r3": "other"}


@pytest.mark.parametrize("mode", MODES)
def test_a_session_goes_on_after_the_watcher_was_restarted(opened, desk, mode):
    async def story():
        async with opened() as first, session(first.port, mode=mode) as client:
            await client.call_tool("emit", {"type": "before"})
            await first.stop()
            async with opened(port=first.port):
                result = await client.call_tool("emit", {"type": "after"})
                assert not result.is_error

    run(story())
    assert [event.type for event in desk.events()] == ["before", "after"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Bearer nobody"}, 401),
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer token-of-r1", "Host": "evil.example"}, 400),
        ({"Authorization": "Bearer token-of-r1", "Origin": "http://evil.example"}, 403),
    ],
)
def test_strangers_do_not_get_as_far_as_the_tools(opened, headers, status):
    async def story():
        async with opened() as serving, create_mcp_http_client() as http:
            call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
            accept = {"Accept": "application/json, text/event-stream"}
            url = f"http://127.0.0.1:{serving.port}/mcp"
            return (await http.post(url, json=call, headers={**accept, **headers})).status_code

    assert run(story()) == status


def test_a_token_whose_run_is_over_is_worth_nothing(opened, desk):
    async def story():
        async with opened() as serving, session(serving.port) as client:
            await client.call_tool("emit", {"type": "before"})
            desk.state().runs["r1"].state = "ended"
            return await client.call_tool("emit", {"type": "after"})

    assert run(story()).is_error
    assert [event.type for event in desk.events()] == ["before"]


def test_the_sdk_is_not_loaded_before_an_agent_calls_by_mcp():
    code = (
        "import sys, fleet.gateway.server, fleet.gateway.serve\n"
        "sys.exit('loaded' if 'mcp' in sys.modules else 0)"
    )
    path = str(Path(fleet.__file__).parents[1])
    ended = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": path}, timeout=60, check=False)
    assert ended.returncode == 0


def test_no_stream_is_held_open_so_the_gateways_end_waits_for_no_agent(opened):
    async def story():
        async with opened() as serving, create_mcp_http_client() as http:
            headers = {"Authorization": "Bearer token-of-r1", "Accept": "text/event-stream"}
            return await http.get(f"http://127.0.0.1:{serving.port}/mcp", headers=headers)

    answer = run(story())
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_there_is_no_news_to_listen_for_so_that_nobody_waits_for_an_answer_without_an_end(opened):
    """A client that may listen does so before its first turn, and holds that up until it gives up."""

    async def story():
        async with opened() as serving, session(serving.port) as client:
            with pytest.raises(MCPError) as refused:
                async with client.listen(tools_list_changed=True):
                    pass
            return client.server_capabilities.tools, refused.value

    tools, refused = run(story())
    assert not tools.list_changed
    assert "Method not found" in str(refused)
