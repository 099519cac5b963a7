"""Why something is as it is: from the newest event about it back along the causes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from fleet.model import events as kinds
from fleet.model.errors import FleetError
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import Instance, State
from fleet.policy.decide import RULES
from fleet.views.agents import condition_of, run_row
from fleet.views.changes import change_row
from fleet.views.events import reason_of, who, words
from fleet.views.gates import who_can
from fleet.views.items import item_row, standing_of_instance
from fleet.views.units import moment
from fleet.views.waiting import asked, how_to_answer, wait_of

_LONGEST_CHAIN = 200
_NOBODY = "no workflow listens to it"


class Records(Protocol):
    """How the records that led to something are found."""

    def find(self, id: str) -> Event | None:
        """The record of that id."""

    def routed(self, name: str) -> Event | None:
        """What the rules said of a trigger (its record's id), why an instance was started (`i3`), or what
        they said last of what befell an item (`item/12`).
        """


class _Whole:
    """The records of a log that is read from its beginning."""

    def __init__(self, log: Iterable[Event]) -> None:
        self._found: dict[str, Event] = {}
        self._routed: dict[str, Event] = {}
        for event in log:
            self._found[event.id] = event
            for name in routed_names(event, self.find):
                self._routed[name] = event

    def find(self, id: str) -> Event | None:
        return self._found.get(id)

    def routed(self, name: str) -> Event | None:
        return self._routed.get(name)


def routed_names(event: Event, find: Callable[[str], Event | None]) -> list[str]:
    """The names that `Records.routed` finds this record by; none, if it tells no such thing."""
    if event.type != kinds.TRIGGER_ROUTED:
        return []
    trigger = str(event.data.get("trigger") or "")
    names = [str(each) for each in event.data.get("started") or ()]
    about = find(trigger) if trigger else None
    if about is not None:
        names += [trigger, f"item/{about.data.get('item')}"]
    return names


class Now(NamedTuple):
    """How the thing stands: the name it goes by, its state, the reason, what it waits for, and the newest
    event about it.
    """

    name: str
    kind: str
    state: str
    reason: str
    waits_for: str
    newest: str


def why(
    fleet: Fleet, state: State, log: Iterable[Event], thing: str, now: int, *, watched: bool = True
) -> dict[str, Any]:
    """The explanation of THING: `r7` (a run), `i3` (a workflow at work), `a2` (an approval), `12` or `#12`
    (an item or a pull request), an agent's name, or an event's id.

    `chain` goes from the newest event to the root, each with what caused it. Raises `FleetError` when there
    is no such thing.
    """
    return explain(fleet, state, _Whole(log), thing, now, watched=watched)


def explain(
    fleet: Fleet, state: State, records: Records, thing: str, now: int, *, watched: bool = True
) -> dict[str, Any]:
    """As `why`, by records that are found one by one."""
    found = _standing(fleet, state, thing.strip().removeprefix("#"), now, watched=watched)
    if found is not None and found.kind == "item" and found.state == "idle":
        found = _unstarted(records, found)
    if found is None and records.find(thing) is not None:
        found = Now(thing, "event", "", _said(records.routed(thing)), "", thing)
    if found is None:
        raise FleetError(
            f"There is no {thing!r} here",
            why="it names no run, workflow, approval, item, pull request, agent or event",
            do="See fleet status, fleet runs, fleet approvals; or fleet events --json for ids.",
        )
    return {
        "thing": found.name,
        "kind": found.kind,
        "state": found.state,
        "reason": found.reason,
        "waits_for": found.waits_for,
        "chain": chain(records, found.newest),
    }


def chain(records: Records, newest: str) -> list[dict[str, Any]]:
    """The events from `newest` back to the one that nothing in the log caused."""
    links: list[dict[str, Any]] = []
    seen: set[str] = set()
    at = newest
    while at and at not in seen and len(links) < _LONGEST_CHAIN:
        seen.add(at)
        event = records.find(at)
        if event is None:
            break
        links.append(_link(event, _routed(records, event)))
        at = event.causation_id
    return links


def rule_of(event: Event) -> str:
    """The rule that decided the event, empty where none did: it was told to Fleet, or done by it."""
    name = event.source.removeprefix("fleet/")
    return name if event.source.startswith("fleet/") and name in _RULES else ""


def _routed(records: Records, event: Event) -> str:
    """Why an instance was started: it stands in the event that tells what its trigger led to."""
    if event.type != kinds.INSTANCE_STARTED:
        return ""
    return _said(records.routed(str(event.data.get("instance"))))


def _said(routed: Event | None) -> str:
    return reason_of(routed) if routed is not None else ""


def _link(event: Event, reason: str) -> dict[str, Any]:
    rule = rule_of(event)
    return {
        "id": event.id,
        "seq": event.seq,
        "time": moment(event.time),
        "type": event.type,
        "subject": event.subject,
        "words": words(event),
        "who": who(event),
        "rule": rule,
        "rule_says": _RULES.get(rule, ""),
        "reason": reason_of(event) or reason,
        "cause": event.causation_id,
    }


def _standing(fleet: Fleet, state: State, name: str, now: int, *, watched: bool) -> Now | None:
    if name in state.runs:
        return _run(fleet, state, name, now, watched=watched)
    if name in state.instances:
        instance = state.instances[name]
        found = standing_of_instance(fleet, state, instance, now, watched=watched)
        waits = _questions(state, instance.id) or _gates(state, instance.id)
        return Now(name, "instance", found.state, found.reason, waits, _newest(state, instance))
    if name in state.approvals:
        return _approval(state, name)
    if re.fullmatch(r"\d{1,18}", name):
        return _numbered(fleet, state, int(name), now, watched=watched)
    if fleet.agent(name) is not None or name in state.agents:
        return _agent(fleet, state, name, now, watched=watched)
    return None


def _run(fleet: Fleet, state: State, name: str, now: int, *, watched: bool) -> Now:
    run = state.runs[name]
    waits = _questions(state, run.instance, run=name)
    if run.state == "queued":
        waits = wait_of(fleet, state, run, now, watched=watched).reason
    row = run_row(run, now)
    reason = row["reason"] or (f"now: {row['doing']}" if row["doing"] and run.live else "")
    return Now(name, "run", run.outcome or run.state, reason, waits, run.cause)


def _approval(state: State, name: str) -> Now:
    approval = state.approvals[name]
    if approval.answer:
        note = f": {approval.note}" if approval.note else ""
        return Now(name, "approval", approval.answer, f"by {approval.by}{note}", "", approval.cause)
    if approval.handled:
        return Now(name, "approval", "lapsed", approval.why, "", approval.cause)
    return Now(
        name, "approval", "waits", approval.why, f"a person: {how_to_answer(approval)}", approval.cause
    )


def _numbered(fleet: Fleet, state: State, number: int, now: int, *, watched: bool) -> Now | None:
    if number in state.changes:
        change = state.changes[number]
        row = change_row(fleet, state, change)
        waits = "; ".join(str(each["who"]) for each in row["gate"] if not each["met"] and each["who"])
        waits = _questions(state, change.instance, change=number) or waits
        return Now(str(number), "pr", row["standing"], row["reason"], waits, change.cause)
    if number in state.items:
        item = state.items[number]
        row = item_row(fleet, state, item, now, watched=watched)
        instances = [state.instances[name] for name in row["instances"]]
        newest = _newest(state, instances[-1]) if instances else item.cause
        last = instances[-1].id if instances else ""
        waits = _questions(state, last) or _gates(state, last) if last else ""
        return Now(str(number), "item", row["state"], row["reason"], waits, newest)
    return None


def _unstarted(records: Records, item: Now) -> Now:
    """An item that no workflow was started for: what the rules said of the newest event about it."""
    routed = records.routed(f"item/{item.name}")
    if routed is None:
        return item
    said = reason_of(routed)
    reason = item.reason if said in ("", _NOBODY) else said
    return item._replace(reason=reason, newest=routed.id)


def _agent(fleet: Fleet, state: State, name: str, now: int, *, watched: bool) -> Now:
    found = condition_of(fleet, state, name, now, watched=watched)
    record = state.agents.get(name)
    moving = [state.runs[each] for each in state.moving if state.runs[each].agent == name]
    newest = moving[-1].cause if moving else record.cause if record else ""
    waits = f'a person: fleet release {name} -m "why"' if found.state == "quarantined" else ""
    if record is not None and record.quarantined:
        newest = record.cause
    return Now(name, "agent", found.state, found.reason, waits, newest)


def _newest(state: State, instance: Instance) -> str:
    """The newest event about an instance: its end, a question, its run that moves, or its last run or job."""
    if instance.outcome:
        return instance.cause
    waiting = [each for each in asked(state) if each.instance == instance.id]
    moving = [state.runs[name] for name in state.moving if state.runs[name].instance == instance.id]
    change = state.changes.get(instance.change)
    if waiting:
        return waiting[-1].cause
    if moving:
        return moving[-1].cause
    if change is not None and any(job.state == "landing" for job in instance.jobs.values()):
        return change.cause
    runs = [state.runs[name] for job in instance.jobs.values() for name in job.runs if name in state.runs]
    last = max(runs, key=lambda run: run.ended, default=None)
    return (last.cause if last else "") or instance.cause


def _questions(state: State, instance: str, *, run: str = "", change: int = 0) -> str:
    found = [
        f"a person: {how_to_answer(each)}"
        for each in asked(state)
        if each.instance == instance
        and (not run or each.run == run)
        and (not change or each.change == change)
    ]
    return "; ".join(found)


def _gates(state: State, instance: str) -> str:
    """Who can let an action go on that its gate holds back."""
    held = [each for each in state.passages.values() if each.instance == instance]
    return "; ".join(who_can(each) for each in held)


def _first_sentence(text: str | None) -> str:
    return " ".join((text or "").split("\n\n")[0].split())


_RULES: Mapping[str, str] = {rule.__name__: _first_sentence(rule.__doc__) for rule in RULES}
