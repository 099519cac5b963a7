"""Commands of the operator's, such as a deployment: run once with what was merged, when their gate opens."""

from __future__ import annotations

from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import State
from fleet.policy.ask import stuck
from fleet.policy.fact import wish
from fleet.policy.passage import shut
from fleet.policy.workflow import needs_met, workflow_of


def jobs_to_order(fleet: Fleet, state: State) -> list[Event]:
    """Commands of the operator's that may be run now: their needs are met, and their gate is open.

    The wish says which time it is, so that a session that has begun is found again, and never another one
    begun in its place.
    """
    decided: list[Event] = []
    asked = state.approval_number
    for name in state.active:
        instance = state.instances[name]
        workflow = workflow_of(fleet, instance)
        for job in workflow.jobs if workflow else ():
            record = instance.jobs.get(job.name)
            if record is None or job.order is None or record.state != "waiting":
                continue
            key = f"{instance.id}/{job.name}"
            if not needs_met(instance, job) or f"order/{key}" in state.wishes:
                continue
            change = state.changes.get(instance.change)
            if change is None or not change.merged:
                asked += 1
                why = f"there is no merged change to {job.order.kind}"
                decided += stuck(state, instance, job.name, "failed", why, number=asked)
                continue
            held = shut(fleet, state, (job.order.kind,), f"order/{key}", change)
            if held is not None:
                decided += held
                continue
            args = {
                "instance": instance.id,
                "job": job.name,
                "action": job.order.kind,
                "change": change.id,
                "commit": change.merged,
                "time": record.ordered + 1,
            }
            decided.append(wish("order", key, args, cause=record.cause or change.cause, story=instance.id))
    return decided
