"""The side of the overview: open pull requests, the queue, what ended and what happened lately."""

from __future__ import annotations

from heapq import nlargest

from fleet.model.state import Run, State
from fleet.surfaces.web.canvas import Canvas, Row, row
from fleet.surfaces.web.draw.gates import gate_signs
from fleet.surfaces.web.draw.parts import about, agent_link, badge, change_link, run_link, section, words
from fleet.surfaces.web.draw.times import ago_since, at, running
from fleet.surfaces.web.html import Html, tag
from fleet.surfaces.web.look import Look
from fleet.views.changes import change_row
from fleet.views.waiting import wait_of

_LATELY, _MOST, _QUEUED, _ENDED = 12, 20, 8, 6


def changes(canvas: Canvas, look: Look) -> Html:
    """Open pull requests, the newest first."""
    newest = [change for change in look.state.changes.values() if change.open][-_MOST:]
    found = [change_row(look.fleet, look.state, change) for change in reversed(newest)]
    rows = [
        row(
            f"pr-{each['id']}",
            "li",
            tag(
                "div",
                change_link(each["id"], f"#{each['id']} {each['title']}"),
                badge(each["standing"]),
                class_="line",
            ),
            tag(
                "div",
                gate_signs(each["gate"]),
                tag("span", f"risk {each['risk']}", class_="dim") if each["risk"] is not None else None,
                class_="line",
            ),
            tag("p", each["reason"], class_="dim small brief", title=each["reason"]),
        )
        for each in found
    ] or [row("pr-none", "li", "No pull request is open.", class_="dim")]
    return section("Pull requests", canvas.many("prs", "ul", rows, class_="list"))


def queued_runs(state: State) -> list[Run]:
    """The runs that are queued, oldest first."""
    return [run for name in state.moving if (run := state.runs[name]).state == "queued"]


def queue(canvas: Canvas, look: Look) -> Html:
    """What is queued and why it waits; and what failed and is tried again."""
    found = queued_runs(look.state)
    rows = [_queued(look, run) for run in found[:_QUEUED]]
    rows = rows or [row("queue-none", "li", "Nothing is queued.", class_="dim")]
    over = len(found) - _QUEUED
    if over > 0:
        rows.append(row("queue-more", "li", f"and {over} more", class_="dim"))
    rows += [
        row(
            f"failing-{wish.key}",
            "li",
            badge("failed"),
            tag("p", f"{wish.kind}, tried {wish.attempt} times: {wish.error}", class_="small"),
        )
        for wish in look.state.wishes.values()
        if wish.error
    ]
    return tag("div", section("Queue", canvas.many("queued", "ul", rows, class_="list")), id="queue")


def _queued(look: Look, run: Run) -> Row:
    wait = wait_of(look.fleet, look.state, run, look.now, watched=look.watched)
    return row(
        f"queued-{run.id}",
        "li",
        tag(
            "div",
            tag("span", run_link(run.id), f" {run.job} ", about({"pr": run.change, "item": run.item})),
            tag("span", running(run.queued), class_="dim"),
            class_="line",
        ),
        tag("p", wait.reason, class_="dim small brief", title=wait.reason),
    )


def ended(canvas: Canvas, look: Look) -> Html:
    """The runs that ended last."""
    over = (run for run in look.state.runs.values() if run.state in ("ended", "cancelled"))
    found = nlargest(_ENDED, over, key=lambda run: run.ended or run.queued)
    rows = [_ended(run) for run in found] or [row("ended-none", "li", "No run has ended yet.", class_="dim")]
    return section("Ended lately", canvas.many("ended", "ul", rows, class_="list"))


def _ended(run: Run) -> Row:
    return row(
        f"ended-{run.id}",
        "li",
        tag(
            "div",
            tag("span", run_link(run.id), f" {run.job} ", about({"pr": run.change, "item": run.item})),
            badge(run.outcome or run.state),
            class_="line",
        ),
        tag(
            "p",
            words(agent_link(run.agent), ago_since(run.ended) if run.ended else None, run.reason),
            class_="dim small",
        ),
    )


def lately(canvas: Canvas, look: Look) -> Html:
    """The newest headlines."""
    rows = [
        row(f"event-{event.seq}", "li", at(event.time), tag("span", said), class_="told")
        for event, said in list(look.projection.headlines)[:_LATELY]
    ] or [row("event-none", "li", "Nothing has happened yet.", class_="dim")]
    return section("Lately", canvas.many("lately", "ol", rows, class_="list lately"))
