"""The attestation of a merge: who and what led to this commit, as an in-toto statement without free text.

No titles, no words of people or agents: what is signed and given away can't be redacted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fleet.model import events
from fleet.model.event import Event, rfc3339
from fleet.model.fleet import Fleet
from fleet.model.state import Change, Run, State
from fleet.policy.fact import wish

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://fleet.invalid/attestation/merge/v1"
_MOST_EVENTS = 2_000
_LED = frozenset(
    {
        events.ITEM_OPENED,
        events.ITEM_LABELED,
        events.WORKFLOW_REQUESTED,
        events.INSTANCE_STARTED,
        events.JOB_SENT_BACK,
        events.JOB_RESUMED,
        events.JOB_READY,
        events.RUN_ADMITTED,
        events.RUN_STARTED,
        events.RUN_CONVERSED,
        events.RUN_REPORTED,
        events.RUN_SAID,
        events.RUN_EXITED,
        events.RUN_COLLECTED,
        events.RUN_ENDED,
        events.RUN_TAKEN_OVER,
        events.RUN_HANDED_BACK,
        events.APPROVAL_ASKED,
        events.APPROVAL_GIVEN,
        events.APPROVAL_REFUSED,
        events.AGENT_DENIED,
        events.CHANGE_ANSWERED,
        events.GATE_EVALUATED,
    }
)


def changes_to_attest(fleet: Fleet, state: State) -> list[Event]:
    """A statement is wanted for every change that was merged since there is a key to sign it with."""
    del fleet
    wanted = []
    for number in state.to_attest:
        change = state.changes[number]
        if f"attest/{number}" not in state.wishes:
            args = {"change": number, "commit": change.merged}
            wanted.append(wish("attest", str(number), args, cause=change.cause, story=change.instance))
    return wanted


def statement(fleet: Fleet, state: State, change: Change, story: Iterable[Event]) -> dict[str, Any]:
    """What led to the merge of this change. `story` are the log's events since its instance started, up to
    its merge.
    """
    led = [event for event in story if _is_about(event, change)]
    return {
        "_type": STATEMENT,
        "subject": [{"name": change.ref or fleet.name, "digest": {"gitCommit": change.merged}}],
        "predicateType": PREDICATE,
        "predicate": {
            "project": fleet.name,
            "configuration": {"sha256": state.config},
            "merge": {
                "commit": change.merged,
                "base": change.base,
                "repository": change.repo,
                "time": rfc3339(change.merged_at),
                "by": change.merged_by or "fleet",
            },
            "change": {
                "number": change.id,
                "ref": change.ref,
                "head": change.head,
                "branch": change.branch,
                "author": change.author,
                "authors": list(change.authors),
                "item": change.item,
                "workflow": _workflow(state, change),
            },
            "runs": [_run(state.runs[name], led) for name in _runs(state, change)],
            "reviews": [
                {name: review[name] for name in ("by", "verdict", "head", "run")}
                | {"time": rfc3339(review["time"]), "event": review["cause"]}
                for review in change.reviews
            ],
            "checks": _checks(change),
            "approvals": [
                {"by": each, "time": rfc3339(change.approved_at.get(each, 0)), "head": change.head}
                for each in dict.fromkeys(change.approved_by)
            ],
            "risk": {"score": change.risk.get("score")} if change.risk else {},
            "gate": [{"name": each.get("name"), "met": each.get("met")} for each in change.gate],
            "log": {
                "events": [
                    {"sequence": event.seq, "type": event.type, "id": event.id, "hash": event.hash}
                    for event in led[:_MOST_EVENTS]
                ],
                "complete": len(led) <= _MOST_EVENTS,
            },
        },
    }


def _is_about(event: Event, change: Change) -> bool:
    ours = event.correlation_id == change.instance if change.instance else False
    if event.type.startswith("fleet.change."):
        return event.data.get("change") == change.id
    about = event.data.get("item") == change.item and event.type.startswith("fleet.item.")
    return event.type in _LED and (ours or about or event.data.get("change") == change.id)


def _runs(state: State, change: Change) -> list[str]:
    instance = state.instances.get(change.instance)
    jobs = instance.jobs.values() if instance is not None else ()
    return [name for job in jobs for name in job.runs if state.runs[name].agent]


def _workflow(state: State, change: Change) -> str:
    instance = state.instances.get(change.instance)
    return instance.workflow if instance is not None else ""


def _run(run: Run, led: Iterable[Event]) -> dict[str, Any]:
    """Who worked: an agent by its harness, model, and what it was told; and what came of it."""
    told: dict[str, Any] = {}
    said: Mapping[str, Any] = {}
    transcript: Any = {}
    for event in led:
        if event.data.get("run") != run.id:
            continue
        if event.type == events.RUN_STARTED:
            told = dict(event.data.get("digests") or {})
        elif event.type == events.RUN_CONVERSED:
            said = event.data
        elif event.type == events.RUN_EXITED:
            transcript = event.data.get("transcript") or {}
    return {
        "run": run.id,
        "job": run.job,
        "duty": run.duty,
        "round": run.round,
        "attempt": run.attempt,
        "agent": run.agent,
        "harness": {"name": run.harness, "version": str(said.get("version") or "")},
        "model": str(said.get("model") or run.model),
        "digests": told,
        "sandbox": run.sandbox,
        "outcome": run.outcome or run.state,
        "verdict": run.verdict,
        "head": str(run.collected.get("head") or run.head),
        "cost_micros": run.cost_micros if run.cost_known else None,
        "tokens": run.tokens,
        "started": rfc3339(run.started) if run.started else "",
        "ended": rfc3339(run.ended) if run.ended else "",
        "transcript": transcript,
    }


def _checks(change: Change) -> dict[str, Any]:
    own = {
        "ok": change.checks.get("ok") is True,
        "head": change.checks.get("head", ""),
        "base": change.checks.get("base", ""),
        "results": [
            {"name": each.get("name"), "ok": each.get("ok") is True}
            for each in change.checks.get("results", ())
        ],
    }
    forge = [{"name": name, "state": each.get("state")} for name, each in sorted(change.reports.items())]
    return (own if change.checks else {}) | ({"forge": forge} if forge else {})
