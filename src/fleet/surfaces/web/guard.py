"""The door: who may ask at all, and what every answer tells the browser to forbid.

* The Host must be one of ours, so a page that lets its own name point here (DNS rebinding) gets nothing.
* Everything but the door itself and a link for one answer needs a session's cookie, or for programs a token.
* What changes something must come from a page of this origin; its token is looked at in `requests`. Only a
  program that shows a token of its own needs neither, since no browser sends that by itself.
"""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fleet.surfaces.access import access_by
from fleet.surfaces.person import ROLES, Person
from fleet.surfaces.web.keys import COOKIE, SECURE_COOKIE, Entered
from fleet.surfaces.web.pages.door import come_again, not_entered, plain, wants_json
from fleet.surfaces.web.site import Site

ENTER = "/enter"
LOGIN = "/login"
STATIC = "/static/"
LINK = "/a/"
_SAFE = ("GET", "HEAD")
_OPEN = (ENTER, LOGIN)
_KEY = "fleet.entered"

_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_TLS_HEADERS = {"strict-transport-security": "max-age=31536000"}


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site
        self._headers = _HEADERS | (_TLS_HEADERS if site.where.secure else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or hand on; either way the answer carries the headers."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                if scope["path"].startswith(LINK):
                    headers["referrer-policy"] = "no-referrer"  # the address is the secret
                if not scope["path"].startswith(STATIC):
                    headers["cache-control"] = "no-store"
            await send(message)

        refused = self._refused(scope)
        await (refused or self._app)(scope, receive, sealed)

    def _refused(self, scope: Scope) -> Response | None:
        headers, path, method = Headers(scope=scope), scope["path"], scope["method"]
        host = headers.get("host", "")
        if not self._site.where.serves(host):
            ours = self._site.where.url or "http://127.0.0.1 and the port"
            return plain(421, f"This name is not served here. Use {ours}.")
        if path.startswith(STATIC) and "/" not in path.removeprefix(STATIC) and method in _SAFE:
            return None
        entered = self._who(headers, path)
        if entered is not None:
            scope[_KEY] = entered
        elif not (path in _OPEN or is_link(path)):
            if method == "GET" and headers.get("sec-fetch-site") == "cross-site" and not wants_json(path):
                return come_again()
            return not_entered(path, login=bool(self._site.projection.state.access))
        bearer = entered is not None and entered.bearer
        if method not in _SAFE and not bearer and not self._from_here(headers, host, path):
            return plain(403, "This was not sent by a page of Fleet, so it is not done.")
        return None

    def _who(self, headers: Headers, path: str) -> Entered | None:
        kind, _, secret = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and path.startswith("/api/"):
            return bearer_of(self._site, secret.strip())
        return self._site.keys.who(session_of(headers, self._site), lambda found: is_good(self._site, found))

    def _from_here(self, headers: Headers, host: str, path: str) -> bool:
        """Browsers tell where a request comes from; one that does not say it is not a page of ours. A link's
        page says `null`, since it tells nobody its own address; what it sends has the secret in it.
        """
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if is_link(path) and origin == "null" and site == "same-origin":
            return True
        return self._site.where.is_own(origin, host) and site in (None, "same-origin")


def is_link(path: str) -> bool:
    """Whether this is the address of a link for one answer, and nothing below it."""
    return path.startswith(LINK) and "/" not in path.removeprefix(LINK)


def entered_by(request: Request) -> Entered:
    """Who asks. The guard has let in nobody else."""
    found: Entered = request.scope[_KEY]
    return found


def is_entered(request: Request) -> bool:
    """Whether somebody asks who was let in already."""
    return _KEY in request.scope


def bearer_of(site: Site, secret: str) -> Entered | None:
    """Who shows this token, while it is good."""
    found = access_by(site.projection.state, secret, site.projection.clock())
    if found is None or found.role not in ROLES:
        return None
    return Entered(Person(f"user/{found.name}", found.role), "", found.digest, found.expires, bearer=True)


def is_good(site: Site, entered: Entered) -> bool:
    """Whether a session still is: it has not expired, and its token was not taken back."""
    if not entered.digest:
        return True
    name = entered.person.actor.removeprefix("user/")
    access = site.projection.state.access.get(name)
    return (
        access is not None and access.digest == entered.digest and entered.expires > site.projection.clock()
    )


def cookie_name(site: Site) -> str:
    """What the session's cookie is called."""
    return SECURE_COOKIE if site.where.secure else COOKIE


def session_of(headers: Headers, site: Site) -> str:
    """The session that the request's cookie names."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(cookie_name(site))
    except CookieError:
        return ""
    return found.value if found is not None else ""
