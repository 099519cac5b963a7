"""What CEL conditions in gates may look at."""

from __future__ import annotations

from typing import Any

from fleet.model.state import Change, State


def gate_variables(state: State, change: Change) -> dict[str, Any]:
    """`risk`, `change`, `item`, `agent` (the author), `run` (that made the head) and `now` (ms), for one
    change.
    """
    risk = change.risk
    item = state.items.get(change.item)
    author = change.author.removeprefix("agent/")
    agent = state.agents.get(author)
    instance = state.instances.get(change.instance)
    record = instance.jobs.get(change.maker) if instance else None
    run = state.runs.get(record.runs[-1]) if record and record.runs else None
    return {
        "risk": {
            "score": risk.get("score", 0),
            "factors": [str(each.get("name", "")) for each in risk.get("factors", ())],
        },
        "change": {
            "id": change.id,
            "title": change.title,
            "branch": change.branch,
            "author": author,
            "files": risk.get("files", 0),
            "lines": risk.get("lines", 0),
            "paths": list(risk.get("paths", ())),
            "round": instance.round if instance else 1,
        },
        "item": {
            "id": change.item,
            "title": item.title if item else "",
            "labels": list(item.labels) if item else [],
            "author": item.author if item else "",
        },
        "agent": {
            "name": author,
            "failures_in_a_row": agent.failures if agent else 0,
            "denied_actions": agent.denied if agent else 0,
        },
        "run": {
            "denied_actions": run.denied if run else 0,
            "cost_micros": run.cost_micros if run else 0,
            "tokens": run.tokens if run else 0,
        },
        "now": state.now,
    }
