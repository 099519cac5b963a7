"""What waits for a person, and the card of one question: all that is needed to answer it, and the answer."""

from __future__ import annotations

from fleet.model.state import Approval
from fleet.surfaces.deeds import offered
from fleet.surfaces.figures import money
from fleet.surfaces.questions import AS_DONE, ask, no, words_for, yes
from fleet.surfaces.web.canvas import Canvas, row
from fleet.surfaces.web.draw.chain import why_chain
from fleet.surfaces.web.draw.forms import button, field, form
from fleet.surfaces.web.draw.parts import about as about_link
from fleet.surfaces.web.draw.parts import (
    badge,
    facts,
    item_link,
    prose,
    risk_badge,
    run_link,
    section,
    sign,
    words,
)
from fleet.surfaces.web.draw.shell import heading
from fleet.surfaces.web.draw.times import ago_since, running
from fleet.surfaces.web.html import NOTHING, Child, Html, join, tag, url
from fleet.surfaces.web.look import ALWAYS, Look, Missing, Page
from fleet.surfaces.web.pages.change import cost_of, diff_panel, side_panels
from fleet.surfaces.web.pages.need import need_row
from fleet.views.changes import change_page
from fleet.views.needs import needs

_ANSWERED = 10
_ABOUT = ALWAYS | {"queue"}


async def approvals(look: Look) -> Page:
    """The page `/approvals`: all that waits, the most urgent first."""
    canvas = Canvas()
    found = needs(look.fleet, look.state, look.now)
    rows = [need_row(look, each, answer=True) for each in found]
    rows = rows or [row("needs-none", "li", sign("good"), tag("span", "Nothing needs you."), class_="calm")]
    answered = [each for each in reversed(look.state.approvals.values()) if each.answer][:_ANSWERED]
    past = [
        row(
            f"past-{each.id}",
            "li",
            tag(
                "div",
                tag("a", each.id, " ", ask(each.kind), href=url("approvals", each.id)),
                badge(_answer_word(each)),
                class_="line",
            ),
            tag("p", words(each.by, each.note or each.why), class_="dim small"),
        )
        for each in answered
    ] or [row("past-none", "li", "Nothing was answered yet.", class_="dim")]
    main = tag(
        "div",
        heading("Approvals"),
        section("Needs you", canvas.many("needs", "ul", rows, class_="cards")),
        section("Answered lately", canvas.many("past", "ul", past, class_="list")),
    )
    waiting = sum(1 for each in found if each["answers"])
    return Page(f"({waiting}) Approvals" if waiting else "Approvals", "approvals", main, canvas, _ABOUT)


async def approval(look: Look) -> Page:
    """The page `/approvals/ID`: the card."""
    found = look.state.approvals.get(look.words["approval"])
    if found is None:
        raise Missing(f"There is no approval {look.words['approval']!r}")
    canvas = Canvas()
    change = look.state.changes.get(found.change)
    run = look.state.runs.get(found.run)
    instance = look.state.instances.get(found.instance)
    item = look.state.items.get(instance.item if instance else change.item if change else 0)
    title = change.title if change else item.title if item else found.kind
    moved = change is not None and bool(found.head) and change.head != found.head
    wide: list[Child] = [canvas.live("answer", "div", _answer(look, found, moved=moved))]
    side: list[Child] = []
    about = {f"approval/{found.id}", f"instance/{found.instance}"}
    if change is not None:
        wide.append(await diff_panel(look, canvas, change))
        side.append(side_panels(look, canvas, change, change_page(look.fleet, look.state, change)))
        about.add(f"change/{change.id}")
    else:
        side.append(
            section(
                "About",
                facts(
                    [
                        ("issue", item_link(item.id, f"#{item.id} {item.title}") if item else None),
                        ("run", run_link(found.run)),
                        ("job", found.job),
                        ("workflow", found.instance),
                    ]
                ),
            )
        )
    if run is not None:
        wide.append(
            section(
                "The run",
                tag("p", words(run_link(run.id), badge(run.outcome or run.state), run.reason)),
                prose(run.question or run.text),
            )
        )
    wide.append(section("What led to it", canvas.live("why", "div", why_chain(look.why(found.id)))))
    under = words(
        found.id,
        about_link({"pr": found.change, "item": item.id if item else None}),
        risk_badge(change.risk.get("score")) if change else None,
        f"cost so far {money(cost_of(look, change))}" if change else None,
        tag("span", "waits ", running(found.asked))
        if not found.answer and not found.handled
        else tag("span", "asked ", ago_since(found.asked)),
    )
    main = tag(
        "div",
        heading([tag("span", ask(found.kind), class_="asks"), " ", title], under),
        tag("div", tag("div", wide, class_="wide"), tag("div", side, class_="side"), class_="columns"),
    )
    return Page(f"{found.id} {title}", "approvals", main, canvas, ALWAYS | about)


def _answer(look: Look, found: Approval, *, moved: bool) -> Html:
    """The question with its buttons; what was answered, where it was."""
    why = tag("p", found.why, class_="asked")
    if found.answer:
        said = tag("p", badge(_answer_word(found)), f" by {found.by}", class_="asked")
        return section("Answered", why, said, prose(found.note), _next(look))
    if found.handled or moved:
        return section(
            "Does not wait any more", why, tag("p", "What it asked about has changed.", class_="dim")
        )
    only = (
        tag("p", f"Your word is good for the commit {found.head[:12]} alone.", class_="dim")
        if found.head
        else NOTHING
    )
    waits = next((each for each in needs(look.fleet, look.state, look.now) if each["id"] == found.id), None)
    behind = waits["behind"] if waits else ()
    if behind:
        only = join(only, tag("p", "Behind it waits: ", ", ".join(behind), class_="dim"))
    if not look.may_answer:
        return section("Why it needs somebody", join(why, only), class_="answer")
    buttons = [button(yes(found.kind), "approve", "main")]
    held = offered(look.state, found)
    if held is not None:
        buttons.append(button("Always allow this", "always"))
        told = (
            "Always writes ",
            tag("code", ", ".join(held.offer)),
            f" to agents.{look.state.runs[held.run].agent}.permissions.{held.where} of fleet.yaml, by a pull "
            "request that people approve; this call goes on at once.",
        )
        only = join(only, tag("p", *told, class_="dim"))
    if found.kind == "merge":
        buttons.append(button("Send back with your words", "send-back"))
    if found.kind == "command":
        buttons.append(button(AS_DONE, "as-done"))
    buttons.append(button(no(found.kind), "reject", "danger"))
    asks = form(
        url("approvals", found.id),
        look.token,
        field("note", words_for(found.kind), id="note"),
        tag("div", buttons, class_="buttons"),
    )
    return section("Why it needs you", join(why, only), asks, class_="answer")


def _next(look: Look) -> Html:
    waiting = [each for each in needs(look.fleet, look.state, look.now) if each["kind"] != "budget"]
    if not waiting:
        return tag("p", sign("good"), " Nothing else needs you.", class_="calm")
    first = waiting[0]
    where = url("agents" if first["kind"] == "quarantine" else "approvals", first["id"])
    link = tag("a", f"Next: {first['id']}", href=where, class_="button main")
    return tag("p", link, tag("span", f" {len(waiting)} more wait for you", class_="dim"))


def _answer_word(found: Approval) -> str:
    if found.answer == "given":
        return "as done" if found.as_done else "approve"
    return "sent back" if found.send_back else "refused"
