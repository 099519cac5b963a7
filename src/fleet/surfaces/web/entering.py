"""Coming in: by the link that is good once, or with a token; and leaving."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fleet.model.errors import FleetError
from fleet.surfaces.web.guard import bearer_of, cookie_name, entered_by, is_entered, session_of
from fleet.surfaces.web.keys import SESSION_MS
from fleet.surfaces.web.pages import door
from fleet.surfaces.web.requests import form_of
from fleet.surfaces.web.site import Site


async def enter(site: Site, request: Request) -> Response:
    """The owner's link."""
    session = site.keys.enter(request.query_params.get("key", ""))
    if session is None:
        return RedirectResponse("/", status_code=303) if is_entered(request) else door.spent()
    site.entered()
    return _with_cookie(site, door.entered(), session)


async def login(site: Site, request: Request) -> Response:
    """The page that asks for a token, and what it sends."""
    if request.method != "POST":
        return door.login()
    try:
        fields = await form_of(request, None)
    except FleetError as error:
        return door.login(error.what)
    found = bearer_of(site, fields.get("secret", "").strip())
    if found is None:
        return door.login("This token is not good: it is unknown, was taken back, or has expired.")
    expires = min(found.expires, site.projection.clock() + SESSION_MS)
    session = site.keys.open(found.person, found.digest, expires)
    return _with_cookie(site, door.entered(), session)


async def logout(site: Site, request: Request) -> Response:
    """Leave. The cookie is good for nothing afterwards."""
    try:
        await form_of(request, entered_by(request))
    except FleetError as error:
        return door.plain(403, error.what)
    site.keys.close(session_of(request.headers, site))
    answer = RedirectResponse("/login", status_code=303)
    answer.delete_cookie(
        cookie_name(site), path="/", secure=site.where.secure, httponly=True, samesite="strict"
    )
    return answer


def _with_cookie(site: Site, answer: Response, session: str) -> Response:
    secure = site.where.secure
    answer.set_cookie(cookie_name(site), session, httponly=True, samesite="strict", secure=secure, path="/")
    return answer
