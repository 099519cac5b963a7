"""One run in full: what it is, what it was about, and everything that happened to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fleet.model import events
from fleet.model.event import Event
from fleet.model.state import Run, State
from fleet.views.agents import run_row
from fleet.views.events import reason_of, who, words
from fleet.views.units import moment
from fleet.views.waiting import asked

_NOISE = (events.RUN_SPENT, events.RUN_RETURNED, events.RUN_LOOKED)


def run_page(state: State, log: Iterable[Event], run: Run, now: int) -> dict[str, Any]:
    """The run with its events, oldest first."""
    item, change = state.items.get(run.item), state.changes.get(run.change)
    return run_row(run, now) | {
        "item_title": item.title if item else None,
        "pr_title": change.title if change else None,
        "head": run.head or None,
        "branch": run.branch or None,
        "resumes": run.resumes or None,
        "feedback": run.feedback,
        "verdict": run.verdict or None,
        "text": run.text,
        "exit": {name: value for name, value in run.exit.items() if name != "run"} or None,
        "collected": {name: value for name, value in run.collected.items() if name != "run"} or None,
        "approvals": [each.id for each in asked(state) if each.run == run.id],
        "events": [event_row(event) for event in events_of(log, run.id)],
    }


def events_of(log: Iterable[Event], run: str) -> list[Event]:
    """The events about a run, without the counting of what it spends and of what it did in detail."""
    return [event for event in log if event.type not in _NOISE and is_about(event, run)]


def is_about(event: Event, run: str) -> bool:
    """Whether an event is about this run."""
    args = event.data.get("args")
    return (
        event.subject == f"run/{run}"
        or event.data.get("run") == run
        or (isinstance(args, dict) and args.get("run") == run)
    )


def event_row(event: Event) -> dict[str, Any]:
    """An event as pages list it."""
    return {
        "id": event.id,
        "seq": event.seq,
        "time": moment(event.time),
        "type": event.type,
        "words": words(event),
        "who": who(event),
        "reason": reason_of(event),
    }
