"""Which jobs can begin, and when a failed one may be tried again."""

from __future__ import annotations

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Fleet, Job
from fleet.model.state import Instance, JobRecord, Run, State
from fleet.policy.again import goes_on, pause_ms
from fleet.policy.fact import fact
from fleet.policy.handover import handover
from fleet.policy.rounds import objections
from fleet.policy.workflow import duty_of, needs_met, workflow_of


def jobs_to_queue(fleet: Fleet, state: State) -> list[Event]:
    """A run for every job that waits and whose needs are met."""
    decided: list[Event] = []
    number = state.run_number
    for name in state.active:
        instance = state.instances[name]
        workflow = workflow_of(fleet, instance)
        change = state.changes.get(instance.change)
        objected = change is not None and bool(objections(change))
        for job in workflow.jobs if workflow else ():
            record = instance.jobs.get(job.name)
            if record is None or record.state != "waiting" or job.action or not needs_met(instance, job):
                continue
            published = f"publish/{record.runs[-1]}" if record.runs else ""
            if published and (published in state.wishes or published in state.passages):
                continue  # its work is done, and on its way to the forge
            if objected and change is not None and job.name != change.maker:
                continue  # the change is about to go back: whoever looks at it now would look in vain
            number += 1
            decided.append(_queued(fleet, state, instance, job, record, f"r{number}"))
    return decided


def _queued(fleet: Fleet, state: State, instance: Instance, job: Job, record: JobRecord, run: str) -> Event:
    last = state.runs[record.runs[-1]] if record.runs else None
    failed = last is not None and last.outcome == "failed" and record.failures + record.free > 0
    again = last is not None and goes_on(last, record.failures)
    feedback, words = record.feedback, _unheard(state, record)
    if last is not None:
        why = f"The last attempt ({last.id}) failed: {last.reason}" if failed else ""
        tried = handover(last) if failed and not again else ""
        feedback = "\n\n".join(part for part in (feedback, why, tried, *_repeated(words)) if part)
    data = {
        "run": run,
        "instance": instance.id,
        "job": job.name,
        "duty": duty_of(fleet, job),
        "item": instance.item,
        "attempt": record.failures + 1,
        "round": instance.round,
        "resumes": last.id if last is not None and again else "",
        "feedback": feedback,
        "not_before": _not_before(last, record) if failed and last is not None else 0,
    }
    if words:
        data["words"] = words
    return fact(events.RUN_QUEUED, data, cause=_cause(state, instance, job, record), story=instance.id)


def _unheard(state: State, record: JobRecord) -> list[dict[str, str]]:
    """What people said to the last run that began, and it may not have heard; and what those since have."""
    found: list[dict[str, str]] = []
    for name in reversed(record.runs):
        run = state.runs[name]
        found[:0] = [{"event": key, "by": each.by, "text": each.text} for key, each in run.words.items()]
        if run.state != "cancelled":
            break
    return found


def _repeated(words: list[dict[str, str]]) -> list[str]:
    return [
        f"{each['by']} said this while you were at work; it may not have reached you:\n{each['text']}"
        for each in words
    ]


def _cause(state: State, instance: Instance, job: Job, record: JobRecord) -> str:
    """What let the job begin: its own last event, or at its first run the end of the need that ended last."""
    needs = [each for need in job.needs if (each := instance.jobs.get(need)) and each.runs]
    if record.runs or not needs:
        return record.cause or instance.cause
    return max(needs, key=lambda each: state.runs[each.runs[-1]].ended).cause


def _not_before(last: Run, record: JobRecord) -> int:
    """When it may be tried again. After what was nobody's fault that is soon; how long a provider is left
    alone is looked at when the run is placed.
    """
    return last.ended + pause_ms(1 if record.free else record.failures, last.id)
