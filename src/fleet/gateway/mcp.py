"""The gateway over MCP: an endpoint that loads the SDK when the first agent calls, and not before.

The SDK takes most of a second to import, and a fleet whose agents use `fleet agent` never needs it.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from fleet.gateway.strangers import Refused, asking
from fleet.gateway.tokens import bearer

if TYPE_CHECKING:
    from fleet.gateway.desk import Desk
    from fleet.gateway.mcp_tools import McpServer


class McpEndpoint:
    """The ASGI endpoint of the MCP server `fleet`. A token that is not known gets no further than here."""

    def __init__(self, desk: Desk, refused: Refused | None = None) -> None:
        self._desk = desk
        self._refused = refused
        self._loading = asyncio.Lock()
        self._app: ASGIApp | None = None
        self._stop = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, by the SDK once the token was looked at."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        token = bearer(headers.get(b"authorization", b"").decode("latin-1"))
        if not await asking(self._desk, HTTPConnection(scope), token, self._refused):
            refusal = JSONResponse({"error": "The token is not known: it is good for one run."}, 401)
            await refusal(scope, receive, send)
            return
        if scope["method"] == "GET":
            # A stream for messages of the server's own, of which there are none: each agent would hold one
            # open for its whole life, and the watcher's end would wait for all of them.
            await JSONResponse({"error": "There is no stream."}, 405, {"Allow": "POST"})(scope, receive, send)
            return
        app = self._app or await self._load()
        with contextlib.suppress(ClientDisconnect):  # some agents go without waiting for their last answer
            await app(scope, receive, send)

    async def stop(self) -> None:
        """End the server that was loaded, if one was. May be repeated."""
        self._stop.set()
        if self._running is not None:
            await self._running

    async def _load(self) -> ASGIApp:
        async with self._loading:
            if self._app is None:
                server = await asyncio.to_thread(_import_and_build, self._desk)
                ready = asyncio.Event()
                self._running = asyncio.create_task(self._run(server, ready), name="mcp")
                up = asyncio.create_task(ready.wait())
                await asyncio.wait((self._running, up), return_when=asyncio.FIRST_COMPLETED)
                if not ready.is_set():
                    up.cancel()
                    await self._running  # raises what went wrong
                self._app = server.app
            return self._app

    async def _run(self, server: McpServer, ready: asyncio.Event) -> None:
        """Hold the server's own tasks; what enters them has to be what leaves them, so this is one task."""
        async with server.run():
            ready.set()
            await self._stop.wait()


def _import_and_build(desk: Desk) -> McpServer:
    from fleet.gateway.mcp_tools import build_mcp

    return build_mcp(desk)
