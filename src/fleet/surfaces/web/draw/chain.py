"""Why something stands as it does: from the newest event back to the first, each with the rule behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fleet.model.event import parse_rfc3339
from fleet.surfaces.web.draw.parts import tone_of
from fleet.surfaces.web.draw.times import at
from fleet.surfaces.web.html import Html, tag, url

_SHOWN = 6
"""So many links are seen at once; what is older is folded."""


def why_chain(found: Mapping[str, Any]) -> Html:
    """What `fleet why` draws, from its document."""
    links: Sequence[Mapping[str, Any]] = found["chain"]
    waits = tag("p", "Waits for ", found["waits_for"], class_="why") if found["waits_for"] else None
    if not links:
        return tag("div", waits, tag("p", "No event led to it yet.", class_="dim"))
    first, rest = links[:_SHOWN], links[_SHOWN:]
    older = tag(
        "details",
        tag("summary", f"{len(rest)} more, back to the first"),
        _list(rest, found, begin=_SHOWN + 1),
        class_="fold",
        id="why-rest",
    )
    return tag("div", waits, _list(first, found), older if rest else None)


def _list(links: Sequence[Mapping[str, Any]], found: Mapping[str, Any], begin: int = 1) -> Html:
    tone = tone_of(found["state"]) if begin == 1 else "quiet"
    rows = [
        _link(link, tone if number == begin else "quiet", first=number == 1)
        for number, link in enumerate(links, begin)
    ]
    return tag("ol", rows, class_="chain", start=begin if begin > 1 else None)


def _link(link: Mapping[str, Any], tone: str, *, first: bool) -> Html:
    rule = [tag("code", link["rule"]), f": {link['rule_says']}"] if link["rule"] else [f"by {link['who']}"]
    where = url("audit", before=link["seq"] + 1)
    time = at(parse_rfc3339(link["time"])) if link["time"] else str(link["seq"])
    return tag(
        "li",
        None if first else tag("span", "because", class_="because"),
        tag("p", tag("strong", link["words"]), " ", tag("a", time, href=where, class_="dim small")),
        tag("p", link["reason"]) if link["reason"] else None,
        tag("p", *rule, class_="dim small"),
        class_=tone,
    )
