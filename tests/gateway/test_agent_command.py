"""`fleet agent` as an agent uses it: a real process, a real socket, a real log."""

from __future__ import annotations

import asyncio
import json

import pytest

from fleet.model import events
from fleet.model.errors import Temporary


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 60))


def test_done_is_in_the_log_when_the_command_returns(agent, opened, desk):
    async def story():
        async with opened():
            return await agent("r1", "done", "-m", "it is there")

    ended = run(story())
    assert ended.code == 0, ended.err
    assert "recorded" in ended.out.lower()
    (event,) = desk.events()
    assert event.data == {"run": "r1", "verdict": "done", "text": "it is there"}


def test_the_text_comes_from_a_file_from_stdin_or_from_the_words(agent, opened, desk, tmp_path):
    file = tmp_path / "report.md"
    file.write_text("from a file")

    async def story():
        async with opened():
            return [
                await agent("r1", "done", "-F", str(file)),
                await agent("r1", "done", "-", stdin="from stdin"),
                await agent("r1", "done", "from", "words"),
                await agent("r1", "ask", "-F", "-", stdin="which one?"),
            ]

    assert [ended.code for ended in run(story())] == [0, 0, 0, 0]
    texts = [event.data["text"] for event in desk.events()]
    assert texts == ["from a file", "from stdin", "from words", "which one?"]


def test_every_verb_reaches_the_log(agent, opened, desk):
    async def story():
        async with opened():
            return [
                await agent("r2", "review", "request-changes", "-m", "name the owner"),
                await agent("r1", "emit", "docs.outdated", "--data", '{"page": 3}'),
                await agent("r1", "propose", "issue", "--title", "T", "--body", "B", "--label", "bug"),
                await agent("r1", "propose", "comment", "--body", "half way"),
            ]

    assert [ended.code for ended in run(story())] == [0, 0, 0, 0]
    assert [event.type for event in desk.events()] == [
        events.RUN_REPORTED,
        "docs.outdated",
        events.ITEM_OPENED,
        events.ITEM_COMMENTED,
    ]


def test_context_is_read_as_text_or_as_json(agent, opened):
    async def story():
        async with opened():
            return await agent("r1", "context"), await agent("r1", "context", "--json")

    text, document = run(story())
    assert "Add a note" in text.out
    assert json.loads(document.out)["data"]["item"]["id"] == 12


def test_a_refusal_says_what_why_and_what_to_do_and_is_in_the_log(agent, opened, desk):
    async def story():
        async with opened():
            return await agent("r1", "review", "approve")

    ended = run(story())
    assert (ended.code, ended.out) == (1, "")
    for part in ("may not review", "why:", "duty", "do:", "done"):
        assert part in ended.err
    assert [event.type for event in desk.events()] == [events.AGENT_DENIED]


def test_a_token_is_good_for_its_run_alone(agent, opened, desk):
    async def story():
        async with opened():
            lied = await agent("r1", "done", "-m", "x", FLEET_RUN="r2")
            unknown = await agent("r1", "done", "-m", "x", FLEET_TOKEN="made-up")
            return lied, unknown

    lied, unknown = run(story())
    assert lied.code == 0
    assert [event.data["run"] for event in desk.events()] == ["r1"]
    assert unknown.code == 1
    assert "token" in unknown.err


def test_outside_a_session_it_says_so(agent):
    ended = run(agent("r1", "done", FLEET_TOKEN="", FLEET_SOCKET=""))
    assert ended.code == 2
    assert "session" in ended.err


@pytest.mark.parametrize(
    "words",
    [
        ("dnoe",),
        (),
        ("review", "maybe"),
        ("emit", "a", "--data", "{"),
        ("done", "words", "-m", "and more"),
        ("done", "-F", "/nowhere/at/all"),
        ("propose", "issue", "--body", "no title"),
        ("propose", "comment", "--title", "T"),
    ],
)
def test_wrong_words_are_wrong_usage_before_anybody_is_asked(agent, words):
    ended = run(agent("r1", *words))
    assert ended.code == 2, ended
    assert ended.err.startswith("error: ")
    assert "Traceback" not in ended.err


def test_a_watcher_that_is_just_restarting_is_waited_for(agent, opened, desk):
    async def story():
        asking = asyncio.create_task(agent("r1", "done", "-m", "patient", wait="30"))
        done, _ = await asyncio.wait({asking}, timeout=0.6)
        assert not done
        async with opened():
            return await asking

    assert run(story()).code == 0
    assert [event.data["text"] for event in desk.events()] == ["patient"]


def test_a_watcher_that_does_not_come_back_is_not_waited_for_for_ever(agent, socket_path):
    ended = run(agent("r1", "done", wait="0.3"))
    assert ended.code == 4
    assert str(socket_path) in ended.err
    assert "0.3 seconds" in ended.err


def test_a_request_that_is_sent_again_is_in_the_log_once(agent, opened, desk):
    """The watcher appends, and breaks off before it answers: the agent can't know, and asks again."""
    desk.fails += [Temporary("the log is busy"), Temporary("the log is busy")]

    async def story():
        async with opened():
            return await agent("r1", "emit", "docs.outdated")

    assert run(story()).code == 0
    assert desk.fails == []
    (event,) = desk.events()
    assert event.id.startswith("r1.")


def test_two_calls_of_the_same_words_are_two_events(agent, opened, desk):
    async def story():
        async with opened():
            await agent("r1", "emit", "docs.outdated")
            await agent("r1", "emit", "docs.outdated")

    run(story())
    assert len(desk.events()) == 2


def test_a_socket_path_that_is_deeper_than_the_kernel_takes_works(agent, desk, tmp_path):
    from fleet.gateway.serve import serve
    from fleet.gateway.server import build_app

    path = tmp_path / ("deep" * 25) / ("deeper" * 10) / "agent.sock"

    async def story():
        serving = await serve(build_app(desk), build_app(desk), path)
        try:
            return await agent("r1", "done", FLEET_SOCKET=str(path))
        finally:
            await serving.stop()

    ended = run(story())
    assert ended.code == 0, ended.err
