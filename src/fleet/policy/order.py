"""Commands of the operator's, such as a deployment: run once with what was merged, when their gate opens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Fleet, Job
from fleet.model.state import Change, Instance, JobRecord, State
from fleet.policy.after_merge import gate_of, jobs_after_merge
from fleet.policy.fact import fact, wish
from fleet.policy.suspect import quarantine


def jobs_to_order(fleet: Fleet, state: State) -> list[Event]:
    """A wish for every command that may be run. It says which time it is, so that a session that has begun is
    found again, and never another one begun in its place.
    """
    return jobs_after_merge(fleet, state, "order", _about)


def _about(job: Job, record: JobRecord, instance: Instance, change: Change) -> dict[str, Any]:
    del instance, change
    return {"action": gate_of(job), "time": record.ordered + 1}


def orders_to_stop(fleet: Fleet, state: State) -> list[Event]:
    """The end of commands at work whose change, or one of its authors, was put into quarantine. What they did
    so far a person has to look at.
    """
    del fleet
    decided: list[Event] = []
    for each in state.wishes.values():
        change = state.changes.get(each.args.get("change", 0)) if each.kind == "order" else None
        held = quarantine(state, change) if change is not None and not each.stop_reason else []
        session = session_of(each.args) if held else ""
        if not held or change is None or f"stop/{session}" in state.wishes:
            continue
        args = each.args
        about = {"instance": args["instance"], "job": args["job"], "session": session}
        why = {"action": args["action"], "change": change.id, "reason": held[0]["reason"], "actor": "fleet"}
        stop = {"run": session, "reason": "quarantine", "instance": args["instance"]}
        stop["workspace"] = session  # where it is only being made ready
        decided += [
            fact(events.ORDER_STOP_ASKED, about | why, cause=each.cause, story=change.instance),
            wish("stop", session, stop, cause=each.cause, story=change.instance),
        ]
    return decided


def session_of(args: Mapping[str, Any]) -> str:
    """The key of the session in which a command is run, and the name of its workspace."""
    return f"order-{args['instance']}-{args['job']}-{args['time']}"
