"""One pull request: its gate, its diff by file with the risky ones first, reviews, checks, risk, cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.model.errors import FleetError
from fleet.model.state import Change
from fleet.surfaces.figures import money
from fleet.surfaces.questions import ask
from fleet.surfaces.web.canvas import Canvas
from fleet.surfaces.web.draw.chain import why_chain
from fleet.surfaces.web.draw.forms import button, field, folded, form
from fleet.surfaces.web.draw.gates import gate_list
from fleet.surfaces.web.draw.parts import (
    agent_link,
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
from fleet.surfaces.web.draw.patches import patch_files
from fleet.surfaces.web.draw.shell import heading
from fleet.surfaces.web.draw.times import at
from fleet.surfaces.web.html import NOTHING, Html, join, tag, url
from fleet.surfaces.web.look import ALWAYS, Look, Missing, Page
from fleet.views.changes import change_page
from fleet.views.waiting import asked

_OUTPUT = 4000


async def change(look: Look) -> Page:
    """The page `/changes/N`."""
    number = look.words["change"]
    found = look.state.changes.get(int(number)) if number.isdigit() and len(number) < 10 else None
    if found is None:
        raise Missing(f"There is no pull request {number}")
    canvas = Canvas()
    page = change_page(look.fleet, look.state, found)
    main = tag(
        "div",
        heading(
            [found.title, " ", tag("span", f"PR #{found.id}", class_="dim")],
            canvas.live("state", "div", badge(page["standing"]), " ", page["reason"]),
        ),
        canvas.live("asks", "div", _asks(look, found)),
        tag(
            "div",
            tag(
                "div",
                await diff_panel(look, canvas, found),
                section("Why it stands so", canvas.live("why", "div", why_chain(look.why(str(found.id))))),
                class_="wide",
            ),
            tag(
                "div",
                side_panels(look, canvas, found, page),
                canvas.live("acts", "div", _acts(look, found)),
                class_="side",
            ),
            class_="columns",
        ),
    )
    about = ALWAYS | {f"change/{found.id}", f"instance/{found.instance}"}
    return Page(f"PR #{found.id} {found.title}", "overview", main, canvas, about)


async def diff_panel(look: Look, canvas: Canvas, found: Change) -> Html:
    """What it changes. A new head draws it anew."""
    try:
        files = await look.patches.of(look.fleet, found)
    except FleetError as error:
        return canvas.live(
            "diff",
            "div",
            section("Changes", tag("p", "The diff can't be shown: ", error.why or error.what, class_="dim")),
        )
    added = sum(file.change.added for file in files)
    gone = sum(file.change.deleted for file in files)
    count = f"{len(files)} file{'' if len(files) == 1 else 's'}"
    first = "; the riskiest first" if len(files) > 1 else ""
    says = f"{count} at {found.head[:12]}, {added} lines more, {gone} fewer{first}"
    return canvas.live(
        "diff", "div", section("Changes", tag("p", says, class_="dim"), patch_files(files, found.id))
    )


def side_panels(look: Look, canvas: Canvas, found: Change, page: Mapping[str, Any]) -> Html:
    """Gate, risk, checks, reviews and what it took."""
    return join(
        section(
            "Merge gate",
            canvas.live(
                "gate", "div", gate_list(page["gate"]) or tag("p", f"{page['standing']} {page['reason']}")
            ),
        ),
        _other_gates(canvas, page),
        section("Risk", canvas.live("risk", "div", risk_badge(page["risk"]), _factors(page))),
        section("Checks", canvas.live("checks", "div", _checks(page))),
        section("Reviews", canvas.live("reviews", "div", _reviews(page))),
        section("About", canvas.live("facts", "div", _facts(look, found)), prose(found.body)),
    )


def _other_gates(canvas: Canvas, page: Mapping[str, Any]) -> Html:
    """What else it passes on its way: what goes to the forge, releases, commands such as a deployment."""
    if not page["gates"]:
        return NOTHING
    parts = []
    for each in page["gates"]:
        says = f"{each['standing']}; it asks for {', '.join(each['asks'])}"
        parts.append(tag("p", tag("strong", str(each["kind"])), " ", says))
        parts.append(gate_list(each["lines"]))
    return section("Other gates", canvas.live("gates", "div", parts))


def cost_of(look: Look, found: Change) -> int:
    """What all runs on it and on its item have cost, in micro-dollars."""
    return sum(run.cost_micros for run in _runs(look, found))


def _runs(look: Look, found: Change) -> list[Any]:
    instance = look.state.instances.get(found.instance)
    names = [name for job in instance.jobs.values() for name in job.runs] if instance is not None else []
    return [look.state.runs[name] for name in names if name in look.state.runs]


def _asks(look: Look, found: Change) -> Html:
    waiting = [each for each in asked(look.state) if each.change == found.id]
    if not waiting:
        return NOTHING
    return tag(
        "ul",
        [
            tag(
                "li",
                sign("warn"),
                tag("p", tag("span", ask(each.kind), class_="asks"), " ", each.why),
                tag("a", "Answer", href=url("approvals", each.id), class_="button main"),
                class_="card",
            )
            for each in waiting
        ],
        class_="cards alone",
    )


def _acts(look: Look, found: Change) -> Html:
    """To keep it from being merged, and to let it go on."""
    if found.quarantined and look.may_govern:
        asks = form(
            url("changes", found.id, "release"),
            look.token,
            tag("p", found.quarantined),
            field("reason", "Why it may go on", id="reason", lines=1, needed=True),
            button("Release it", kind="main"),
        )
        return section("Quarantine", asks)
    if found.quarantined:
        return section("Quarantine", tag("p", found.quarantined))
    if not found.open or not look.may_operate:
        return NOTHING
    asks = form(
        url("changes", found.id, "quarantine"),
        look.token,
        tag("p", "Nothing is done about it, and it is not merged, until a person releases it.", class_="dim"),
        field("reason", "Why", id="reason", lines=1, needed=True),
        button("Quarantine it", kind="danger"),
    )
    return section("Quarantine", folded("Keep it from being merged", asks, id="quarantine-fold"))


def _factors(page: Mapping[str, Any]) -> Html:
    if not page["factors"]:
        return (
            tag("p", "Nothing in it adds to the risk.", class_="dim") if page["risk"] is not None else NOTHING
        )
    return tag(
        "ul",
        [
            tag(
                "li",
                tag("strong", f"+{each.get('points')}", class_="points"),
                tag("div", str(each.get("name")), tag("div", str(each.get("reason")), class_="dim small")),
            )
            for each in page["factors"]
        ],
        class_="factors",
    )


def _checks(page: Mapping[str, Any]) -> Html:
    if not page["checks"]:
        return tag("p", "None ran for this commit.", class_="dim")
    return tag("div", [_check(each) for each in page["checks"]])


def _check(each: Mapping[str, Any]) -> Html:
    ok, output = bool(each.get("ok")), str(each.get("output", "")).strip()
    head = [badge("passed" if ok else "failed"), " ", str(each.get("name"))]
    if not output:
        return tag("p", *head)
    return tag(
        "details",
        tag("summary", *head),
        tag("pre", output[-_OUTPUT:], tabindex=0),
        open=not ok,
        class_="fold",
        id=f"check-{each.get('name')}",
    )


def _reviews(page: Mapping[str, Any]) -> Html:
    if not page["reviews"]:
        return tag("p", "Nobody has reviewed it yet.", class_="dim")
    return tag(
        "div",
        [
            tag(
                "article",
                tag(
                    "p",
                    words(
                        agent_link(each["by"]),
                        badge(each["verdict"]),
                        run_link(each["run"]),
                        None if each["counts"] else f"of {each['head'][:12]}, an older commit",
                    ),
                ),
                prose(each["text"]),
                [tag("p", "Its author leaves it as it is:", class_="dim"), prose(each["answer"])]
                if each["answer"]
                else None,
                class_="comment" if each["counts"] else "comment old",
            )
            for each in reversed(page["reviews"])
        ],
    )


def _facts(look: Look, found: Change) -> Html:
    item = look.state.items.get(found.item)
    runs = _runs(look, found)
    return facts(
        [
            ("issue", item_link(found.item, f"#{found.item} {item.title}") if item else None),
            ("author", agent_link(found.author)),
            ("branch", tag("code", f"{found.branch} → {found.base}")),
            ("head", tag("code", found.head[:12])),
            ("merged", tag("code", found.merged[:12]) if found.merged else None),
            ("opened", at(found.opened)),
            ("cost so far", f"{money(cost_of(look, found))} in {len(runs)} runs"),
            ("on the forge", found.ref),
        ]
    )
