"""Server-sent events: what has changed on a page, and the log itself; both go on from where one was."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import StreamingResponse

from fleet.model.event import to_cloudevent
from fleet.surfaces.web.channels import HEARTBEAT_SECONDS, Hub, wait
from fleet.surfaces.web.projection import Projection

_PAGE = 500
_RETRY_MS = 1000
_STILL_HERE = ": still here\n\n"
_HERE = "event: here\ndata: 1\n\n"
"""The same for a page, whose script has to hear it: a comment it does not."""


def stream(parts: AsyncIterator[str]) -> StreamingResponse:
    """A response that goes on."""
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(parts, media_type="text/event-stream", headers=headers)


def place_of(request: Request) -> int:
    """After which event to go on: the browser says it when it comes again, the page when it comes first."""
    for said in (request.headers.get("last-event-id", ""), request.query_params.get("after", "")):
        if said.isascii() and said.isdigit() and len(said) < 19:
            return int(said)
    return 0


def message(seq: int, data: Any) -> str:
    """One message; its id is the place in the log. JSON has no line ends, so it is one line."""
    return f"id: {seq}\ndata: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"


async def log_stream(projection: Projection, hub: Hub, after: int) -> AsyncIterator[str]:
    """Every event after this place, as CloudEvents, and then each as it comes."""
    yield f"retry: {_RETRY_MS}\n\n"
    with hub.nudge() as nudge:

        def heard(_: frozenset[str]) -> None:
            nudge.set()

        projection.listeners.add(heard)
        try:
            while not hub.closing:
                page = await asyncio.to_thread(_read, projection, after)
                if page:
                    yield "".join(message(event.seq, to_cloudevent(event)) for event in page)
                    after = page[-1].seq
                elif not await wait(nudge, HEARTBEAT_SECONDS):
                    yield _STILL_HERE
        finally:
            projection.listeners.discard(heard)


async def page_stream(
    steps: AsyncIterator[tuple[int, dict[str, Any]] | None], fill: Any
) -> AsyncIterator[str]:
    """The steps of a page as messages; `fill` puts in the times as they are now."""
    yield f"retry: {_RETRY_MS}\n\n"
    async with aclosing(steps) as found:  # type: ignore[type-var]  # an async generator, which can be closed
        async for step in found:
            yield _HERE if step is None else fill(message(*step))


async def while_good(parts: AsyncIterator[str], good: Callable[[], bool]) -> AsyncIterator[str]:
    """The parts, until whoever hears them is not let in any more."""
    async with aclosing(parts) as found:  # type: ignore[type-var]  # an async generator, which can be closed
        async for part in found:
            if not good():
                return
            yield part


def _read(projection: Projection, after: int) -> list[Any]:
    return list(projection.log.read(after, _PAGE))
