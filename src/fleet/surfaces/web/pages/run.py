"""One run: what it is about, its transcript, what happened to it, what it used; say, stop, retry."""

from __future__ import annotations

from collections.abc import Sequence

from fleet.model import events
from fleet.model.event import Event
from fleet.model.state import Run
from fleet.surfaces.deeds import retry_refused
from fleet.surfaces.figures import clock, money, tokens
from fleet.surfaces.web.canvas import Canvas, Row, row
from fleet.surfaces.web.draw.forms import button, field, folded, form
from fleet.surfaces.web.draw.parts import (
    agent_link,
    badge,
    bar,
    change_link,
    facts,
    item_link,
    length,
    prose,
    run_link,
    section,
    sign,
    tone_of,
    words,
)
from fleet.surfaces.web.draw.patches import text_lines
from fleet.surfaces.web.draw.shell import heading
from fleet.surfaces.web.draw.times import at, coarse, running
from fleet.surfaces.web.html import NOTHING, Html, tag, url
from fleet.surfaces.web.look import ALWAYS, Look, Missing, Page
from fleet.views.agents import run_row
from fleet.views.events import reason_of
from fleet.views.events import words as words_of
from fleet.views.transcript import Entry
from fleet.views.waiting import asked, wait_of

_LATEST_EVENTS, _LATEST_ENTRIES = 200, 400
_SHORT = 160  # characters of a tool call that are shown without unfolding it
_LIVE_TICK = 1.0


async def run(look: Look) -> Page:
    """The page `/runs/ID`."""
    found = look.state.runs.get(look.words["run"])
    if found is None:
        raise Missing(f"There is no run {look.words['run']!r}")
    canvas = Canvas()
    entries, left_out = await look.transcripts.of(found)
    item = look.state.items.get(found.item)
    main = tag(
        "div",
        heading(
            [found.id, " ", tag("span", found.job, class_="dim")],
            canvas.live("state", "div", _state(look, found)),
            item_link(found.item, f"#{found.item} {item.title}") if item else None,
        ),
        tag(
            "div",
            tag(
                "div",
                canvas.live("asks", "div", _asks(look, found)),
                section(
                    "Transcript",
                    _older(left_out, entries),
                    _transcript(canvas, found, entries, left_out),
                    class_="transcript-panel",
                ),
                section(
                    "What happened to it",
                    canvas.many("events", "ol", _events(look, found), class_="list lately"),
                ),
                class_="wide",
            ),
            tag(
                "div",
                section("Used", canvas.live("used", "div", _used(look, found))),
                section("About", canvas.live("facts", "div", _facts(found))),
                canvas.live("reported", "div", _reported(found)),
                canvas.live("acts", "div", _acts(look, found)),
                class_="side",
            ),
            class_="columns",
        ),
    )
    about = ALWAYS | {f"run/{found.id}", f"spent/{found.id}"}
    return Page(f"{found.id} {found.job}", "runs", main, canvas, about, _LIVE_TICK if found.live else 15.0)


def _state(look: Look, run: Run) -> Html:
    row_ = run_row(run, look.now)
    why = row_["reason"] or row_["phase_reason"] or row_["doing"]
    if run.state == "queued":
        why = wait_of(look.fleet, look.state, run, look.now, watched=look.watched).reason
    return tag("span", badge(run.outcome or run.state), " ", why)


def _asks(look: Look, run: Run) -> Html:
    waiting = [each for each in asked(look.state) if each.run == run.id]
    return (
        tag(
            "ul",
            [
                tag(
                    "li",
                    sign("warn"),
                    tag("p", each.why),
                    tag("a", "Answer", href=url("approvals", each.id), class_="button main"),
                    class_="card",
                )
                for each in waiting
            ],
            class_="cards",
        )
        if waiting
        else NOTHING
    )


def _used(look: Look, run: Run) -> Html:
    row_ = run_row(run, look.now)
    lasted = coarse(row_["seconds"]) if run.live else length(row_["seconds"])
    ceiling = row_["ceiling_seconds"]
    time = bar("time", row_["seconds"], ceiling, f"{lasted} of {length(ceiling)}" if ceiling else lasted)
    limit = f" of {money(run.cost_limit)}" if run.cost_limit else ""
    untold = " (told at its end)" if run.live else " (not known)" if run.tokens else ""
    unknown = "" if run.cost_known else untold
    cost = bar("cost", run.cost_micros, run.cost_limit or None, f"{money(run.cost_micros)}{limit}{unknown}")
    spent = list(look.projection.about(f"spent/{run.id}", _LATEST_EVENTS))
    return tag(
        "div",
        tag("div", cost, time, class_="bars"),
        facts([("tokens", tokens(run.tokens)), ("lasts", running(run.started) if run.live else None)]),
        _curve(spent),
    )


def _curve(spent: Sequence[Event]) -> Html:
    """What was spent over time, as a line."""
    points = [(event.time, int(event.data.get("cost_micros") or 0)) for event in spent]
    points = [(time, cost) for time, cost in points if cost]
    if len(points) < 3:
        return NOTHING
    start, end, most = points[0][0], points[-1][0], points[-1][1]
    drawn = " ".join(
        f"{'L' if at_ else 'M'}{260 * (time - start) / max(1, end - start):.1f} {46 - 44 * cost / most:.1f}"
        for at_, (time, cost) in enumerate(points)
    )
    label = f"Cost from {clock(start)} to {clock(end)}, up to {money(most)}"
    return tag(
        "figure",
        tag(
            "svg",
            tag("path", d=drawn, fill="none", class_="curve"),
            viewBox="0 0 260 48",
            class_="plot",
            role="img",
            aria_label=label,
        ),
        tag("figcaption", label, class_="dim small"),
    )


def _facts(run: Run) -> Html:
    return facts(
        [
            ("agent", agent_link(run.agent)),
            ("harness", words(run.harness, run.model)),
            ("sandbox", run.sandbox or None),
            ("pull request", change_link(run.change) if run.change else None),
            ("workflow", words(run.instance, f"attempt {run.attempt}", f"round {run.round}")),
            ("branch", tag("code", run.branch) if run.branch else None),
            ("head", tag("code", run.head[:12]) if run.head else None),
            ("resumes", run_link(run.resumes) if run.resumes else None),
            ("conversation", tag("code", run.conversation) if run.conversation else None),
            ("began", at(run.started)),
            ("ended", at(run.ended)),
            ("denied actions", run.denied or None),
        ]
    )


def _reported(run: Run) -> Html:
    parts = []
    if run.verdict or run.text.strip():
        parts.append(section("It reported", badge(run.verdict) if run.verdict else None, prose(run.text)))
    if run.feedback.strip():
        parts.append(section("It was told", prose(run.feedback)))
    return tag("div", parts) if parts else NOTHING


def _acts(look: Look, run: Run) -> Html:
    if not look.may_operate:
        return NOTHING
    acts = []
    if run.live:
        acts.append(
            form(
                url("runs", run.id, "say"),
                look.token,
                field("text", "Tell it something", id="say-text", needed=True),
                button("Say it", kind="main"),
            )
        )
    if run.live or run.state == "queued":
        stop = form(
            url("runs", run.id, "stop"),
            look.token,
            field("reason", "Why", id="stop-reason", lines=1),
            button("Stop it", kind="danger", ask=f"Stop {run.id}?"),
        )
        acts.append(folded("Stop this run", stop, id="stop-fold"))
    if not retry_refused(look.state, run):
        acts.append(
            form(
                url("runs", run.id, "retry"),
                look.token,
                field("note", "Words for the agent, if you like", id="retry-note"),
                button("Try again", kind="main"),
            )
        )
    return section("Act", *acts) if acts else NOTHING


def _events(look: Look, run: Run) -> list[Row]:
    found = list(look.projection.about(f"run/{run.id}", _LATEST_EVENTS))
    return [
        row(
            f"event-{event.seq}",
            "li",
            at(event.time),
            tag(
                "span",
                words_of(event),
                tag("span", f" — {reason_of(event)}", class_="dim") if reason_of(event) else None,
            ),
            class_="told quiet"
            if event.type in (events.RUN_ACTED, events.EFFECT_WANTED, events.EFFECT_DONE)
            else "told",
        )
        for event in found
    ] or [row("event-none", "li", "Nothing has happened to it yet.", class_="dim")]


def _older(left_out: int, entries: Sequence[Entry]) -> Html:
    hidden = left_out + max(0, len(entries) - _LATEST_ENTRIES)
    return tag("p", f"{hidden} older entries: fleet logs", class_="dim") if hidden else NOTHING


def _transcript(canvas: Canvas, run: Run, entries: Sequence[Entry], left_out: int) -> Html:
    first = max(0, len(entries) - _LATEST_ENTRIES)
    rows = [
        row(
            f"t-{left_out + number}",
            "li",
            *_entry(entry),
            class_=f"entry {entry.kind}{'' if entry.ok else ' bad'}",
        )
        for number, entry in enumerate(entries[first:], first)
    ]
    if not rows:
        text = "It has said nothing yet." if run.live or run.state == "queued" else "There is no transcript."
        rows = [row("t-none", "li", text, class_="dim")]
    return canvas.many(
        "transcript",
        "ol",
        rows,
        class_="transcript",
        data_follow=run.live or None,
        tabindex=0,
        aria_label="Transcript",
    )


def _entry(entry: Entry) -> tuple[Html, Html]:
    text = entry.text.strip()
    if entry.kind in ("message", "finished"):
        return at(entry.t), tag("div", text, class_="prose")
    head = next((line for line in text.splitlines() if any(map(str.isalnum, line))), text)
    failed = badge("failed", tone_of("failed")) if not entry.ok else NOTHING
    if len(text) <= _SHORT and "\n" not in text:
        return at(entry.t), tag("div", failed, tag("code", text))
    return at(entry.t), tag(
        "details",
        tag("summary", failed, tag("code", head[:_SHORT])),
        text_lines(text),
        open=not entry.ok or None,
    )
