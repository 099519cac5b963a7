"""Changes in quarantine: nothing is done about one, and it is not merged, until a person releases it."""

from __future__ import annotations

from typing import Any

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import Change, State
from fleet.policy.ask import asked_for
from fleet.policy.examine import examined
from fleet.policy.fact import fact
from fleet.policy.guarded import RULES_THE_FLEET
from fleet.policy.propose import is_own
from fleet.policy.requirements.found import missing

KIND = "suspect"
"""The kind of the question that releases it."""
NAME = "quarantine"
"""The line of a gate that holds it."""


def changes_to_quarantine(fleet: Fleet, state: State) -> list[Event]:
    """Changes for whose head one of the built-in rules holds, that nobody has released for that head."""
    decided = []
    for change in examined(state):
        why = "" if change.quarantined or change.released == change.head else _why(fleet, change)
        if why:
            data = {"change": change.id, "head": change.head, "reason": why, "actor": "fleet"}
            decided.append(fact(events.CHANGE_QUARANTINED, data, cause=change.cause, story=change.instance))
    return decided


def releases_to_ask(fleet: Fleet, state: State) -> list[Event]:
    """The question whether a change in quarantine may be released, once each time that it is put there."""
    del fleet
    decided: list[Event] = []
    number = state.approval_number
    for change in state.changes.values():
        if not change.quarantined or not is_at_work(state, change):
            continue
        last = asked_for(state, kind=KIND, change=change.id, head=change.head)
        if last is None or last.asked < change.quarantined_at:
            number += 1
            decided.append(_question(change, number))
    return decided


def is_at_work(state: State, change: Change) -> bool:
    """Whether anything is still done about it: it is open, or what follows its merge is not over."""
    instance = state.instances.get(change.instance)
    return change.open or (bool(change.merged) and instance is not None and not instance.outcome)


def standing_still(change: Change | None) -> str:
    """Why nothing is done about the change, "" where it may go on."""
    return f"#{change.id} is in quarantine: {change.quarantined}" if change and change.quarantined else ""


def quarantine(state: State, change: Change) -> list[dict[str, Any]]:
    """The requirement of a gate that stands while the change, or one of its authors, is in quarantine; else
    none.
    """
    if change.quarantined:
        reason, who = (
            f"it is in quarantine: {change.quarantined}",
            f'a person: fleet release pr {change.id} -m "why"',
        )
        return [missing(NAME, reason, who)]
    for by in dict.fromkeys((change.author, *change.authors)):
        author = by.removeprefix("agent/")
        record = state.agents.get(author) if author != by else None
        if record is not None and record.quarantined:
            reason = f"its author {author} is in quarantine: {record.quarantined}"
            return [missing(NAME, reason, f'a person: fleet release {author} -m "why"')]
    return []


def _why(fleet: Fleet, change: Change) -> str:
    most = fleet.quarantine.score
    if most and change.risk.get("score", 0) > most:
        return f"its risk is {change.risk['score']}, above the ceiling of {most}"
    if not fleet.quarantine.tampering or is_own(change):
        return ""
    touched = [each for each in change.inspected.get("guarded", ()) if each.get("what") == RULES_THE_FLEET]
    return f"an agent changed {touched[0]['path']}, {RULES_THE_FLEET}" if touched else ""


def _question(change: Change, number: int) -> Event:
    counts = ". Whoever releases it has approved the guarded files of this commit"
    data = {
        "approval": f"a{number}",
        "kind": KIND,
        "why": f"pull request {change.id} is in quarantine: {change.quarantined}"
        f"{counts if change.inspected.get('guarded') else ''}",
        "change": change.id,
        "head": change.head,
        "instance": change.instance,
        "job": "",
        "run": "",
    }
    return fact(events.APPROVAL_ASKED, data, cause=change.cause, story=change.instance)
