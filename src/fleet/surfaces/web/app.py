"""The addresses: which page or deed answers at which."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from fleet.model.errors import FleetError
from fleet.surfaces.web.acting import ACTS, check
from fleet.surfaces.web.api import api_routes
from fleet.surfaces.web.channels import Drawn
from fleet.surfaces.web.draw.shell import document, shell
from fleet.surfaces.web.draw.times import filled
from fleet.surfaces.web.entering import enter, login, logout
from fleet.surfaces.web.guard import ENTER, LINK, LOGIN, Guard, entered_by, is_good
from fleet.surfaces.web.html import Html
from fleet.surfaces.web.keys import Entered
from fleet.surfaces.web.linked import answer_link, show_link
from fleet.surfaces.web.look import Look, Missing, Page
from fleet.surfaces.web.pages.agents import agent, agents
from fleet.surfaces.web.pages.approvals import approval, approvals
from fleet.surfaces.web.pages.audit import audit
from fleet.surfaces.web.pages.budgets import budgets
from fleet.surfaces.web.pages.change import change
from fleet.surfaces.web.pages.insight import insight
from fleet.surfaces.web.pages.item import item
from fleet.surfaces.web.pages.overview import overview
from fleet.surfaces.web.pages.problem import problem
from fleet.surfaces.web.pages.run import run
from fleet.surfaces.web.pages.runs import runs
from fleet.surfaces.web.requests import BadRequest, form_of
from fleet.surfaces.web.site import Site
from fleet.surfaces.web.streams import page_stream, stream, while_good
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
        entered = entered_by(request)
        look = _look(site, entered, request.url.path, request.query_params)
        if look is None:
            return _problem(site, entered, Missing("There is no such page"))
        try:
            page = await look[1](look[0])
        except FleetError as error:
            return _problem(site, entered, error)
        return HTMLResponse(_whole(site, entered, page))

    async def live(request: Request) -> Response:
        entered = entered_by(request)
        path, _, query = request.query_params.get("at", "/").partition("?")
        look = _look(
            site,
            entered,
            path,
            Request({"type": "http", "query_string": query.encode(), "headers": []}).query_params,
        )
        if look is None:
            return JSONResponse({"error": "There is no such page"}, status_code=404)

        async def draw() -> Drawn:
            return await _drawn(site, entered, *look)

        try:
            await draw()
        except FleetError as error:
            return JSONResponse({"error": error.what}, status_code=404)
        # Who comes again has seen more than when the page was loaded, so what that showed says nothing.
        again = "last-event-id" in request.headers
        shown = "" if again else request.query_params.get("shown", "")
        steps = site.hub.changes(f"{entered.person.role} {_own(entered)} {path}?{query}", draw, shown)
        parts = page_stream(steps, lambda text: filled(text, site.projection.clock()))
        return stream(while_good(parts, lambda: is_good(site, entered)))

    async def act(request: Request) -> Response:
        entered = entered_by(request)
        act = ACTS[request.scope["route"].path]
        try:
            fields = await form_of(request, entered)
            check(entered.person, act.needs)
            found = await act.deed(site, entered.person.actor, request.path_params, fields)
        except FleetError as error:
            return _problem(site, entered, error, acting=True)
        if isinstance(found, str):
            return RedirectResponse(found, status_code=303)
        return HTMLResponse(_whole(site, entered, found, live=False))

    deeds = [Route(path, act, methods=["POST"]) for path in ACTS]
    routes = [
        Route(ENTER, partial(enter, site), methods=["GET"]),
        Route(LOGIN, partial(login, site), methods=["GET", "POST"]),
        Route("/logout", partial(logout, site), methods=["POST"]),
        Route(LINK + "{key}", partial(show_link, site), methods=["GET"]),
        Route(LINK + "{key}", partial(answer_link, site), methods=["POST"]),
        Route("/static/{name}", _static, methods=["GET"]),
        Route("/live", live, methods=["GET"]),
        *api_routes(site),
        *deeds,
        Route("/{path:path}", show, methods=["GET"]),
    ]
    return Guard(Starlette(routes=routes), site)


def _own(entered: Entered) -> str:
    """What tells apart who sees the same page with forms of their own; without forms all see the same."""
    return "" if entered.person.role == "viewer" else entered.token


def _look(site: Site, entered: Entered, path: str, query: Mapping[str, str]) -> tuple[Look, Draw] | None:
    for pattern, draw in _PATTERNS:
        found = pattern.fullmatch(path)
        if found is not None:
            look = Look(
                site.projection,
                site.patches,
                site.transcripts,
                entered.token,
                found.groupdict(),
                query,
                entered.person,
            )
            return look, draw
    return None


async def _drawn(site: Site, entered: Entered, look: Look, draw: Draw) -> Drawn:
    """A page as a channel sends it, with what is around it."""
    seq = site.projection.state.seq  # before it is drawn: what comes meanwhile may be missing on it
    page = await draw(look)
    _shell(site, entered, page)
    return Drawn(seq, _title(page), page.canvas, page.about, page.tick)


def _whole(site: Site, entered: Entered, page: Page, *, live: bool = True) -> str:
    now = site.projection.clock()
    body = _shell(site, entered, page)
    shown = page.canvas.digest() if live else ""
    return filled(document(_title(page), body, shown=shown, now_ms=now), now)


def _shell(site: Site, entered: Entered, page: Page) -> Html:
    projection = site.projection
    return shell(
        page.canvas,
        project=projection.fleet.name,
        here=page.here,
        watched=projection.watched,
        waiting=how_many(projection.state),
        step=projection.state.step,
        main=page.main,
        who=entered.person,
        token=entered.token if entered.digest else "",
    )


def _title(page: Page) -> str:
    return f"{page.title} · Fleet"


def _problem(site: Site, entered: Entered, error: FleetError, *, acting: bool = False) -> Response:
    if isinstance(error, Missing):
        status = 404
    elif isinstance(error, BadRequest):
        status = error.status
    else:
        status = 409 if acting else 500
    return HTMLResponse(_whole(site, entered, problem(error, acting=acting), live=False), status_code=status)


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    found = files("fleet.surfaces.web").joinpath("static", name)
    kind: Any = _TYPES.get(name.rpartition(".")[2])
    if kind is None or "/" in name or "\\" in name or not found.is_file():
        return Response(status_code=404)
    return Response(found.read_bytes(), media_type=kind, headers={"cache-control": "no-cache"})
