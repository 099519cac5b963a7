"""Items (issues and tasks): where each stands, in a word and a sentence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from fleet.model.fleet import Fleet
from fleet.model.state import Approval, Instance, Item, Run, State
from fleet.policy.budget import live_by_agent
from fleet.views.changes import change_row
from fleet.views.gates import held_back
from fleet.views.units import moment
from fleet.views.waiting import answered, asked, how_to_answer, wait_of


class Standing(NamedTuple):
    """Where something stands. `state` is idle, routing, working, waits, queued, checking, landing, stuck,
    done, failed, rejected or closed.
    """

    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Work:
    """What goes on, by what it belongs to: looked for once, however many items are shown."""

    instances: dict[int, list[Instance]]  # by their item
    runs: dict[str, list[Run]]  # those that move, by their instance
    questions: dict[str, list[Approval]]  # those that wait, by their instance
    live: dict[str, list[Run]]  # by their agent


def item_rows(
    fleet: Fleet, state: State, items: Iterable[Item], now: int, *, watched: bool
) -> list[dict[str, Any]]:
    """Items as lists show them."""
    work = _work(state)
    return [_row(fleet, state, item, now, work, watched=watched) for item in items]


def item_row(fleet: Fleet, state: State, item: Item, now: int, *, watched: bool) -> dict[str, Any]:
    """One item as lists show it."""
    return _row(fleet, state, item, now, _work(state), watched=watched)


def _work(state: State) -> _Work:
    work = _Work(defaultdict(list), defaultdict(list), defaultdict(list), live_by_agent(state))
    for instance in state.instances.values():
        work.instances[instance.item].append(instance)
    for name in state.moving:
        run = state.runs[name]
        work.runs[run.instance].append(run)
    for question in asked(state):
        work.questions[question.instance].append(question)
    return work


def _row(fleet: Fleet, state: State, item: Item, now: int, work: _Work, *, watched: bool) -> dict[str, Any]:
    standing = _standing_of_item(fleet, state, item, now, work, watched=watched)
    instances = work.instances[item.id]
    return {
        "id": item.id,
        "kind": item.kind,
        "title": item.title,
        "author": item.author,
        "labels": list(item.labels),
        "open": item.open,
        "opened": moment(item.opened),
        "state": standing.state,
        "reason": standing.reason,
        "instances": [each.id for each in instances],
        "prs": [each.change for each in instances if each.change],
    }


def item_page(fleet: Fleet, state: State, item: Item, now: int, *, watched: bool) -> dict[str, Any]:
    """One item in full: its text, its comments, and how each job of its workflows stands."""
    work = _work(state)
    return _row(fleet, state, item, now, work, watched=watched) | {
        "body": item.body,
        "comments": [
            {
                "author": str(each.get("author", "")),
                "text": str(each.get("text", "")),
                "time": moment(int(each.get("time", 0))),
            }
            for each in item.comments
        ],
        "work": [
            _instance_row(fleet, state, each, now, work, watched=watched) for each in work.instances[item.id]
        ],
    }


def _instance_row(
    fleet: Fleet, state: State, instance: Instance, now: int, work: _Work, *, watched: bool
) -> dict[str, Any]:
    standing = _standing_of_instance(fleet, state, instance, now, work, watched=watched)
    return {
        "id": instance.id,
        "workflow": instance.workflow or None,
        "agent": instance.agent or None,
        "item": instance.item or None,
        "pr": instance.change or None,
        "round": instance.round,
        "started": moment(instance.started),
        "outcome": instance.outcome or None,
        "state": standing.state,
        "reason": standing.reason,
        "jobs": [
            {"name": name, "state": record.state, "reason": record.reason, "runs": list(record.runs)}
            for name, record in instance.jobs.items()
        ],
    }


def standing_of_item(fleet: Fleet, state: State, item: Item, now: int, *, watched: bool) -> Standing:
    """Where an item stands: as its newest workflow does, or why none was started."""
    return _standing_of_item(fleet, state, item, now, _work(state), watched=watched)


def _standing_of_item(
    fleet: Fleet, state: State, item: Item, now: int, work: _Work, *, watched: bool
) -> Standing:
    instances = work.instances[item.id]
    active = [each for each in instances if not each.outcome]
    if active:
        return _standing_of_instance(fleet, state, active[-1], now, work, watched=watched)
    if not item.open:
        return Standing("closed", instances[-1].reason if instances else "")
    if any(pending.data.get("item") == item.id for pending in state.pending.values()):
        return Standing("routing", "" if watched else "the watcher does not run: fleet watcher start")
    if instances:
        last = instances[-1]
        return Standing(last.outcome, last.reason)
    return Standing("idle", _unstarted(fleet, item))


def standing_of_instance(
    fleet: Fleet, state: State, instance: Instance, now: int, *, watched: bool
) -> Standing:
    """Where a workflow stands; the reason names everything that is going on in it."""
    return _standing_of_instance(fleet, state, instance, now, _work(state), watched=watched)


def _standing_of_instance(
    fleet: Fleet, state: State, instance: Instance, now: int, work: _Work, *, watched: bool
) -> Standing:
    if instance.outcome:
        return Standing(instance.outcome, instance.reason)
    runs, questions = work.runs[instance.id], work.questions[instance.id]
    found = [
        Standing("working", f"{run.agent} works on {run.job} ({run.id})") for run in runs if run.live
    ] + [Standing("waits", f"{each.why} ({how_to_answer(each)})") for each in questions]
    handoffs = {each.run for each in questions}
    for run in runs:
        if run.state == "queued" and run.id not in handoffs:
            wait = wait_of(fleet, state, run, now, watched=watched, live=work.live)
            found.append(Standing("queued", f"{run.job} ({run.id}): {wait.reason}"))
    found = found or _between_runs(fleet, state, instance, watched=watched)
    return Standing(found[0].state, "; ".join(dict.fromkeys(each.reason for each in found)))


def _between_runs(fleet: Fleet, state: State, instance: Instance, *, watched: bool) -> list[Standing]:
    """Where a workflow stands in which no run moves and nobody was asked."""
    change = state.changes.get(instance.change)
    for wish in state.wishes.values():
        if change is not None and wish.args.get("change") == change.id and wish.kind == "check":
            return [Standing("checking", f"the checks of #{change.id} are being run{_error(wish.error)}")]
    if change is not None and any(each.state == "landing" for each in instance.jobs.values()):
        row = change_row(fleet, state, change)
        return [Standing("landing", f"#{change.id} {row['standing']}: {row['reason']}")]
    for wish in state.wishes.values():
        if wish.kind == "order" and wish.args.get("instance") == instance.id:
            return [Standing("working", f"{wish.args['action']} is being run{_error(wish.error)}")]
    held = [
        each
        for each in state.passages.values()
        if each.instance == instance.id and each.key not in state.wishes
    ]
    if held:
        return [Standing("waits", held_back(each)) for each in held]
    for name, record in instance.jobs.items():
        if record.state == "stuck" and answered(state, instance.id, name) is None:
            return [Standing("stuck", f"{name}: {record.reason}")]
    if not watched:
        return [Standing("queued", "the watcher does not run: fleet watcher start")]
    return [Standing("queued", "its next step is being decided")]


def _unstarted(fleet: Fleet, item: Item) -> str:
    labels = sorted(
        {each.label for workflow in fleet.workflows for each in workflow.triggers if each.kind == "issue"}
        - {""}
    )
    wearing = [label for label in labels if label in item.labels]
    if wearing:
        return f"it has the label {', '.join(wearing)}, but no workflow was started: fleet why {item.id}"
    if labels:
        return f"no workflow is at work on it; one starts with the label {' or '.join(labels)}"
    return "no workflow is at work on it"


def _error(text: str) -> str:
    return f" (last time: {text})" if text else ""
