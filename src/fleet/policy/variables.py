"""What CEL conditions in gates may look at."""

from __future__ import annotations

from typing import Any

from fleet.model.fleet import Budget, Fleet
from fleet.model.state import Change, State

_DAY_MS = 86_400_000


def unlisted(change: Change) -> str:
    """Why a condition can't look at the paths of a change that has more files than are listed; "" where it
    can. One that was told of the first ones alone would be passed by whoever adds enough others before them.
    """
    files, listed = change.risk.get("files", 0), len(change.risk.get("paths", ()))
    return f"it has {files} files, of which {listed} are listed" if files > listed else ""


def gate_variables(fleet: Fleet, state: State, change: Change) -> dict[str, Any]:
    """`risk`, `change`, `item`, `agent` (the author), `run` (that made the head), `budget` (of the author,
    for today) and `now` (ms), for one change.
    """
    risk = change.risk
    item = state.items.get(change.item)
    author = change.author.removeprefix("agent/")
    agent = state.agents.get(author)
    declared = fleet.agent(author)
    limit = (declared.budget if declared else Budget()).per_day
    spent = agent.spent.get(state.now // _DAY_MS, {}) if agent else {}
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
            **({} if unlisted(change) else {"paths": list(risk.get("paths", ()))}),
            "round": instance.round if instance else 1,
            "base": change.base,
            "repo": change.repo,
            "guarded": [str(each.get("path", "")) for each in change.inspected.get("guarded", ())],
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
            "model": run.model if run else "",
            "harness": run.harness if run else "",
        },
        "run": {
            "denied_actions": run.denied if run else 0,
            "cost_micros": run.cost_micros if run else 0,
            "tokens": run.tokens if run else 0,
        },
        "budget": {
            "time_used_ms": spent.get("time_ms", 0),
            "time_limit_ms": limit.time_ms,
            "cost_used_micros": spent.get("cost_micros", 0),
            "cost_limit_micros": limit.cost_micros,
            "tokens_used": spent.get("tokens", 0),
            "tokens_limit": limit.tokens,
        },
        "now": state.now,
    }
