"""What the merge gate asks for, and what of it is met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fleet.surfaces.web.draw.parts import sign
from fleet.surfaces.web.html import NOTHING, Html, tag


def gate_list(gate: Sequence[Mapping[str, Any]]) -> Html:
    """Each requirement with its reason and who can meet it."""
    if not gate:
        return NOTHING
    return tag("ul", [_requirement(each) for each in gate], class_="gate")


def gate_signs(gate: Sequence[Mapping[str, Any]]) -> Html:
    """The same in one line."""
    return tag(
        "span",
        [
            tag(
                "span",
                sign("good" if each["met"] else "quiet"),
                each["name"],
                tag("span", " is met" if each["met"] else " is missing", class_="unseen"),
                class_="gate-sign",
                title=each["reason"],
            )
            for each in gate
        ],
        class_="gate-signs",
    )


def _requirement(each: Mapping[str, Any]) -> Html:
    who = tag("div", f"who can: {each['who']}", class_="dim") if each.get("who") else None
    word = tag("strong", each["name"], ": met" if each["met"] else ": missing")
    return tag(
        "li",
        sign("good" if each["met"] else "warn"),
        tag("div", word, tag("div", each["reason"]), who),
    )
