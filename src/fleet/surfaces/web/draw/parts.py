"""What every page uses: a state as a sign and a word, a bar against its ceiling, links, facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from fleet.surfaces.figures import duration, tokens
from fleet.surfaces.web.draw.times import coarse
from fleet.surfaces.web.html import NOTHING, Child, Html, join, tag, url

Tone = Literal["busy", "good", "warn", "bad", "quiet"]

_TONES: Mapping[str, Tone] = {
    **dict.fromkeys(
        ("running", "working", "starting", "collecting", "active", "checking", "landing"), "busy"
    ),
    **dict.fromkeys(("succeeded", "done", "ready", "merged", "approve", "given", "passed"), "good"),
    **dict.fromkeys(
        ("blocked", "waits", "held", "objected", "stuck", "stopped", "request-changes", "stopping"), "warn"
    ),
    **dict.fromkeys(
        ("failed", "quarantined", "rejected", "timed_out", "over_budget", "refused", "high risk"), "bad"
    ),
}
_WORDS = {"timed_out": "out of time", "over_budget": "over budget", "request-changes": "changes requested"}

# One shape each, so that no state is told by its colour alone.
SHAPES: Mapping[Tone, Html] = {
    "busy": Html('<circle cx="8" cy="8" r="5.5" fill="none" stroke-width="2" stroke-dasharray="24 11"/>'),
    "good": Html('<path d="M3 8.5l3.2 3.2L13 5" fill="none" stroke-width="2.2"/>'),
    "warn": Html(
        '<path d="M8 2.2L14.4 13.4H1.6z" fill="none" stroke-width="1.8"/>'
        '<path d="M8 6.5v3" stroke-width="1.8"/>'
    ),
    "bad": Html('<path d="M4 4l8 8M12 4l-8 8" fill="none" stroke-width="2.2"/>'),
    "quiet": Html('<circle cx="8" cy="8" r="3.5" fill="none" stroke-width="1.8"/>'),
}


def tone_of(state: str) -> Tone:
    """How a state is coloured, and which shape it has."""
    return _TONES.get(state, "quiet")


def sign(tone: Tone) -> Html:
    """The shape of a tone. The word beside it says the same."""
    return tag("svg", SHAPES[tone], class_=f"sign {tone}", viewBox="0 0 16 16", aria_hidden="true")


def badge(state: str, tone: Tone | None = None) -> Html:
    """A state: shape, colour and word."""
    found = tone or tone_of(state)
    return tag("span", sign(found), tag("span", _WORDS.get(state, state)), class_=f"badge {found}")


def bar(name: str, used: float, limit: float | None, shown: str) -> Html:
    """What was used of a ceiling. Without a ceiling there is nothing to fill, and the figure stands alone."""
    label = tag("span", tag("span", name, class_="dim"), " ", shown, class_="bar-label")
    if not limit:
        return tag("div", label, class_="bar none")
    share = min(100, round(100 * used / limit))
    tone = "bad" if share >= 95 else "warn" if share >= 75 else "busy"
    drawn = tag(
        "svg",
        tag("rect", width=f"{share}%", height="100%", rx="2"),
        class_=f"bar-track {tone}",
        role="img",
        aria_label=f"{share} % of {name}",
    )
    return tag("div", label, drawn, class_="bar")


def budget_bars(budget: Mapping[str, Any]) -> Html:
    """Time and cost of the day against their ceilings; tokens where there is a ceiling for them."""
    time, cost, used = budget["time"], budget["cost"], budget["tokens"]
    bars = [
        bar("cost", cost["used"], cost["limit"], _of(dollars(cost["used"]), cost["limit"], ceiling)),
        bar("time", time["used"], time["limit"], _of(coarse(time["used"]), time["limit"], coarse)),
    ]
    if used["limit"]:
        bars.append(
            bar("tokens", used["used"], used["limit"], _of(tokens(used["used"]), used["limit"], tokens))
        )
    return tag("div", bars, class_="bars")


def dollars(amount: float) -> str:
    """Dollars as people read them."""
    return f"${amount:,.2f}"


def ceiling(amount: float) -> str:
    """Dollars that somebody has set: most are whole."""
    return f"${amount:,.0f}" if amount == round(amount) else dollars(amount)


def length(seconds: float | None) -> str:
    """Seconds as people read them."""
    return duration(round((seconds or 0) * 1000)) if seconds else "–"


def run_link(run: str | None) -> Html:
    """A link to a run."""
    return tag("a", run, href=url("runs", run)) if run else NOTHING


def agent_link(name: str | None) -> Html:
    """A link to an agent, without the prefix that events name it by."""
    if not name:
        return NOTHING
    bare = name.removeprefix("agent/")
    return tag("a", bare, href=url("agents", bare)) if not name.startswith("user/") else tag("span", name)


def item_link(number: int | None, *words: Child) -> Html:
    """A link to an issue or task."""
    return tag("a", words or f"#{number}", href=url("items", number)) if number else NOTHING


def change_link(number: int | None, *words: Child) -> Html:
    """A link to a pull request."""
    return tag("a", words or f"PR #{number}", href=url("changes", number)) if number else NOTHING


def about(row: Mapping[str, Any]) -> Html:
    """What a row is about: its pull request, or else its item."""
    return change_link(row.get("pr")) or item_link(row.get("item"))


def facts(pairs: Sequence[tuple[str, Child]]) -> Html:
    """Names and values; those without a value are left out."""
    shown = [
        tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs if value not in (None, "")
    ]
    return tag("dl", shown, class_="facts")


def section(title: str, *children: Child, count: Child = None, class_: str = "") -> Html:
    """A part of a page with its title."""
    number = tag("span", count, class_="count") if count is not None else None
    head = tag("h2", title, " ", number)
    return tag("section", head, *children, class_=f"panel {class_}".strip())


def figures(rows: Sequence[tuple[str, str, str]]) -> Html:
    """Figures at a glance: each with its name above and a line below."""
    tiles = [
        tag(
            "li",
            tag(
                "div",
                tag("span", name, class_="tile-name"),
                tag("span", figure, class_="tile-figure"),
                tag("span", under, class_="tile-under"),
            ),
            class_="tile quiet",
        )
        for name, figure, under in rows
    ]
    return tag("ul", tiles, class_="tiles", aria_label="At a glance")


def prose(text: str) -> Html:
    """A text of many lines, as it was written."""
    return tag("div", text.strip(), class_="prose") if text.strip() else NOTHING


def words(*parts: Child) -> Html:
    """What there is of these, with a dot between."""
    shown = [part for part in parts if part not in (None, "", NOTHING)]
    return join(
        *(join(tag("span", " · ", class_="dim") if at else None, part) for at, part in enumerate(shown))
    )


def risk_badge(score: int | None) -> Html:
    """A risk from 0 to 100, with a word for it."""
    if score is None:
        return tag("span", "risk is being worked out", class_="dim")
    tone: Tone = "bad" if score >= 60 else "warn" if score >= 30 else "good"
    word = {"bad": "high", "warn": "some", "good": "low"}[tone]
    return badge(f"{word} risk, {score} of 100", tone)


def _of(used: str, limit: float | None, shown: Any) -> str:
    return f"{used} / {shown(limit)}" if limit else used
