"""The same for programs, as JSON: `/api/…`. Whoever may see the pages may ask here, by the same session."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fleet.model.errors import FleetError, UsageError
from fleet.surfaces.web.acting import answer
from fleet.surfaces.web.look import Missing
from fleet.surfaces.web.requests import BadRequest, json_of
from fleet.surfaces.web.site import Site
from fleet.surfaces.web.streams import log_stream, place_of, stream
from fleet.views.board import board
from fleet.views.items import item_page
from fleet.views.run_page import event_row, run_page
from fleet.views.waiting import approvals

Answer = Callable[[Site, Request], Awaitable[Any]]
_EVENTS = 500


def api_routes(site: Site) -> list[Route]:
    """The routes below `/api`."""

    def route(path: str, ask: Answer, method: str = "GET") -> Route:
        async def handle(request: Request) -> Response:
            try:
                found = await ask(site, request)
            except FleetError as error:
                told = {"error": error.what, "why": error.why, "do": error.do}
                return JSONResponse(told, status_code=_status(error))
            return found if isinstance(found, Response) else JSONResponse(found)

        return Route(path, handle, methods=[method])

    return [
        route("/api/session", _session),
        route("/api/board", _board),
        route("/api/runs/{run}", _run),
        route("/api/items/{item}", _item),
        route("/api/approvals", _approvals),
        route("/api/approvals/{approval}", _answer, "POST"),
        route("/api/events", _events),
    ]


async def _session(site: Site, request: Request) -> Any:
    del request
    return {"actor": site.actor, "token": site.keys.token}


async def _board(site: Site, request: Request) -> Any:
    del request
    now = site.projection.clock()
    return board(site.projection.fleet, site.projection.state, now, site.projection.watcher)


async def _run(site: Site, request: Request) -> Any:
    name = request.path_params["run"]
    run = site.projection.state.runs.get(name)
    if run is None:
        raise Missing(f"There is no run {name!r}")
    found = list(site.projection.about(f"run/{name}", _EVENTS))
    page = run_page(site.projection.state, (), run, site.projection.clock())
    return page | {"events": [event_row(event) for event in found]}


async def _item(site: Site, request: Request) -> Any:
    number = request.path_params["item"]
    item = site.projection.state.items.get(int(number)) if number.isdigit() and len(number) < 10 else None
    if item is None:
        raise Missing(f"There is no issue {number}")
    projection = site.projection
    return item_page(projection.fleet, projection.state, item, projection.clock(), watched=projection.watched)


async def _approvals(site: Site, request: Request) -> Any:
    del request
    return approvals(site.projection.state, site.projection.clock())


async def _answer(site: Site, request: Request) -> Any:
    asked = await json_of(request, site.keys)
    do, note, name = asked.get("do", ""), asked.get("note", ""), request.path_params["approval"]
    if not isinstance(do, str) or not isinstance(note, str):
        raise BadRequest(400, "do and note are texts", do='Send {"do": "approve", "note": "…"}.')
    if name not in site.projection.state.approvals:
        raise Missing(f"There is no approval {name!r}")
    stored = await site.act(answer(site.actor, name, do, note))
    found = site.projection.state.approvals[name]
    return {"id": found.id, "answer": found.answer, "send_back": found.send_back, "event": stored[-1].id}


async def _events(site: Site, request: Request) -> Response:
    return stream(log_stream(site.projection, site.hub, place_of(request)))


def _status(error: FleetError) -> int:
    if isinstance(error, BadRequest):
        return error.status
    if isinstance(error, Missing):
        return 404
    return 400 if isinstance(error, UsageError) else 409
