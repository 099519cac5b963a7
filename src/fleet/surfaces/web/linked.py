"""A link that is good for one answer of one person: its page shows the card and asks; only its form acts."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from fleet.model.access import Link
from fleet.model.errors import FleetError
from fleet.model.event import Event
from fleet.model.state import Approval, State
from fleet.surfaces.access import link_by
from fleet.surfaces.figures import money
from fleet.surfaces.questions import AS_DONE, ask, no, words_for, yes
from fleet.surfaces.web.acting import answer
from fleet.surfaces.web.canvas import Canvas
from fleet.surfaces.web.draw.forms import button, field
from fleet.surfaces.web.draw.parts import prose, risk_badge, section, words
from fleet.surfaces.web.draw.times import filled, running
from fleet.surfaces.web.html import Child, Html, tag
from fleet.surfaces.web.look import Look
from fleet.surfaces.web.pages.change import cost_of, diff_panel, side_panels
from fleet.surfaces.web.pages.door import link_page
from fleet.surfaces.web.requests import form_of
from fleet.surfaces.web.site import Site
from fleet.views.changes import change_page


async def show_link(site: Site, request: Request) -> Response:
    """The card. It changes nothing, since mail scanners and previews open links too."""
    try:
        link = _link(site, request)
    except FleetError as error:
        return _sorry(error)
    found = site.projection.state.approvals[link.approval]
    return link_page(200, ask(found.kind), *await _card(site, found, link))


async def answer_link(site: Site, request: Request) -> Response:
    """The answer, in the name of whom the link is for."""
    try:
        fields = await form_of(request, None)
        link = _link(site, request)
        actor, do, note = f"user/{link.name}", fields.get("do", ""), fields.get("note", "")
        decide = answer(site.projection.fleet, actor, link.approval, do, note)

        def decided(state: State) -> list[Event]:
            link_by(state, request.path_params["key"], site.projection.clock())
            return [
                replace(each, data=dict(each.data) | {"link": link.digest[:12]}) for each in decide(state)
            ]

        await site.act(decided)
    except FleetError as error:
        return _sorry(error)
    return link_page(200, "Thank you", tag("p", f"{link.approval} is answered, as {link.name}."))


def _link(site: Site, request: Request) -> Link:
    site.projection.catch_up()
    return link_by(site.projection.state, request.path_params["key"], site.projection.clock())


async def _card(site: Site, found: Approval, link: Link) -> list[Child]:
    look = Look(site.projection, site.patches, site.transcripts, "")
    change = look.state.changes.get(found.change)
    run = look.state.runs.get(found.run)
    canvas = Canvas()
    buttons = [button(yes(found.kind), "approve", "main")]
    if found.kind == "merge":
        buttons.append(button("Send back with your words", "send-back"))
    if found.kind == "command":
        buttons.append(button(AS_DONE, "as-done"))
    buttons.append(button(no(found.kind), "reject", "danger"))
    under = words(
        found.id,
        look.fleet.name,
        risk_badge(change.risk.get("score")) if change else None,
        f"cost so far {money(cost_of(look, change))}" if change else None,
        tag("span", "waits ", running(found.asked)),
    )
    parts: list[Child] = [
        tag("p", tag("strong", change.title)) if change else None,
        tag("p", _filled(site, under), class_="dim"),
        tag(
            "form",
            tag("p", found.why),
            tag("p", f"Good for the commit {found.head[:12]} alone.", class_="dim") if found.head else None,
            field("note", words_for(found.kind), id="note"),
            tag("div", buttons, class_="buttons"),
            tag("p", f"It is recorded as the word of {link.name}.", class_="dim small"),
            method="post",
            class_="act panel answer",
        ),
        section("The run", prose(run.question or run.text)) if run and (run.question or run.text) else None,
    ]
    if change is not None:
        parts.append(side_panels(look, canvas, change, change_page(look.fleet, look.state, change)))
        parts.append(await diff_panel(look, canvas, change))
    return parts


def _filled(site: Site, html: Html) -> Html:
    return Html(filled(html, site.projection.clock()))


def _sorry(error: FleetError) -> Response:
    texts = [tag("p", text, class_="dim") for text in (error.why, error.do) if text]
    return link_page(403, error.what, *texts)
