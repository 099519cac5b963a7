"""Changes (pull requests): where each stands, and what its gate still asks for."""

from __future__ import annotations

from typing import Any

from fleet.model.fleet import Fleet
from fleet.model.state import Change, State
from fleet.policy.gate import requirements
from fleet.policy.rounds import objections
from fleet.views.gates import gates_beside
from fleet.views.units import moment

_CLEAR = "every requirement is met"


def change_row(fleet: Fleet, state: State, change: Change) -> dict[str, Any]:
    """A change as lists show it. `standing` is merged, closed, held, objected, waits or ready; `reason` says
    why.
    """
    gate = requirements(fleet, state, change) if change.open else []
    standing, reason = _standing(change, gate)
    if standing == "ready":
        reason = _turn(state, change)
    return {
        "id": change.id,
        "title": change.title,
        "item": change.item or None,
        "instance": change.instance or None,
        "branch": change.branch,
        "base": change.base,
        "head": change.head,
        "author": change.author,
        "open": change.open,
        "merged": change.merged or None,
        "merged_at": moment(change.merged_at),
        "opened": moment(change.opened),
        "standing": standing,
        "reason": reason,
        "gate": gate,
        "risk": change.risk.get("score"),
    }


def change_page(fleet: Fleet, state: State, change: Change) -> dict[str, Any]:
    """One change in full: its text, reviews, checks, risk and approvals."""
    return change_row(fleet, state, change) | {
        "body": change.body,
        "reviews": [
            {
                "by": str(each.get("by", "")),
                "verdict": str(each.get("verdict", "")),
                "text": str(each.get("text", "")),
                "answer": str(each.get("answer", "")),
                "head": str(each.get("head", "")),
                "counts": each.get("head") == change.head,
                "run": each.get("run") or None,
                "time": moment(int(each.get("time", 0))),
            }
            for each in change.reviews
        ],
        "checks": [dict(each) for each in change.checks.get("results", ())],
        "approved_by": list(change.approved_by),
        "factors": [dict(each) for each in change.risk.get("factors", ())],
        "held": held_row(change) if change.held else None,
        "gates": gates_beside(fleet, state, change),
    }


def held_row(change: Change) -> dict[str, Any]:
    """A merge that stands still, and on what."""
    held = change.held
    return {
        "pr": change.id,
        "kind": str(held.get("kind", "")),
        "reason": str(held.get("reason", "")),
        "paths": [str(path) for path in held.get("paths") or ()],
        "since": moment(int(held.get("time", 0))),
    }


def risk_page(change: Change) -> dict[str, Any]:
    """A change's risk. `score` is None while its head was not assessed."""
    risk = change.risk
    return {
        "pr": change.id,
        "head": change.head,
        "score": risk.get("score"),
        "factors": [dict(each) for each in risk.get("factors", ())],
        "files": risk.get("files"),
        "lines": risk.get("lines"),
        "paths": [str(path) for path in risk.get("paths", ())],
    }


def _turn(state: State, change: Change) -> str:
    """What a change waits for that has all it needs: in a repository they are merged one at a time."""
    merges = (wish.args.get("change", 0) for wish in state.wishes.values() if wish.kind == "merge")
    others = (state.changes[number] for number in merges if number in state.changes)
    other = next((each for each in others if each.repo == change.repo), None)
    if other is None or other.id == change.id:
        return _CLEAR
    why = f", whose merge is held: {other.held.get('reason', '')}" if other.held else ""
    return f"{_CLEAR}; it is merged after #{other.id}{why}"


def _standing(change: Change, gate: list[dict[str, Any]]) -> tuple[str, str]:
    if change.merged:
        return "merged", f"as {change.merged[:12]}"
    if not change.open:
        return "closed", ""
    if change.held:
        return "held", str(change.held.get("reason", "")) or "its merge is held"
    against = [text.splitlines()[0].rstrip(":") for text in objections(change)]
    if against:
        return "objected", "; ".join(against)
    missing = [f"{each['name']}: {each['reason']}" for each in gate if not each["met"]]
    return ("waits", "; ".join(missing)) if missing else ("ready", _CLEAR)
