"""What `fleet status` asks a watcher: the whole board, from memory. No agent's token is good for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from fleet.gateway.client import BOARD, READER
from fleet.gateway.tokens import bearer


def board_route(
    show: Callable[[], Awaitable[dict[str, Any]]], reader: Callable[[str], str | None]
) -> BaseRoute:
    """The route. `show` gives the document, `reader` tells whose token this is."""

    async def answer(request: Request) -> JSONResponse:
        if reader(bearer(request.headers.get("authorization", ""))) != READER:
            return JSONResponse({"ok": False, "message": "The board is for people alone"}, status_code=401)
        return JSONResponse(await show())

    return Route(BOARD, answer, methods=["GET"])
