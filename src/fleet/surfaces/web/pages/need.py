"""One thing that needs a person, as a card of the queue: to read, and to answer in place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.model.event import parse_rfc3339
from fleet.surfaces.questions import AS_DONE, ask, no, words_for, yes
from fleet.surfaces.web.canvas import Row, row
from fleet.surfaces.web.draw.forms import button, field, form
from fleet.surfaces.web.draw.parts import Tone, about, agent_link, run_link, sign, words
from fleet.surfaces.web.draw.times import running
from fleet.surfaces.web.html import Html, tag, url
from fleet.surfaces.web.look import Look

_TONES: Mapping[str, Tone] = {"now": "bad", "soon": "warn", "later": "warn"}
_URGENT = {"now": "an agent stands still", "soon": "others wait behind it", "later": ""}


def need_row(look: Look, each: Mapping[str, Any], *, answer: bool) -> Row:
    """The card; with `answer` it can be answered in place."""
    link = _link(each)
    mine = may_answer(look, each)
    since = parse_rfc3339(each["asked"]) if each["asked"] else 0
    behind = each["behind"]
    return row(
        f"need-{each['id']}",
        "li",
        sign(_TONES[each["urgency"]]),
        tag(
            "div",
            tag("a", each["title"] or each["why"], href=link, class_="card-title"),
            tag("p", tag("span", ask(each["kind"]), class_="asks"), " ", each["why"]),
            tag(
                "p",
                words(
                    tag("span", "by ", agent_link(each["who"])) if each["who"] != "fleet" else None,
                    about(each),
                    run_link(each["run"]),
                    each["repo"],
                    tag("span", "waits ", running(since)) if since else None,
                    _URGENT[each["urgency"]] or None,
                ),
                class_="dim small",
            ),
            tag("p", "Behind it: ", ", ".join(behind), class_="dim small brief")
            if behind and answer
            else None,
            _in_place(look, each) if answer and mine else None,
        ),
        tag(
            "a",
            "Answer" if mine else "See",
            tag("span", f" {each['id']}", class_="unseen"),
            href=link,
            class_="button main" if mine else "button",
        ),
        class_=f"card {each['urgency']}",
    )


def may_answer(look: Look, each: Mapping[str, Any]) -> bool:
    """Whether who looks may answer this."""
    return bool(each["answers"]) and (look.may_govern if each["kind"] == "quarantine" else look.may_answer)


def _link(each: Mapping[str, Any]) -> str:
    if each["kind"] == "budget":
        return "/budgets"
    return url("agents", each["id"]) if each["kind"] == "quarantine" else url("approvals", each["id"])


def _in_place(look: Look, each: Mapping[str, Any]) -> Html:
    """The words and the buttons, folded: most is answered after a look at the whole card."""
    name, kind = each["id"], each["kind"]
    if "release" in each["answers"]:
        action, named = url("agents", name, "release"), "reason"
        label, buttons = "Why it may work again", [button("Release it", kind="main")]
    else:
        action, named, label = url("approvals", name), "note", words_for(kind)
        buttons = [button(yes(kind), "approve", "main")]
        if "send-back" in each["answers"]:
            buttons.append(button("Send back", "send-back"))
        if "as-done" in each["answers"]:
            buttons.append(button(AS_DONE, "as-done"))
        buttons.append(button(no(kind), "reject", "danger"))
    asks = form(
        action,
        look.token,
        tag("input", type="hidden", name="to", value="list"),
        field(named, label, id=f"note-{name}", lines=1),
        tag("div", buttons, class_="buttons"),
    )
    return tag("details", tag("summary", "Answer here"), asks, class_="fold", id=f"here-{name}")
