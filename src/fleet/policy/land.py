"""Landing: a change is merged when its gate is open for exactly the commit that is merged."""

from __future__ import annotations

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import Change, Instance, JobRecord, State
from fleet.policy.ask import stuck
from fleet.policy.fact import fact, wish
from fleet.policy.propose import is_own
from fleet.policy.rounds import objections
from fleet.policy.workflow import needs_met, workflow_of

FIRST_PAUSE_MS, LONGEST_PAUSE_MS = 30_000, 10 * 60_000


def jobs_to_land(fleet: Fleet, state: State) -> list[Event]:
    """Jobs that are an action of Fleet's own and may begin: their change may land once its gate opens."""
    decided: list[Event] = []
    asked = state.approval_number
    for name in state.active:
        instance = state.instances[name]
        workflow = workflow_of(fleet, instance)
        for job in workflow.jobs if workflow else ():
            record = instance.jobs.get(job.name)
            if record is None or job.action != "merge" or record.state != "waiting":
                continue
            if not needs_met(instance, job):
                continue
            change = state.changes.get(instance.change)
            if change is None or not change.open:
                asked += 1
                why = "there is no open change to merge"
                decided += stuck(state, instance, job.name, "failed", why, number=asked)
            elif not objections(change):
                data = {"instance": instance.id, "job": job.name, "head": change.head}
                decided.append(fact(events.JOB_READY, data, cause=record.cause, story=instance.id))
    return decided


def landing(state: State) -> list[tuple[Instance, JobRecord, Change]]:
    """Every open change that a job waits to see merged, at the head that the job was ready for."""
    found = []
    for name in state.active:
        instance = state.instances[name]
        change = state.changes.get(instance.change)
        if change is None or not change.open:
            continue
        for record in instance.jobs.values():
            if record.state == "landing" and record.done_head == change.head:
                found.append((instance, record, change))
                break
    return found


def merges_to_give_up(fleet: Fleet, state: State) -> list[Event]:
    """Merges that the repository refused for good, whose checks could not even be run, or that nobody can
    put right: a person has to look before it is tried again.
    """
    del fleet
    decided: list[Event] = []
    asked = state.approval_number
    for instance, record, change in landing(state):
        why = ""
        if change.held.get("kind") == "refused":
            why = f"it could not be merged: {change.held.get('reason', '')}"
        elif change.checks.get("error") and any(each["name"] == "checks" for each in change.gate):
            why = f"its checks could not be run: {change.checks['error']}"
        elif is_own(change) and (against := objections(change)):
            why = f"nobody works on what Fleet made itself, and {against[0].splitlines()[0].rstrip(':')}"
        if why:
            asked += 1
            job = next(name for name, each in instance.jobs.items() if each is record)
            decided += stuck(state, instance, job, "failed", why, number=asked)
    return decided


def changes_to_merge(fleet: Fleet, state: State) -> list[Event]:
    """The next change to merge: one at a time in a repository, since each merge moves the base that the
    others were checked on.
    """
    del fleet
    decided: list[Event] = []
    busy = {
        change.repo
        for each in state.wishes.values()
        if each.kind == "merge" and (change := state.changes.get(each.args["change"])) is not None
    }
    for instance, _, change in landing(state):
        if change.repo in busy or change.held.get("kind") == "refused" or tried_again_at(change) > state.now:
            continue
        # Whose files nobody has looked at has a gate that is not open, whatever else it asks.
        if change.inspected and all(each["met"] for each in change.gate) and not objections(change):
            base = state.base_of(change.repo)
            args = {"change": change.id, "head": change.head, "base": base, "instance": instance.id}
            key = f"{change.id}/{change.head}/{base}"
            decided.append(wish("merge", key, args, cause=change.cause, story=instance.id))
            busy.add(change.repo)
    return decided


def tried_again_at(change: Change) -> int:
    """When (ms since the epoch) a merge that the forge's own rules did not allow is tried again; 0: now.
    Whatever happens to the change makes it now.
    """
    held = change.held
    if held.get("kind") != "protected" or held.get("cause") != change.cause:
        return 0
    times = int(held.get("times", 1))
    return int(held["time"]) + min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS << min(times - 1, 10))
