"""The event log: searched, filtered, verified."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from fnmatch import fnmatchcase

from fleet.model.event import Event, to_cloudevent
from fleet.ports.log import Log, Verification
from fleet.surfaces.web.canvas import Canvas, Row, row
from fleet.surfaces.web.draw.forms import button, form
from fleet.surfaces.web.draw.parts import sign
from fleet.surfaces.web.draw.shell import heading
from fleet.surfaces.web.draw.times import at
from fleet.surfaces.web.html import NOTHING, Html, tag, url
from fleet.surfaces.web.look import ALWAYS, Look, Page
from fleet.views.events import told, who

_PAGE, _READ = 100, 500
_MOST_READ = 20_000
"""How many events one search reads; it goes on from there when asked."""


async def audit(look: Look) -> Page:
    """The page `/audit`, newest first."""
    canvas = Canvas()
    query, kind = look.query.get("q", ""), look.query.get("type", "")
    before = look.query.get("before", "")
    top = int(before) if before.isdigit() and len(before) < 18 else look.state.seq + 1
    found, reached = await asyncio.to_thread(search, look.projection.log, query, kind, top)
    rows = [_row(event) for event in found] or [
        row("event-none", "li", "No event is like that.", class_="dim")
    ]
    more = url("audit", q=query, type=kind, before=reached) if reached > 1 else ""
    main = tag(
        "div",
        heading("Audit", f"{look.state.seq} events"),
        _search(query, kind),
        _verify(look),
        tag(
            "section",
            tag("h2", "Events"),
            canvas.many("events", "ol", rows, class_="list events")
            if not before
            else tag("ol", [each.html for each in rows], class_="list events"),
            tag("p", tag("a", f"Older than {reached}", href=more, rel="next")) if more else None,
            class_="panel",
        ),
    )
    return Page("Audit", "audit", main, canvas, None if not before else ALWAYS)


def search(log: Log, query: str, kind: str, before: int) -> tuple[list[Event], int]:
    """The newest events with `seq < before` that have the words and the type (`*` for any signs), and the
    `seq` down to which the log was read. Blocks.
    """
    words = query.lower().split()
    found: list[Event] = []
    read = 0
    while before > 1 and len(found) < _PAGE and read < _MOST_READ:
        after = max(0, before - 1 - _READ)
        page = list(log.read(after, before - 1 - after))
        read += len(page)
        for event in reversed(page):
            before = event.seq
            if _fits(event, words, kind):
                found.append(event)
                if len(found) == _PAGE:
                    return found, before
        before = after + 1
    return found, before


def verified(found: Verification) -> Page:
    """What a verification has found, in words."""
    if found.ok:
        said = tag("p", sign("good"), f" The log holds: {found.events} events, none changed, none missing.")
        later = found.events - found.sealed
        signed = (
            f"{found.checkpoints} signed checkpoints agree with it; {later} events are newer than they are. "
        )
        under = tag(
            "p", signed if found.checkpoints else "", "Head ", tag("code", found.head.hash), class_="dim"
        )
    else:
        said = tag("p", sign("bad"), f" The event log does not hold: {found.problem}.")
        under = tag("p", f"The {found.events} records before it are as they were written.", class_="dim")
    back = tag("p", tag("a", "Back to the events", href="/audit"))
    main = tag("div", heading("Audit"), tag("section", said, under, back, class_="panel"))
    return Page("Audit", "audit", main, Canvas(), ALWAYS)


def _fits(event: Event, words: list[str], kind: str) -> bool:
    if kind and not fnmatchcase(event.type, kind) and not fnmatchcase(event.type, f"fleet.{kind}"):
        return False
    if not words:
        return True
    text = " ".join(_texts(event)).lower()
    return all(word in text for word in words)


def _texts(event: Event) -> Iterator[str]:
    yield from (event.type, event.subject, event.source, event.id, event.correlation_id)
    yield json.dumps(dict(event.data), ensure_ascii=False, default=str)


def _row(event: Event) -> Row:
    return row(
        f"event-{event.seq}",
        "li",
        tag(
            "details",
            tag(
                "summary",
                tag("span", event.seq, class_="seq"),
                at(event.time),
                tag("span", event.type.removeprefix("fleet."), class_="type"),
                tag("span", told(event), class_="said"),
                tag("span", who(event), class_="dim"),
            ),
            tag(
                "pre", json.dumps(to_cloudevent(event), indent=2, ensure_ascii=False, default=str), tabindex=0
            ),
        ),
        class_="event",
    )


def _search(query: str, kind: str) -> Html:
    return tag(
        "form",
        tag(
            "div",
            tag("label", "Words", for_="q"),
            tag("input", type="search", name="q", id="q", value=query, autocomplete="off"),
            class_="field",
        ),
        tag(
            "div",
            tag("label", "Type, such as run.*", for_="type"),
            tag("input", type="text", name="type", id="type", value=kind, autocomplete="off"),
            class_="field",
        ),
        button("Search", kind="main"),
        method="get",
        action="/audit",
        role="search",
        class_="panel act search",
    )


def _verify(look: Look) -> Html:
    if not look.may_operate:
        return NOTHING
    return tag(
        "section",
        form(
            "/audit/verify",
            look.token,
            tag(
                "p",
                "Every record carries the hash of the one before it. Verifying reads them all.",
                class_="dim",
            ),
            button("Verify the log"),
            class_="act line",
        ),
        class_="panel",
    )
