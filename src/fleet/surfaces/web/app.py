"""The addresses: which page or deed answers at which."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from fleet.model.errors import FleetError
from fleet.surfaces.web.acting import DEEDS
from fleet.surfaces.web.api import api_routes
from fleet.surfaces.web.channels import Drawn
from fleet.surfaces.web.draw.shell import document, shell
from fleet.surfaces.web.draw.times import filled
from fleet.surfaces.web.guard import ENTER, Guard, session_of
from fleet.surfaces.web.html import Html
from fleet.surfaces.web.keys import COOKIE
from fleet.surfaces.web.look import Look, Missing, Page
from fleet.surfaces.web.pages.agents import agent, agents
from fleet.surfaces.web.pages.approvals import approval, approvals
from fleet.surfaces.web.pages.audit import audit
from fleet.surfaces.web.pages.budgets import budgets
from fleet.surfaces.web.pages.change import change
from fleet.surfaces.web.pages.door import entered, spent
from fleet.surfaces.web.pages.insight import insight
from fleet.surfaces.web.pages.item import item
from fleet.surfaces.web.pages.overview import overview
from fleet.surfaces.web.pages.problem import problem
from fleet.surfaces.web.pages.run import run
from fleet.surfaces.web.pages.runs import runs
from fleet.surfaces.person import Person
from fleet.surfaces.web.requests import BadRequest, form_of
from fleet.surfaces.web.site import Site
from fleet.surfaces.web.streams import page_stream, stream
from fleet.views.needs import how_many

Draw = Callable[[Look], Awaitable[Page]]

PAGES: tuple[tuple[str, Draw], ...] = (
    ("/", overview),
    ("/approvals", approvals),
    ("/approvals/{approval}", approval),
    ("/agents", agents),
    ("/agents/{name}", agent),
    ("/runs", runs),
    ("/runs/{run}", run),
    ("/items/{item}", item),
    ("/changes/{change}", change),
    ("/budgets", budgets),
    ("/insight", insight),
    ("/audit", audit),
)

_PATTERNS = tuple((re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)), draw) for path, draw in PAGES)
_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


def build_app(site: Site) -> ASGIApp:
    """The whole of it, behind its guard."""

    async def show(request: Request) -> Response:
        look = _look(site, request.url.path, request.query_params)
        if look is None:
            return _problem(site, Missing("There is no such page"))
        try:
            page = await look[1](look[0])
        except FleetError as error:
            return _problem(site, error)
        return HTMLResponse(_whole(site, page))

    async def live(request: Request) -> Response:
        path, _, query = request.query_params.get("at", "/").partition("?")
        look = _look(
            site, path, Request({"type": "http", "query_string": query.encode(), "headers": []}).query_params
        )
        if look is None:
            return JSONResponse({"error": "There is no such page"}, status_code=404)

        async def draw() -> Drawn:
            return await _drawn(site, *look)

        try:
            await draw()
        except FleetError as error:
            return JSONResponse({"error": error.what}, status_code=404)
        # Who comes again has seen more than when the page was loaded, so what that showed says nothing.
        again = "last-event-id" in request.headers
        shown = "" if again else request.query_params.get("shown", "")
        steps = site.hub.changes(f"{path}?{query}", draw, shown)
        return stream(page_stream(steps, lambda text: filled(text, site.projection.clock())))

    async def act(request: Request) -> Response:
        try:
            fields = await form_of(request, site.keys)
            found = await DEEDS[request.scope["route"].path](site, request.path_params, fields)
        except FleetError as error:
            return _problem(site, error, acting=True)
        if isinstance(found, str):
            return RedirectResponse(found, status_code=303)
        return HTMLResponse(_whole(site, found, live=False))

    deeds = [Route(path, act, methods=["POST"]) for path in DEEDS]
    routes = [
        Route(ENTER, _enter(site), methods=["GET"]),
        Route("/static/{name}", _static, methods=["GET"]),
        Route("/live", live, methods=["GET"]),
        *api_routes(site),
        *deeds,
        Route("/{path:path}", show, methods=["GET"]),
    ]
    return Guard(Starlette(routes=routes), site.keys)


def _look(site: Site, path: str, query: Mapping[str, str]) -> tuple[Look, Draw] | None:
    for pattern, draw in _PATTERNS:
        found = pattern.fullmatch(path)
        if found is not None:
            look = Look(
                site.projection,
                site.patches,
                site.transcripts,
                site.keys.token,
                found.groupdict(),
                query,
                Person(site.actor),
            )
            return look, draw
    return None


async def _drawn(site: Site, look: Look, draw: Draw) -> Drawn:
    """A page as a channel sends it, with what is around it."""
    seq = site.projection.state.seq  # before it is drawn: what comes meanwhile may be missing on it
    page = await draw(look)
    _shell(site, page)
    return Drawn(seq, _title(page), page.canvas, page.about, page.tick)


def _whole(site: Site, page: Page, *, live: bool = True) -> str:
    now = site.projection.clock()
    body = _shell(site, page)
    shown = page.canvas.digest() if live else ""
    return filled(document(_title(page), body, shown=shown, now_ms=now), now)


def _shell(site: Site, page: Page) -> Html:
    projection = site.projection
    return shell(
        page.canvas,
        project=projection.fleet.name,
        here=page.here,
        watched=projection.watched,
        waiting=how_many(projection.state),
        step=projection.state.step,
        main=page.main,
    )


def _title(page: Page) -> str:
    return f"{page.title} · Fleet"


def _problem(site: Site, error: FleetError, *, acting: bool = False) -> Response:
    if isinstance(error, Missing):
        status = 404
    elif isinstance(error, BadRequest):
        status = error.status
    else:
        status = 409 if acting else 500
    return HTMLResponse(_whole(site, problem(error, acting=acting), live=False), status_code=status)


def _enter(site: Site) -> Callable[[Request], Awaitable[Response]]:
    async def enter(request: Request) -> Response:
        session = site.keys.enter(request.query_params.get("key", ""))
        if session is None:
            if site.keys.knows(session_of(request.headers)):
                return RedirectResponse("/", status_code=303)
            return spent()
        site.entered()
        answer = entered()
        answer.set_cookie(COOKIE, session, httponly=True, samesite="strict", path="/")
        return answer

    return enter


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    found = files("fleet.surfaces.web").joinpath("static", name)
    kind: Any = _TYPES.get(name.rpartition(".")[2])
    if kind is None or "/" in name or "\\" in name or not found.is_file():
        return Response(status_code=404)
    return Response(found.read_bytes(), media_type=kind, headers={"cache-control": "no-cache"})
