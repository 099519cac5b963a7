"""The door: who may ask at all, and what every answer tells the browser to forbid.

* The Host must be a name of this machine, so a page that lets its own name point here (DNS rebinding) gets
  nothing.
* Everything but the door itself needs the session's cookie.
* What changes something must come from a page of this origin; its token is looked at in `forms`.
"""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fleet.surfaces.web.keys import COOKIE, Keys
from fleet.surfaces.web.pages.door import come_again, not_entered, plain, wants_json

ENTER = "/enter"
STATIC = "/static/"
NAMES = ("127.0.0.1", "localhost", "[::1]")
_SAFE = ("GET", "HEAD")

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


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, keys: Keys) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or hand on; either way the answer carries the headers."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                if not scope["path"].startswith(STATIC):
                    headers["cache-control"] = "no-store"
            await send(message)

        refused = self._refused(scope)
        await (refused or self._app)(scope, receive, sealed)

    def _refused(self, scope: Scope) -> Response | None:
        headers, path, method = Headers(scope=scope), scope["path"], scope["method"]
        host = headers.get("host", "")
        if name_of(host) not in NAMES:
            return plain(421, "This name is not served here. Use http://127.0.0.1 and the port.")
        if path.startswith(STATIC) and method in _SAFE:
            return None
        if path == ENTER and method == "GET":
            return None
        if not self._keys.knows(session_of(headers)):
            if method == "GET" and headers.get("sec-fetch-site") == "cross-site" and not wants_json(path):
                return come_again()
            return not_entered(path)
        if method not in _SAFE and not _from_here(headers, host):
            return plain(403, "This was not sent by a page of Fleet, so it is not done.")
        return None


def name_of(host: str) -> str:
    """The name in a Host header, without its port."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()


def session_of(headers: Headers) -> str:
    """The session that the request's cookie names."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found is not None else ""


def _from_here(headers: Headers, host: str) -> bool:
    """Browsers tell where a request comes from; one that does not say it is not a page of ours."""
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    return origin == f"http://{host}" and site in (None, "same-origin")
