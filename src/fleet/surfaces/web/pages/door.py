"""Answers at the door: pages for those who are not in yet, without anything of the project on them."""

from __future__ import annotations

from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from fleet.surfaces.web.html import Child, Html, tag


def wants_json(path: str) -> bool:
    """Whether a program asks, and not a person."""
    return path.startswith("/api/") or path == "/live"


def plain(status: int, text: str) -> Response:
    """A short refusal."""
    return PlainTextResponse(text + "\n", status_code=status)


def not_entered(path: str, *, login: bool) -> Response:
    """Nobody is known by this cookie. `login`: there are people who have a token."""
    why = "The session is not known. Open the link that `fleet web` has printed."
    if wants_json(path):
        return JSONResponse({"error": "not entered", "why": why}, status_code=401)
    return _page(
        401,
        "Not entered yet",
        tag(
            "p",
            "Open the link that ",
            tag("code", "fleet web"),
            " has printed in its terminal. It lets this browser in.",
        ),
        tag(
            "p",
            "A link is good once, and the session ends with that ",
            tag("code", "fleet web"),
            ".",
            class_="dim",
        ),
        tag("p", tag("a", "Or enter with a token that you were given", href="/login")) if login else None,
    )


def login(problem: str = "") -> Response:
    """Room for a token."""
    asks = tag(
        "form",
        tag(
            "div",
            tag("label", "Your token", for_="secret"),
            tag(
                "input",
                type="password",
                name="secret",
                id="secret",
                required=True,
                autocomplete="current-password",
            ),
            class_="field",
        ),
        tag("button", "Enter", type="submit", class_="button main"),
        method="post",
        action="/login",
        class_="act",
    )
    return _page(
        403 if problem else 200,
        "Enter",
        tag("p", problem, class_="why", role="alert") if problem else None,
        tag("p", "An operator of this fleet has made it: ", tag("code", "fleet web token add"), "."),
        asks,
    )


def link_page(status: int, title: str, *children: Child) -> Response:
    """The page of a link that is good for one answer, or what became of it."""
    return _page(status, title, *children, wide=True)


def come_again() -> Response:
    """A link on another site led here, so the browser keeps the cookie back. Asked for by our own page, it is
    sent along.
    """
    return _page(200, "One moment", tag("p", "Opening …"), refresh="")


def entered() -> Response:
    """The cookie was set; from here on it is sent."""
    return _page(200, "Entered", tag("p", tag("a", "Go on to the overview", href="/")), refresh="/")


def spent() -> Response:
    """The link is not good any more."""
    return _page(
        403,
        "This link was used already",
        tag(
            "p", "Each link is good once. The terminal of ", tag("code", "fleet web"), " shows the next one."
        ),
        tag(
            "p",
            "If you did not use it, somebody else has: end ",
            tag("code", "fleet web"),
            " and look at ",
            tag("code", "fleet events"),
            ".",
        ),
    )


def _page(
    status: int, title: str, *children: Child, refresh: str | None = None, wide: bool = False
) -> Response:
    again = None
    if refresh is not None:
        again = tag("meta", http_equiv="refresh", content=f"0; url={refresh}" if refresh else "0")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        again,
        tag("title", f"{title} · Fleet"),
        tag("link", rel="icon", href="/static/fleet.svg"),
        tag("link", rel="stylesheet", href="/static/fleet.css"),
    )
    body = tag("body", tag("main", tag("h1", title), *children, class_="letter" if wide else "door"))
    return HTMLResponse(Html(f'<!doctype html>\n<html lang="en">{head}{body}</html>'), status_code=status)
