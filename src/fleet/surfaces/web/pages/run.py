"""One run: what it is about, its transcript, its diff, what happened to it and why, what it used; and what a
person may do about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fleet.model import events
from fleet.model.event import Event
from fleet.model.state import Change, Run
from fleet.surfaces.figures import money, tokens
from fleet.surfaces.questions import ask
from fleet.surfaces.web.canvas import Canvas, Row, row
from fleet.surfaces.web.draw.chain import why_chain
from fleet.surfaces.web.draw.curve import curve
from fleet.surfaces.web.draw.parts import (
    agent_link,
    badge,
    bar,
    change_link,
    dollars,
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
from fleet.surfaces.web.draw.strip import strip
from fleet.surfaces.web.draw.times import at, coarse, running
from fleet.surfaces.web.html import NOTHING, Html, tag, url
from fleet.surfaces.web.look import ALWAYS, Look, Missing, Page
from fleet.surfaces.web.pages.change import diff_panel
from fleet.surfaces.web.pages.run_acts import run_acts
from fleet.views.agents import run_row
from fleet.views.events import reason_of
from fleet.views.events import words as words_of
from fleet.views.transcript import Entry
from fleet.views.waiting import asked, wait_of

_LATEST_EVENTS, _LATEST_ENTRIES = 200, 400
_SHORT = 160  # characters of a tool call that are shown without unfolding it
_LIVE_TICK = 1.0
_STRIP_STEP_MS = 10_000  # a strip that grows is drawn anew in such steps
_UNTOLD = (events.EFFECT_WANTED, events.EFFECT_DONE, events.RUN_RETURNED)
"""What Fleet does behind the scenes, and what the transcript tells better; the audit page has it all."""


async def run(look: Look) -> Page:
    """The page `/runs/ID`."""
    found = look.state.runs.get(look.words["run"])
    if found is None:
        raise Missing(f"There is no run {look.words['run']!r}")
    canvas = Canvas()
    entries, left_out = await look.transcripts.of(found)
    item = look.state.items.get(found.item)
    change = _own_change(look, found)
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
                await diff_panel(look, canvas, change) if change is not None else None,
                section(
                    "What happened to it",
                    canvas.live("strip", "div", _strip(look, found)),
                    canvas.many("events", "ol", _events(look, found), class_="list lately"),
                ),
                section("Why it stands so", canvas.live("why", "div", why_chain(look.why(found.id)))),
                class_="wide",
            ),
            tag(
                "div",
                section("Used", canvas.live("used", "div", _used(look, found))),
                section("About", canvas.live("facts", "div", _facts(found))),
                canvas.live("reported", "div", _reported(found)),
                canvas.live("acts", "div", run_acts(look, found)),
                class_="side",
            ),
            class_="columns",
        ),
    )
    about = ALWAYS | {f"run/{found.id}", f"spent/{found.id}"}
    return Page(f"{found.id} {found.job}", "runs", main, canvas, about, _LIVE_TICK if found.live else 15.0)


def _own_change(look: Look, run: Run) -> Change | None:
    """Its pull request, as it was when this run had left its commits."""
    instance = look.state.instances.get(run.instance)
    change = look.state.changes.get(run.change or (instance.change if instance else 0))
    left = run.collected.get("head")
    if change is None or run.duty != "change" or not left or not run.collected.get("commits"):
        return None
    return replace(change, head=str(left))


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
                    tag("p", tag("span", ask(each.kind), class_="asks"), " ", each.why),
                    tag("a", "Answer", href=url("approvals", each.id), class_="button main"),
                    class_="card",
                )
                for each in waiting
            ],
            class_="cards alone",
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
    spent = look.projection.about(f"spent/{run.id}", _LATEST_EVENTS)
    points = [(event.time, int(event.data.get("cost_micros") or 0) / 1e6) for event in spent]
    points = [(run.started, 0.0), *((time, cost) for time, cost in points if cost)]
    return tag(
        "div",
        tag("div", cost, time, class_="bars"),
        facts([("tokens", tokens(run.tokens)), ("lasts", running(run.started) if run.live else None)]),
        curve("p-cost", "Cost over time", points, dollars, limit=run.cost_limit / 1e6),
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


def _strip(look: Look, run: Run) -> Html:
    """How it passed its time so far."""
    if not run.queued:
        return NOTHING
    end = run.ended or look.now // _STRIP_STEP_MS * _STRIP_STEP_MS
    began = run.started or end
    parts = [("waited", "quiet", began - run.queued)]
    if run.started:
        parts.append(("at work" if run.live else "worked", "busy", end - run.started))
    acts = look.projection.about(f"run/{run.id}", _LATEST_EVENTS)
    return strip(parts, [event.time for event in acts if event.type == events.RUN_ACTED], run.queued)


def _events(look: Look, run: Run) -> list[Row]:
    found = look.projection.about(f"run/{run.id}", _LATEST_EVENTS)
    return [_event(event) for event in found if event.type not in _UNTOLD] or [
        row("event-none", "li", "Nothing has happened to it yet.", class_="dim")
    ]


def _event(event: Event) -> Row:
    why = reason_of(event)
    said = tag("span", words_of(event), tag("span", f" — {why}", class_="dim") if why else None)
    quiet = event.type == events.RUN_ACTED
    return row(f"event-{event.seq}", "li", at(event.time), said, class_="told quiet" if quiet else "told")


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
