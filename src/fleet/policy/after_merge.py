"""What Fleet itself does with what was merged, a release or a command, once its needs are met and its gate is
open.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from fleet.model.event import Event
from fleet.model.fleet import Fleet, Job
from fleet.model.state import Change, Instance, JobRecord, State
from fleet.policy.ask import stuck
from fleet.policy.fact import wish
from fleet.policy.passage import shut
from fleet.policy.workflow import needs_met, workflow_of

Effect = Literal["release", "order"]
Args = Callable[[Job, JobRecord, Instance, Change], dict[str, Any]]
"""What the effect has to know beside its instance, job, change and commit."""


def jobs_after_merge(fleet: Fleet, state: State, effect: Effect, more: Args) -> list[Event]:
    """The wishes for this effect that may be had now; what there is to say of those whose gate is shut; and a
    question where nothing was merged. All that an effect needs to know is in its wish: however often it is
    tried, it is the same one.
    """
    decided: list[Event] = []
    asked = state.approval_number
    for name in state.active:
        instance = state.instances[name]
        workflow = workflow_of(fleet, instance)
        for job in workflow.jobs if workflow else ():
            record = instance.jobs.get(job.name)
            if record is None or effect_of(job) != effect or record.state != "waiting":
                continue
            key = f"{instance.id}/{job.name}"
            if not needs_met(instance, job) or f"{effect}/{key}" in state.wishes:
                continue
            change = state.changes.get(instance.change)
            if change is None or not change.merged:
                asked += 1
                why = f"there is no merged change to {gate_of(job)}"
                decided += stuck(state, instance, job.name, "failed", why, number=asked)
                continue
            held = shut(fleet, state, (gate_of(job),), f"{effect}/{key}", change)
            if held is not None:
                decided += held
                continue
            args = {"instance": instance.id, "job": job.name, "change": change.id, "commit": change.merged}
            args |= more(job, record, instance, change)
            decided.append(wish(effect, key, args, cause=record.cause or change.cause, story=instance.id))
    return decided


def effect_of(job: Job) -> str:
    """What carries it out: `order` for a command, else the name of its action ("" for an agent's job)."""
    return "order" if job.order is not None else job.action


def gate_of(job: Job) -> str:
    """The kind of the gate that it passes; "" for an agent's job."""
    return job.order.kind if job.order is not None else job.action
