"""The gateway over HTTP: `POST /agent/{verb}` with the run's token, and MCP beside it where that is asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Mount, Route

from fleet.gateway.body import BadRequest, body_of
from fleet.gateway.desk import Desk, answer
from fleet.gateway.mcp import McpEndpoint
from fleet.gateway.requests import Refused
from fleet.gateway.strangers import Refused as Refusal
from fleet.gateway.strangers import asking
from fleet.gateway.tokens import bearer
from fleet.model.errors import FleetError, Temporary

BODY_BYTES = 256 * 1024
LOOPBACK = ("127.0.0.1", "localhost")
KEY_HEADER = "idempotency-key"


def build_app(
    desk: Desk, *, mcp: bool = False, routes: Sequence[BaseRoute] = (), refused: Refusal | None = None
) -> Starlette:
    """The gateway as an ASGI application, with MCP at `/mcp` when `mcp` is set, and the caller's own routes.

    Only requests whose Host is this machine's loopback name are served, so no web page can reach it by a
    name that it lets point here. An application serves one server: its lifespan can't be entered twice.
    """
    endpoint = McpEndpoint(desk, refused) if mcp else None
    served: list[BaseRoute] = [
        agent_route(desk, refused),
        *([Route("/mcp", endpoint)] if endpoint else []),
        *routes,
    ]

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            if endpoint is not None:
                await endpoint.stop()

    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=list(LOOPBACK), www_redirect=False)
    return Starlette(routes=served, middleware=[hosts], lifespan=lifespan)


def agent_route(desk: Desk, refused: Refusal | None = None) -> BaseRoute:
    """The route that `fleet agent` talks to. `refused` is told of tokens that are not known."""

    async def ask(request: Request) -> JSONResponse:
        token = bearer(request.headers.get("authorization", ""))
        run_id = await asking(desk, request, token, refused)
        if not run_id:
            why = "it is good for one run, in the session of that run, until it is over"
            return _problem(401, "The token is not known", why, "")
        try:
            args = _object(await body_of(request, BODY_BYTES))
            key = request.headers.get(KEY_HEADER, "")
            found = await answer(desk, run_id, request.path_params["verb"], args, key)
        except BadRequest as error:
            return _problem(error.status, error.what, error.why, error.do)
        except Refused as error:
            return _problem(403, error.what, error.why, error.do)
        except Temporary as error:
            return _problem(503, error.what, error.why, error.do)
        except FleetError as error:
            return _problem(500, error.what, error.why, error.do)
        return JSONResponse({"ok": True, "message": found.message, "data": dict(found.data)})

    return Mount("/agent", routes=[Route("/{verb}", ask, methods=["POST"])])


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body or b"{}", parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadRequest(400, "The request is not JSON", why=str(error), do="Send one object.") from error
    if not isinstance(value, dict):
        raise BadRequest(400, "The request is not a JSON object", do='Send {"name": value, …}.')
    return value


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


def _problem(status: int, what: str, why: str, do: str) -> JSONResponse:
    body = {"ok": False, "message": what, "why": why, "do": do, "data": {}}
    return JSONResponse(body, status_code=status)
