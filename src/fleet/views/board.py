"""The board: everything on one screen. The document of `fleet status --json`.

Seconds are seconds, money is dollars, moments are RFC 3339 in UTC, and null stands for "none". Whatever ended
badly or does not go on is here, with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.model.fleet import Fleet
from fleet.model.state import Instance, Run, State, Wish
from fleet.views.agents import agents, run_row
from fleet.views.changes import change_row, held_row
from fleet.views.items import item_rows
from fleet.views.units import moment, seconds
from fleet.views.waiting import approvals, queue

_LATEST = 10


def board(fleet: Fleet, state: State, now: int, watcher: Mapping[str, Any]) -> dict[str, Any]:
    """The whole board at `now` (ms since the epoch). `watcher` is what is known of it; `running` says whether
    it runs.
    """
    watched = watcher.get("running") is True
    changes = [change for change in state.changes.values() if change.open]
    items = [item for item in state.items.values() if item.open]
    return {
        "project": fleet.name,
        "at": moment(now),
        "seq": state.seq,
        "watcher": dict(watcher),
        "step": state.step,
        "agents": agents(fleet, state, now, watched=watched),
        "approvals": approvals(state, now),
        "queue": queue(fleet, state, now, watched=watched),
        "items": item_rows(fleet, state, items, now, watched=watched),
        "changes": [change_row(fleet, state, change) for change in changes],
        "held": [held_row(change) for change in changes if change.held],
        "ended": [_ended_run(run, now) for run in _latest_runs(state)],
        "finished": [_finished(each) for each in _latest_instances(state)],
        "effects": [_failing(wish, now) for wish in state.wishes.values() if wish.error],
        "unrouted": len(state.pending),
        "names": _names(state),
    }


def _names(state: State) -> dict[str, str]:
    """What a forge calls those items and changes whose number is not the forge's own, since two repositories
    have counted the same: "1000001" is acme/api#1.
    """
    return {str(number): ref for ref, number in state.refs.items() if ref.rpartition("#")[2] != str(number)}


def _latest_runs(state: State) -> list[Run]:
    over = [run for run in state.runs.values() if run.state in ("ended", "cancelled")]
    over.sort(key=lambda run: run.ended or run.queued, reverse=True)
    return over[:_LATEST]


def _latest_instances(state: State) -> list[Instance]:
    return [each for each in reversed(state.instances.values()) if each.outcome][:_LATEST]


def _ended_run(run: Run, now: int) -> dict[str, Any]:
    row = run_row(run, now)
    return row | {"outcome": run.outcome or run.state}


def _finished(instance: Instance) -> dict[str, Any]:
    return {
        "id": instance.id,
        "workflow": instance.workflow or None,
        "agent": instance.agent or None,
        "item": instance.item or None,
        "pr": instance.change or None,
        "outcome": instance.outcome,
        "reason": instance.reason,
    }


def _failing(wish: Wish, now: int) -> dict[str, Any]:
    """An effect that failed and is tried again."""
    return {
        "key": wish.key,
        "kind": wish.kind,
        "error": wish.error,
        "attempt": wish.attempt,
        "retry_at": moment(wish.retry_at),
        "retry_seconds": seconds(max(0, wish.retry_at - now)),
        "run": wish.args.get("run") or None,
        "pr": wish.args.get("change") or None,
    }
