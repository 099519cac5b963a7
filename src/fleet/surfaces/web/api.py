"""The same for programs, as JSON: `/api/…`, by a session or with a token of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fleet.model.errors import FleetError, UsageError
from fleet.surfaces.web.acting import check
from fleet.surfaces.web.guard import entered_by, is_good
from fleet.surfaces.web.keys import Entered
from fleet.surfaces.web.look import Missing
from fleet.surfaces.web.openapi import document
from fleet.surfaces.web.operations import DOCUMENT, OPERATIONS, STREAM, Operation
from fleet.surfaces.web.requests import MOST_BYTES, BadRequest, json_of
from fleet.surfaces.web.site import Site
from fleet.surfaces.web.streams import log_stream, place_of, stream, while_good
from fleet.wiring import running_version


def api_routes(site: Site) -> list[Route]:
    """The routes below `/api`."""

    def route(each: Operation) -> Route:
        async def handle(request: Request) -> Response:
            entered = entered_by(request)
            try:
                given = await _given(each, entered, request)
                if each.needs:
                    check(entered.person, each.needs)
                return JSONResponse(await each.handle(site, entered, given))
            except FleetError as error:
                return _sorry(error)

        return Route(each.path, handle, methods=[each.method])

    async def events(request: Request) -> Response:
        entered = entered_by(request)
        parts = log_stream(site.projection, site.hub, place_of(request))
        return stream(while_good(parts, lambda: is_good(site, entered)))

    async def openapi(request: Request) -> Response:
        del request
        return JSONResponse(document(OPERATIONS, running_version()))

    async def nothing(request: Request) -> Response:
        del request
        return _sorry(Missing("There is no such thing to ask for", do=f"See {DOCUMENT}."))

    return [
        Route(STREAM, events, methods=["GET"]),
        Route(DOCUMENT, openapi, methods=["GET"]),
        *(route(each) for each in OPERATIONS if each.path != STREAM),
        Route("/api/{path:path}", nothing, methods=["GET", "POST"]),
    ]


async def _given(each: Operation, entered: Entered, request: Request) -> dict[str, Any]:
    """The words of the path, of the query, and the fields of the body. Raises `BadRequest`."""
    given: dict[str, Any] = dict(request.path_params)
    for query in each.query:
        text = request.query_params.get(query.name, "")
        given[query.name] = _whole(query.name, text, query.most) if query.most else text
    if each.needs:
        given |= _fields(each, await json_of(request, entered))
    return given


def _fields(each: Operation, body: Mapping[str, Any]) -> dict[str, str]:
    known = {name.rstrip("?"): not name.endswith("?") for name in each.fields}
    for name, value in body.items():
        if name not in known:
            raise BadRequest(
                400, f"There is no field {name!r}", do=f"There are: {', '.join(known) or 'none'}."
            )
        if not isinstance(value, str):
            raise BadRequest(400, f"{name} is a text")
        if len(value.encode("utf-8", "replace")) > MOST_BYTES:
            raise BadRequest(413, f"{name} is too long", why=f"{MOST_BYTES} bytes is the most")
    missing = [name for name, needed in known.items() if needed and name not in body]
    if missing:
        raise BadRequest(400, f"{missing[0]} is missing")
    return {name: body.get(name, "") for name in known}


def _whole(name: str, text: str, most: int) -> int:
    """A number from the query, 0 where it is not said."""
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 17 and 1 <= int(text) <= most):
        raise BadRequest(400, f"{name} can't be {text!r}", do=f"Say a number from 1 to {most}.")
    return int(text)


def _sorry(error: FleetError) -> Response:
    told = {"error": error.what, "why": error.why, "do": error.do}
    return JSONResponse(told, status_code=_status(error))


def _status(error: FleetError) -> int:
    if isinstance(error, BadRequest):
        return error.status
    if isinstance(error, Missing):
        return 404
    return 400 if isinstance(error, UsageError) else 409
