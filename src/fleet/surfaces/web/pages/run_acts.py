"""What a person may do about a run: tell it something, stop it, go on by hand, try again, quarantine."""

from __future__ import annotations

import shlex

from fleet.model.state import Run
from fleet.surfaces.deeds import retry_refused, waiting_with
from fleet.surfaces.web.draw.forms import button, field, folded, form
from fleet.surfaces.web.draw.parts import section
from fleet.surfaces.web.html import NOTHING, Html, tag, url
from fleet.surfaces.web.look import Look


def run_acts(look: Look, run: Run) -> Html:
    """The forms, for whoever may send them."""
    if not look.may_operate:
        return NOTHING
    acts: list[Html] = []
    waiting = waiting_with(look.state, run)
    in_hand = waiting is not None and bool(run.in_hand)
    if run.live:
        acts.append(_say(look, run))
    if in_hand:
        acts.append(_handback(look, run))
    elif not retry_refused(look.state, run):
        acts.append(_retry(look, run))
    if run.live and run.workspace:
        acts.append(_takeover(look, run))
    elif waiting is not None and run.workspace and not in_hand:
        acts.append(folded("Go on by hand", _handback(look, run), id="takeover-fold"))
    if run.live or run.state == "queued":
        acts.append(_stop(look, run))
    record = look.state.agents.get(run.agent)
    if run.agent and not (record and record.quarantined) and (run.live or run.outcome):
        acts.append(_quarantine(look, run))
    return section("Act", *acts) if acts else NOTHING


def _say(look: Look, run: Run) -> Html:
    return form(
        url("runs", run.id, "say"),
        look.token,
        field("text", "Tell it something", id="say-text", needed=True),
        button("Say it", kind="main"),
    )


def _retry(look: Look, run: Run) -> Html:
    return form(
        url("runs", run.id, "retry"),
        look.token,
        field("note", "Words for the agent, if you like", id="retry-note"),
        button("Try again", kind="main"),
    )


def _stop(look: Look, run: Run) -> Html:
    asks = form(
        url("runs", run.id, "stop"),
        look.token,
        field("reason", "Why", id="stop-reason", lines=1),
        button("Stop it", kind="danger", ask=f"Stop {run.id}?"),
    )
    return folded("Stop this run", asks, id="stop-fold")


def _quarantine(look: Look, run: Run) -> Html:
    asks = form(
        url("agents", run.agent, "quarantine"),
        look.token,
        tag("p", f"All runs of {run.agent} are stopped, and it gets no new ones.", class_="dim"),
        field("reason", "Why", id="quarantine-reason", lines=1, needed=True),
        button("Quarantine it", kind="danger", ask=f"Stop all runs of {run.agent}?"),
    )
    return folded(f"Quarantine {run.agent}", asks, id="quarantine-fold")


def _takeover(look: Look, run: Run) -> Html:
    asks = form(
        url("runs", run.id, "takeover"),
        look.token,
        tag(
            "p",
            "Its session is ended, and its job waits for you. You go on in its own conversation and folder, "
            "in a terminal of the machine of Fleet. Nobody else works there until you hand it back.",
            class_="dim",
        ),
        tag("p", "The same from there: ", tag("code", f"fleet takeover {run.id}"), class_="dim"),
        button("Take it over", ask=f"End the session of {run.id}, to go on by hand?"),
    )
    return folded("Go on by hand", asks, id="takeover-fold")


def _handback(look: Look, run: Run) -> Html:
    """Where a person goes on, and the way back."""
    commands = f"cd {shlex.quote(str(look.patches.place.root))}\nfleet takeover {run.id}"
    return form(
        url("runs", run.id, "handback"),
        look.token,
        tag("p", "Its job waits for you. Go on in a terminal of the machine that Fleet runs on:"),
        tag("pre", commands, class_="command", tabindex=0),
        tag("p", "It opens the conversation in ", tag("code", f".fleet/workspaces/{run.workspace}"), "."),
        field("note", "What you did (the agent reads it, with your commits)", id="handback-note"),
        button("Hand it back to the agent", kind="main"),
    )
