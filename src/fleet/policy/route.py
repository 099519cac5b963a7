"""Which workflows an event starts: by label, by any type of event, by hand, on a merge, on a schedule."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from fleet.model import events
from fleet.model.errors import FleetError
from fleet.model.event import Event
from fleet.model.fleet import Fleet, Trigger, Workflow
from fleet.model.state import Pending, State
from fleet.policy import cel
from fleet.policy.fact import fact
from fleet.policy.folds.reading import texts, whole
from fleet.policy.number import last_number
from fleet.policy.schedule import next_firing

MOST_AT_ONCE = 50
DEEPEST = 5  # instances in a row, each started by an event of the one before: a circle ends here
_TITLE, _BODY = 120, 4000


def triggers_to_route(fleet: Fleet, state: State) -> list[Event]:
    """What each event that was not looked at yet starts, or why it starts nothing."""
    if not state.pending:
        return []
    active = {((each := state.instances[name]).workflow, each.item) for name in state.active}
    numbers = _Numbers(last_number(fleet, state), state.instance_number, active=active)
    decided: list[Event] = []
    for pending in list(state.pending.values())[:MOST_AT_ONCE]:
        decided += _route(fleet, state, pending, numbers)
    return decided


def schedules_due(fleet: Fleet, state: State) -> list[Event]:
    """Instances of workflows whose schedule fired since it last did. What was missed counts once; and where
    the last one still waits to begin (for a budget, a slot), another would only wait behind it.
    """
    numbers = _Numbers(last_number(fleet, state), state.instance_number)
    decided: list[Event] = []
    for workflow in fleet.workflows:
        since = state.scheduled.get(workflow.name)
        crons = [trigger.cron for trigger in workflow.triggers if trigger.kind == "schedule"]
        due = [cron for cron in crons if since is not None and next_firing(cron, since) <= state.now]
        waits = _waits_to_begin(state, workflow.name) if due else ""
        if due and waits:
            reason = f"its schedule {due[0]} (UTC) is due, and {waits} of it has not begun yet"
            data = {"trigger": "", "scheduled": workflow.name, "started": [], "reason": reason}
            decided.append(fact(events.TRIGGER_ROUTED, data, cause="", subject=workflow.name))
        elif due:
            start = _Start(fleet, workflow.name, cause="", numbers=numbers, jobs=_jobs(workflow))
            start.item = start.opened_item(
                f"{workflow.name}, by its schedule {due[0]}", "", "fleet", trusted=True
            )
            started = start.events()
            data = {
                "trigger": "",
                "scheduled": workflow.name,
                "started": [start.instance],
                "reason": f"its schedule {due[0]} (UTC) is due",
            }
            decided += [fact(events.TRIGGER_ROUTED, data, cause="", subject=workflow.name), *started]
    return decided


def _waits_to_begin(state: State, workflow: str) -> str:
    """The instance that this workflow's schedule started and none of whose runs has begun; "" for none."""
    for name in state.active:
        instance = state.instances[name]
        runs = [state.runs[run] for record in instance.jobs.values() for run in record.runs]
        fired = instance.workflow == workflow and not instance.trigger
        if fired and runs and all(run.state in ("queued", "cancelled") for run in runs):
            return name
    return ""


@dataclass
class _Numbers:
    """The last numbers given, as they grow within one decision."""

    item: int
    instance: int
    taken: set[tuple[str, int]] = field(default_factory=set)
    active: set[tuple[str, int]] = field(default_factory=set)  # workflows at work, and on which item


class _Start:
    """One instance to be started, with the item that it is about."""

    def __init__(
        self, fleet: Fleet, workflow: str, *, cause: str, numbers: _Numbers, jobs: list[str]
    ) -> None:
        self._repo = fleet.repos[0].name if fleet.repos else ""
        self._numbers = numbers
        self._events: list[Event] = []
        self._cause = cause
        numbers.instance += 1
        self.instance = f"i{numbers.instance}"
        self.workflow = workflow
        self.jobs = jobs
        self.item = 0
        self.agent = ""
        self.depth = 0

    def opened_item(self, title: str, body: str, author: str, *, trusted: bool) -> int:
        """The number of a task that is opened for this instance."""
        self._numbers.item += 1
        data = {
            "item": self._numbers.item,
            "kind": "task",
            "title": " ".join(title.split())[:_TITLE],
            "body": body[:_BODY],
            "labels": [],
            "author": author,
            "trusted": trusted,
            "repo": self._repo,
        }
        self._events.append(fact(events.ITEM_OPENED, data, cause=self._cause, story=self.instance))
        return self._numbers.item

    def events(self) -> list[Event]:
        """The instance's start, behind the task that was opened for it."""
        data: dict[str, Any] = {
            "instance": self.instance,
            "workflow": self.workflow,
            "item": self.item,
            "trigger": self._cause,
            "jobs": self.jobs,
            "agent": self.agent,
            "depth": self.depth,
        }
        started = fact(events.INSTANCE_STARTED, data, cause=self._cause, story=self.instance)
        return [*self._events, started]


def _route(fleet: Fleet, state: State, pending: Pending, numbers: _Numbers) -> list[Event]:
    if pending.type == events.WORKFLOW_REQUESTED:
        started, reasons = _requested(fleet, state, pending, numbers)
    else:
        started, reasons = _listeners(fleet, state, pending, numbers)
    data = {
        "trigger": pending.id,
        "started": [start.instance for start in started],
        "reason": "; ".join(reasons) or "no workflow listens to it",
    }
    routed = fact(events.TRIGGER_ROUTED, data, cause=pending.id, story=pending.correlation)
    return [routed, *(event for start in started for event in start.events())]


def _requested(
    fleet: Fleet, state: State, pending: Pending, numbers: _Numbers
) -> tuple[list[_Start], list[str]]:
    """What a person asked for by hand: a task for one agent, or a workflow."""
    name = str(pending.data.get("name", ""))
    workflow = fleet.workflow(name)
    jobs = [name] if fleet.agent(name) else _jobs(workflow) if workflow else []
    if not jobs:
        return [], [f"there is no agent and no workflow {name!r} in fleet.yaml"]
    item = whole(pending.data, "item")
    if item and item not in state.items:
        return [], [f"there is no item {item}"]
    start = _Start(fleet, "" if fleet.agent(name) else name, cause=pending.id, numbers=numbers, jobs=jobs)
    start.agent = name if fleet.agent(name) else ""
    text = str(pending.data.get("text", ""))
    actor = str(pending.data.get("actor", pending.source))
    first = text.strip().splitlines()[0] if text.strip() else f"{name}, by hand"
    start.item = item if item else start.opened_item(first, text, actor, trusted=True)
    return [start], [f"{actor} asked for it"]


def _listeners(
    fleet: Fleet, state: State, pending: Pending, numbers: _Numbers
) -> tuple[list[_Start], list[str]]:
    started, reasons = [], []
    for workflow in fleet.workflows:
        for trigger in workflow.triggers:
            answer = _matches(state, trigger, pending)
            if not answer:
                continue
            refusal = _refusal(state, workflow, pending, numbers)
            if answer is not True or refusal:
                reasons.append(f"{workflow.name}: not started, {refusal if answer is True else answer}")
                continue
            start = _Start(fleet, workflow.name, cause=pending.id, numbers=numbers, jobs=_jobs(workflow))
            start.depth = _depth(state, pending)
            start.item = _item_of(state, pending) or start.opened_item(
                f"{workflow.name}: {pending.type}",
                json.dumps(pending.data, indent=2, ensure_ascii=False, default=str),
                pending.source,
                trusted=pending.source.startswith("user/"),
            )
            numbers.taken.add((workflow.name, start.item))
            started.append(start)
            reasons.append(f"{workflow.name}: {_because(trigger)}")
            break
    return started, reasons


def _matches(state: State, trigger: Trigger, pending: Pending) -> bool | str:
    """True: it fires. False: it is not about this event. A text: it would, but for this."""
    if trigger.kind == "issue":
        fits = _fits_issue(trigger, pending)
        if fits and pending.data.get("trusted") is not True:
            return "its actor is not trusted: a person has to set the label"
    elif trigger.kind == "merge":
        fits = pending.type == events.CHANGE_MERGED
    else:
        fits = trigger.kind == "event" and pending.type == trigger.event
    if not fits or not trigger.when:
        return fits
    variables = {
        "type": pending.type,
        "source": pending.source,
        "subject": pending.subject,
        "data": pending.data,
        "time": pending.time,
    }
    try:
        holds = cel.holds(trigger.when, {"event": variables})
    except FleetError as error:
        return f"its filter could not be told: {error.why or error.what}"
    return holds or "its filter does not hold"


def _fits_issue(trigger: Trigger, pending: Pending) -> bool:
    if pending.type == events.ITEM_LABELED:
        return bool(trigger.label) and pending.data.get("label") == trigger.label
    if pending.type != events.ITEM_OPENED or pending.data.get("kind", "issue") != "issue":
        return False
    return not trigger.label or trigger.label in texts(pending.data, "labels")


def _refusal(state: State, workflow: Workflow, pending: Pending, numbers: _Numbers) -> str:
    item = state.items.get(_item_of(state, pending))
    if item is not None and not item.open and pending.type != events.CHANGE_MERGED:
        return f"item {item.id} is closed"
    if item is not None and pending.type in (events.ITEM_OPENED, events.ITEM_LABELED):
        known = (workflow.name, item.id)
        if known in numbers.active or known in numbers.taken:
            return f"it is at work on item {item.id} already"
    if _depth(state, pending) > DEEPEST:
        return f"{DEEPEST} workflows in a row have started one another: this looks like a circle"
    return ""


def _depth(state: State, pending: Pending) -> int:
    instance = state.instances.get(pending.correlation)
    return instance.depth + 1 if instance else 0


def _item_of(state: State, pending: Pending) -> int:
    number = pending.data.get("item")
    if type(number) is int and number in state.items:
        return number
    if pending.type == events.ITEM_OPENED and number == 0:  # numbered by the fold
        found = [item.id for item in state.items.values() if item.cause == pending.id]
        return found[0] if found else 0
    return 0


def _because(trigger: Trigger) -> str:
    if trigger.kind == "issue":
        return f"labelled {trigger.label}" if trigger.label else "an issue was opened"
    return "a change was merged" if trigger.kind == "merge" else f"{trigger.event} happened"


def _jobs(workflow: Workflow) -> list[str]:
    return [job.name for job in workflow.jobs]
