"""The end of an instance: all its jobs are done, or nobody wants it any more."""

from __future__ import annotations

from collections.abc import Collection

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import Change, Instance, State
from fleet.policy.fact import fact, wish
from fleet.policy.keep import is_to_be_seen
from fleet.policy.workflow import dependents, duty_of, workflow_of


def instances_to_finish(fleet: Fleet, state: State) -> list[Event]:
    """Jobs whose change has landed are done; instances whose jobs are all done are finished and tidied up. A
    job that is not declared any more is not waited for.
    """
    decided: list[Event] = []
    for name in state.active:
        instance = state.instances[name]
        change = state.changes.get(instance.change)
        merged = change is not None and bool(change.merged)
        landed = [job for job, record in instance.jobs.items() if record.state == "landing" and merged]
        for job in landed:
            data = {"instance": name, "job": job, "outcome": "done", "head": change.head if change else ""}
            cause = change.cause if change else instance.cause
            decided.append(fact(events.JOB_FINISHED, data, cause=cause, story=name))
        wanted = _declared(fleet, instance)
        if wanted and all(instance.jobs[job].state == "done" or job in landed for job in wanted):
            decided += _finished(state, instance)
    return decided


def jobs_to_let_go(fleet: Fleet, state: State) -> list[Event]:
    """What a person made needless by merging a change on the forge: all that was to come before the merge."""
    decided: list[Event] = []
    for name in state.active:
        instance = state.instances[name]
        change, workflow = state.changes.get(instance.change), workflow_of(fleet, instance)
        if change is None or workflow is None or not change.merged or not change.merged_by:
            continue
        merging = [job.name for job in workflow.jobs if duty_of(fleet, job) == "merge"]
        after = {later for job in merging for later in dependents(workflow, job)}
        for job, record in instance.jobs.items():
            if record.state == "done" or job in after or workflow.job(job) is None:
                continue
            decided += _let_go(state, instance, job, change)
    return decided


def _let_go(state: State, instance: Instance, job: str, change: Change) -> list[Event]:
    """The end of a job that nobody needs any more; of its run first, if that lives."""
    why = f"{change.merged_by} has merged the pull request"
    run = next((state.runs[each] for each in instance.jobs[job].runs[-1:] if each in state.moving), None)
    if run is None:
        data = {"instance": instance.id, "job": job, "outcome": "done", "head": change.head}
        return [fact(events.JOB_FINISHED, data, cause=change.cause, story=instance.id)]
    if run.state == "queued":
        data = {"run": run.id, "reason": why}
        return [fact(events.RUN_CANCELLED, data, cause=change.cause, story=instance.id)]
    if run.stop_reason or run.state == "collecting":
        return []
    data = {"run": run.id, "reason": why, "kind": "not_wanted", "actor": "fleet"}
    return [fact(events.RUN_STOP_ASKED, data, cause=change.cause, story=instance.id)]


def instances_to_abandon(fleet: Fleet, state: State) -> list[Event]:
    """Instances whose item a person has closed, whose change was closed, or whose workflow is not declared
    any more.
    """
    decided: list[Event] = []
    for name in state.active:
        instance = state.instances[name]
        item = state.items.get(instance.item)
        change = state.changes.get(instance.change)
        reason, cause = "", instance.cause
        if change is not None and not change.open and not change.merged:
            reason, cause = f"pull request {change.ref or change.id} was closed", change.cause
        elif item is not None and item.closed_by not in ("", "fleet") and not (change and change.merged):
            reason, cause = f"item {item.ref or item.id} was closed", item.cause
        elif not _declared(fleet, instance):
            reason = f"{instance.workflow or instance.agent} is not in fleet.yaml any more"
        if reason:
            decided += given_up(state, instance, reason, cause=cause)
    return decided


def _declared(fleet: Fleet, instance: Instance) -> list[str]:
    """The instance's jobs that fleet.yaml still declares."""
    workflow = workflow_of(fleet, instance)
    return [job for job in instance.jobs if workflow is not None and workflow.job(job) is not None]


def given_up(state: State, instance: Instance, reason: str, *, cause: str) -> list[Event]:
    """The end of an instance that nobody wants. Its change is closed; its branch stays to be looked at."""
    change = state.changes.get(instance.change)
    decided = []
    if change is not None and change.open:
        closed = {"change": change.id, "reason": reason}
        decided.append(fact(events.CHANGE_CLOSED, closed, cause=cause, story=instance.id))
    data = {"instance": instance.id, "outcome": "rejected", "reason": reason}
    decided.append(fact(events.INSTANCE_FINISHED, data, cause=cause, story=instance.id))
    kept = [job for job in instance.jobs if is_to_be_seen(state, instance.id, job)]
    return [*decided, *_tidied(state, instance, kept=kept, cause=cause)]


def _tidied(
    state: State,
    instance: Instance,
    *,
    branch: str = "",
    head: str = "",
    kept: Collection[str] = (),
    cause: str,
) -> list[Event]:
    """The wish to clear away what the instance needs no more, if it is not there yet. The workspaces of jobs
    that are `kept` stay to be looked at.
    """
    if f"tidy/{instance.id}" in state.wishes:
        return []
    workspaces = [f"{instance.id}-{job}" for job in instance.jobs if job not in kept]
    args = {"instance": instance.id, "workspaces": workspaces, "branch": branch, "head": head}
    return [wish("tidy", instance.id, args, cause=cause, story=instance.id)]


def _finished(state: State, instance: Instance) -> list[Event]:
    change = state.changes.get(instance.change)
    item = state.items.get(instance.item)
    cause = change.cause if change is not None and change.merged else _last_cause(instance)
    reason = "all jobs are done"
    if change is not None:
        where = f"merged as {change.merged[:12]}" if change.merged else "open, for a person to merge"
        where += f", by {change.merged_by}" if change.merged_by else ""
        reason = f"pull request {change.ref or change.id} is {where}"
    data = {"instance": instance.id, "outcome": "done", "reason": reason}
    decided = [fact(events.INSTANCE_FINISHED, data, cause=cause, story=instance.id)]
    if item is not None and item.open and (item.kind == "task" or (change is not None and change.merged)):
        closed = {"item": item.id, "reason": reason, "actor": "fleet"}
        decided.append(fact(events.ITEM_CLOSED, closed, cause=cause, story=instance.id))
    landed = change is not None and bool(change.merged)
    branch, head = (change.branch, change.head) if change is not None and landed else ("", "")
    return [*decided, *_tidied(state, instance, branch=branch, head=head, cause=cause)]


def _last_cause(instance: Instance) -> str:
    return next((record.cause for record in reversed(instance.jobs.values()) if record.cause), instance.cause)
