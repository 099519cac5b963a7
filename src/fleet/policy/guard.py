"""What the forge itself asks before it merges: required checks, approvals by people, and that its checks were
looked at at all. It is asked for each head that is about to be merged.
"""

from __future__ import annotations

from typing import Any

from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import Change, State
from fleet.policy.fact import wish
from fleet.policy.land import landing
from fleet.policy.rounds import last_words
from fleet.policy.show import STATUS

BEGIN_MS = 5 * 60_000
"""So long after a push checks that are expected may take to begin."""


def changes_to_guard(fleet: Fleet, state: State) -> list[Event]:
    """Wishes to ask the forge what it asks of a head that is to be merged."""
    del fleet
    decided = []
    for _, _, change in landing(state):
        key = f"{change.id}/{change.head}"
        if change.ref and not change.guard and f"guard/{key}" not in state.wishes:
            args = {"change": change.id, "head": change.head}
            decided.append(wish("guard", key, args, cause=change.cause, story=change.instance))
    return decided


def protection(state: State, change: Change) -> list[dict[str, Any]]:
    """The requirement of the forge itself, as one of the gate's; none where it asks for nothing more."""
    if not change.ref:
        return []
    missing, who = _missing(state, change)
    if missing:
        return [{"name": "protection", "met": False, "reason": missing, "who": who}]
    checks, approvals = change.guard["checks"], change.guard["approvals"]
    if not checks and not approvals:
        return []
    asked = [*([f"{len(checks)} required checks"] if checks else [])]
    asked += [f"{approvals} approving reviews"] if approvals else []
    return [{"name": "protection", "met": True, "reason": f"it has {' and '.join(asked)}", "who": ""}]


def begins_until(state: State, change: Change) -> int:
    """Until when (ms since the epoch) checks of the forge are waited for that have not begun; 0: none are."""
    guard = change.guard
    if not guard or change.reports or not (guard["expected"] or _reports_elsewhere(state, change)):
        return 0
    until = change.updated + BEGIN_MS
    return until if state.now < until else 0


def _missing(state: State, change: Change) -> tuple[str, str]:
    """What the forge still asks for, and who can give it; both "" where it has all."""
    guard = change.guard
    if not guard:
        return f"the forge is asked what {change.base} is protected by", "fleet"
    names = [name for name in guard["checks"] if name != STATUS]
    lacking = [name for name in names if change.reports.get(name, {}).get("state") != "passed"]
    if lacking:
        return f"{change.base} requires checks that have not passed: {', '.join(lacking)}", "the forge"
    if begins_until(state, change):
        return "checks of the forge have not begun yet", "the forge"
    latest = last_words(change).items()
    approving = ((by, each) for by, each in latest if each["verdict"] == "approve")
    given = sum(by.startswith("user/") or each.get("counted") is True for by, each in approving)
    if given < guard["approvals"]:
        reason = f"{change.base} requires approving reviews on the forge: {given} of {guard['approvals']}"
        return reason, "a person, by an approving review on the forge"
    return "", ""


def _reports_elsewhere(state: State, change: Change) -> bool:
    """Whether the repository has checks, as was seen at another pull request."""
    return any(each.reports for each in state.changes.values() if each.repo == change.repo)
