"""What is around every page: the name, the ways to the other pages, whether the watcher runs."""

from __future__ import annotations

from fleet.surfaces.person import Person
from fleet.surfaces.web.canvas import Canvas
from fleet.surfaces.web.draw.forms import button, form
from fleet.surfaces.web.draw.parts import sign
from fleet.surfaces.web.html import Child, Html, tag

_WAYS = (
    ("overview", "Overview", "/"),
    ("approvals", "Approvals", "/approvals"),
    ("agents", "Agents", "/agents"),
    ("runs", "Runs", "/runs"),
    ("budgets", "Budgets", "/budgets"),
    ("insight", "Insight", "/insight"),
    ("audit", "Audit", "/audit"),
)


def shell(
    canvas: Canvas,
    *,
    project: str,
    here: str,
    watched: bool,
    waiting: int,
    step: bool,
    main: Html,
    who: Person,
    token: str,
) -> Html:
    """The body of a page. `here` is the way that leads to it; `token`: of the forms, for who came by one."""
    ways = [
        tag(
            "li",
            tag(
                "a",
                title,
                canvas.live("nav-waiting", "span", _number(waiting), class_="nav-count")
                if name == "approvals"
                else None,
                href=path,
                aria_current="page" if name == here else None,
            ),
        )
        for name, title, path in _WAYS
    ]
    return tag(
        "body",
        tag("a", "Skip to the page", href="#main", class_="skip"),
        tag(
            "header",
            tag(
                "a",
                tag("span", "Fleet", class_="brand-name"),
                tag("span", project, class_="brand-project"),
                href="/",
                class_="brand",
            ),
            tag("nav", tag("ul", ways), aria_label="Pages"),
            tag(
                "div",
                _who(who, token),
                canvas.live("watcher", "span", _watcher(watched=watched, step=step), class_="watcher"),
                tag(
                    "span",
                    tag("span", class_="dot"),
                    tag("span", "live", id="link-word"),
                    id="link",
                    class_="link",
                    role="status",
                ),
                class_="status",
            ),
            class_="top",
        ),
        tag("main", main, id="main", tabindex=-1),
    )


def document(title: str, body: Html, *, shown: str, now_ms: int) -> Html:
    """The whole document. `shown` is the digest of what it shows; "": it does not change."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="fleet-shown", content=shown) if shown else None,
        tag("meta", name="fleet-now", content=now_ms),
        tag("title", title),
        tag("link", rel="icon", href="/static/fleet.svg"),
        tag("link", rel="stylesheet", href="/static/fleet.css"),
        tag("script", src="/static/fleet.js", defer=True),
    )
    return Html(f'<!doctype html>\n<html lang="en">{head}{body}</html>')


def heading(title: Child, *under: Child) -> Html:
    """A page's own title, with a line below it."""
    below = [tag("div", each) for each in under if each]
    return tag(
        "div", tag("h1", title), tag("div", below, class_="under") if below else None, class_="heading"
    )


def _who(who: Person, token: str) -> Child:
    """Who is here by a token of theirs, and the way out; nothing for whoever started `fleet web`."""
    if not token:
        return None
    leave = form("/logout", token, button("Leave"), class_="leave")
    return tag("span", tag("span", f"{who.actor.removeprefix('user/')}, {who.role}"), leave, class_="who")


def _watcher(*, watched: bool, step: bool) -> Child:
    if watched:
        return [sign("good"), tag("span", "watcher runs", ", step by step" if step else None)]
    return [sign("warn"), tag("span", "the watcher is down ", tag("code", "fleet watcher start"))]


def _number(count: int) -> Child:
    return [str(count), tag("span", " wait for you", class_="unseen")] if count else ""
