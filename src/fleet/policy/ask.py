"""Asking a person: an approval has a number, a reason, and what it belongs to."""

from __future__ import annotations

from fleet.model import events
from fleet.model.event import Event
from fleet.model.state import Approval, Change, Instance, Passage, Run, State
from fleet.policy.fact import fact


def stuck(
    state: State, instance: Instance, job: str, kind: str, reason: str, *, number: int, run: str = ""
) -> list[Event]:
    """The job stands still until a person answers: that it does, and the question."""
    cause = state.runs[run].cause if run else instance.jobs[job].cause or instance.cause
    data = {"instance": instance.id, "job": job, "kind": kind, "reason": reason}
    asked = {
        "approval": f"a{number}",
        "kind": kind,
        "why": reason,
        "change": instance.change,
        "head": "",
        "instance": instance.id,
        "job": job,
        "run": run,
    }
    return [
        fact(events.JOB_STUCK, data, cause=cause, story=instance.id),
        fact(events.APPROVAL_ASKED, asked, cause=cause, story=instance.id),
    ]


def for_merge(change: Change, why: str, *, number: int) -> Event:
    """A person's word is needed for merging exactly this head."""
    data = {
        "approval": f"a{number}",
        "kind": "merge",
        "why": why,
        "change": change.id,
        "head": change.head,
        "instance": change.instance,
        "job": "",
        "run": "",
    }
    return fact(events.APPROVAL_ASKED, data, cause=change.cause, story=change.instance)


def for_passage(passage: Passage, why: str, *, number: int) -> Event:
    """A person's word is needed for an action that its gate holds back."""
    data = {
        "approval": f"a{number}",
        "kind": "gate",
        "why": why,
        "change": passage.change,
        "head": passage.head,
        "instance": passage.instance,
        "job": "",
        "run": passage.run,
        "passage": passage.key,
    }
    return fact(events.APPROVAL_ASKED, data, cause=passage.cause, story=passage.instance)


def for_handoff(run: Run, *, number: int) -> Event:
    """With --step: a person lets this run begin."""
    data = {
        "approval": f"a{number}",
        "kind": "handoff",
        "why": f"--step: {run.job} of {run.instance} may begin",
        "change": run.change,
        "head": "",
        "instance": run.instance,
        "job": run.job,
        "run": run.id,
    }
    return fact(events.APPROVAL_ASKED, data, cause=run.cause, story=run.instance)


def asked_for(state: State, *, kind: str, change: int = 0, head: str = "", run: str = "") -> Approval | None:
    """The newest approval of this kind for this change and head, or for this run."""
    found = (
        each
        for each in reversed(state.approvals.values())
        if each.kind == kind and each.change == change and each.head == head and (not run or each.run == run)
    )
    return next(found, None)
