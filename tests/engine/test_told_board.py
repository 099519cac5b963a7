"""The board as a watcher tells it to people, over the gateway's socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from tests.engine.conftest import Stage

from fleet.engine.tokens import token_of
from fleet.gateway.client import BOARD, READER, ask
from fleet.wiring import watch

Told = tuple[int, dict[str, Any]]


def told(stage: Stage, *, before: Callable[[], object] = lambda: None, who: str = READER) -> Told:
    """Status and document, asked from a watcher that works, after `before` with the token of `who`."""

    def question() -> Told:
        before()
        token = token_of(stage.place.secret.read_bytes(), who)
        return ask(str(stage.place.socket), "GET", BOARD, b"", {"Authorization": f"Bearer {token}"}, 30)

    async def play() -> Told:
        served = asyncio.Event()
        stops: list[Callable[[str], None]] = []
        watching = asyncio.create_task(
            watch(stage.place, stage.pair(), ready=lambda _: served.set(), stopping=stops.append)
        )
        try:
            await asyncio.wait_for(served.wait(), 30)
            return await asyncio.to_thread(question)
        finally:
            stops[0]("the test is over")
            await watching

    return asyncio.run(play())


def test_a_watcher_tells_what_was_written_the_moment_before(stage: Stage):
    status, found = told(stage, before=lambda: stage.issue("Add a cart", labels=()))
    assert status == 200
    assert [item["title"] for item in found["items"]] == ["Add a cart"]


def test_a_watcher_tells_what_the_log_tells(stage: Stage):
    stage.issue("Add a cart", labels=())
    _, found = told(stage)
    by_log = stage.board(stage.pair())
    for part in ("project", "agents", "items", "changes", "queue", "approvals", "ended", "finished"):
        assert found[part] == by_log[part]


def test_an_agent_s_token_is_not_good_for_the_board(stage: Stage):
    status, found = told(stage, who="r1")
    assert (status, found["message"]) == (401, "The board is for people alone")
