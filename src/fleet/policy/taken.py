"""A command that did not end well may be done all the same: somebody looked, or finished it by hand. A person
whose word its gate asks for says so, and why; the command is not run again.
"""

from __future__ import annotations

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import Approval, Instance, State
from fleet.policy.after_merge import gate_of
from fleet.policy.ask import stuck
from fleet.policy.fact import fact
from fleet.policy.passage import lines_of
from fleet.policy.requirements.found import either
from fleet.policy.requirements.human import counts, names_of
from fleet.policy.requirements.people import PERSON
from fleet.policy.workflow import workflow_of

KIND = "command"
"""The kind of the question what is to become of it."""


def taken_as_done(fleet: Fleet, state: State, instance: Instance, approval: Approval) -> list[Event]:
    """The end of its job; or the question once more, where that person may not say so."""
    change = state.changes[approval.change]
    why_not = may_not_take(fleet, state, approval, approval.by, approval.note)
    if why_not:
        record = instance.jobs[approval.job]
        why = record.reason.partition(_TURNED_AWAY)[0] + f"{_TURNED_AWAY}{why_not})"
        return stuck(state, instance, approval.job, KIND, why, number=state.approval_number + 1)
    about = {"instance": instance.id, "job": approval.job}
    data = about | {
        "action": _kind(fleet, instance, approval.job) or approval.job,
        "change": change.id,
        "repo": change.repo,
        "commit": change.merged,
        "approval": approval.id,
        "actor": approval.by,
        "reason": approval.note,
    }
    done = about | {"outcome": "done", "head": change.head}
    return [
        fact(events.ORDER_TAKEN_AS_DONE, data, cause=approval.cause, story=instance.id),
        fact(events.JOB_FINISHED, done, cause=approval.cause, story=instance.id),
    ]


_TURNED_AWAY = " (not taken as done: "


def may_not_take(fleet: Fleet, state: State, approval: Approval, by: str, reason: str) -> str:
    """Why this person may not take it as done; "" where they may. It goes past the gate, so theirs has to be
    a word that the gate asks for.
    """
    change, instance = state.changes.get(approval.change), state.instances.get(approval.instance)
    if approval.kind != KIND or change is None or instance is None:
        return f"it asks about {approval.kind}, not about a command"
    if not by.startswith(PERSON):
        return f"only a person may, and {by or 'nobody'} is none"
    if not reason.strip():
        return "the reason is missing"
    kind = _kind(fleet, instance, approval.job)
    named = [each for each in lines_of(fleet, (kind,)) if each.kind == "human" and each.by]
    if named and not any(counts(fleet, change, each, by) for each in named):
        who = either(dict.fromkeys(name for each in named for name in names_of(each)))
        return f"{by.removeprefix(PERSON)} is not among those whose word its gate asks for: {who}"
    return ""


def _kind(fleet: Fleet, instance: Instance, job: str) -> str:
    workflow = workflow_of(fleet, instance)
    declared = workflow.job(job) if workflow is not None else None
    return gate_of(declared) if declared is not None else ""
