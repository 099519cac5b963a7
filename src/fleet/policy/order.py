"""Commands of the operator's, such as a deployment: run once with what was merged, when their gate opens."""

from __future__ import annotations

from typing import Any

from fleet.model.event import Event
from fleet.model.fleet import Fleet, Job
from fleet.model.state import Change, Instance, JobRecord, State
from fleet.policy.after_merge import gate_of, jobs_after_merge


def jobs_to_order(fleet: Fleet, state: State) -> list[Event]:
    """A wish for every command that may be run. It says which time it is, so that a session that has begun is
    found again, and never another one begun in its place.
    """
    return jobs_after_merge(fleet, state, "order", _about)


def _about(job: Job, record: JobRecord, instance: Instance, change: Change) -> dict[str, Any]:
    del instance, change
    return {"action": gate_of(job), "time": record.ordered + 1}
