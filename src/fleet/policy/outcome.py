"""What an ended session means: its run's outcome, and what the work it left leads to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import Change, Instance, Run, RunOutcome, State
from fleet.policy.again import FREE, MOST_FREE, cause_of
from fleet.policy.ask import stuck
from fleet.policy.fact import fact, wish
from fleet.policy.folds.byhand import took_over
from fleet.policy.leak import is_withheld, leak_of, leak_to_ask
from fleet.policy.passage import shut, to_publish
from fleet.policy.rounds import is_answerable
from fleet.policy.unstick import others_may
from fleet.policy.workflow import base_branch

_WORDS = 2000
_TWO_MINUTES = 120  # seconds; from here on one thinks in minutes
_MAKES_CHANGES = "change"
_JUDGES = ("review", "check", "merge")


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run came out. `after` is what its job does next: it is `done`, it is tried `again`, or it is
    `stuck` (then `kind` says on what). `counts` tells whether the failure is the agent's own.
    """

    outcome: RunOutcome
    reason: str
    after: Literal["done", "again", "stuck"]
    kind: str = ""
    counts: bool = True


def exits_to_collect(fleet: Fleet, state: State) -> list[Event]:
    """Wishes to bring in the commits of runs whose session has ended."""
    del fleet
    return [
        wish("collect", run.id, {"run": run.id}, cause=run.cause, story=run.instance)
        for run in _ended_sessions(state)
        if _must_collect(run) and not run.collected and f"collect/{run.id}" not in state.wishes
    ]


def runs_to_end(fleet: Fleet, state: State) -> list[Event]:
    """The outcome of each run whose session has ended, and what follows for its change and its job."""
    decided: list[Event] = []
    number, approvals = state.number, state.approval_number
    for run in _ended_sessions(state):
        if _must_collect(run) and not run.collected:
            continue
        if is_withheld(state, run):
            asked = leak_to_ask(state, run, approvals + 1)
            approvals += len(asked)
            decided += asked
            continue
        instance = state.instances[run.instance]
        ending = ending_of(fleet, state, run)
        decided.append(_ended(run, ending))
        if instance.outcome:
            continue  # its instance was given up meanwhile
        if ending.after == "done":
            if run.duty == _MAKES_CHANGES and state.items[run.item].repo and not _answers(state, run):
                # Its forge gives the number: the change is there once its pull request is.
                kinds, change = to_publish(fleet, state, run)
                held = shut(fleet, state, kinds, f"publish/{run.id}", change, run=run.id)
                if held is not None:
                    decided += held
                    continue
                decided.append(wish("publish", run.id, {"run": run.id}, cause=run.cause, story=run.instance))
                continue
            if run.duty == _MAKES_CHANGES:
                number += 0 if instance.change else 1
            decided += delivered(fleet, state, run, number)
        elif ending.after == "stuck":
            approvals += 1
            decided += stuck(
                state, instance, run.job, ending.kind, ending.reason, number=approvals, run=run.id
            )
    return decided


def delivered(fleet: Fleet, state: State, run: Run, number: int, ref: str = "") -> list[Event]:
    """What a run that succeeded leads to: its change, its verdict, the end of its job. `number` is a new
    change's (0: the log gives it), `ref` what its forge calls it.
    """
    instance = state.instances[run.instance]
    if _answers(state, run):
        return [_answered(state, run), *_job_done(state, run)]
    changed = [_changed(fleet, state, instance, run, number, ref)] if run.duty == _MAKES_CHANGES else []
    return [*changed, *_job_done(state, run)]


def ending_of(fleet: Fleet, state: State, run: Run) -> Ending:
    """The run's outcome, from how its session ended and what it left."""
    said = f" (it said: {run.text[:200]})" if run.text else ""
    if run.in_hand or run.stop_kind in ("person", "takeover", "quarantine", "not_wanted"):
        return _stopped(run)
    leak = leak_of(state, run)
    if leak:
        after: Literal["again", "stuck"] = "stuck" if _is_given_up(fleet, state, run) else "again"
        return Ending("failed", leak, after, "failed")
    if _is_delivered(state, run):
        lost = _without_a_change(state, run)
        return Ending("succeeded", lost or _delivered(state, run), "stuck" if lost else "done", "failed")
    if run.stop_kind == "over_budget" or run.exit.get("finish") == "budget":
        reason = run.stop_reason or "its cost ceiling was reached"
        return Ending("over_budget", reason, "stuck", "over_budget")
    if run.exit.get("reason") == "ceiling":
        seconds = run.ceiling_ms / 1000
        lasted = f"{seconds:g} s" if seconds < _TWO_MINUTES else f"{seconds / 60:g} min"
        return Ending("timed_out", f"its ceiling of {lasted} was reached", "stuck", "timed_out")
    if run.question:
        return Ending("stopped", f"it asks: {run.question}", "stuck", "question")
    if run.exit.get("reason") == "person":
        return Ending("stopped", "a person ended it together with the watcher", "again", counts=False)
    if run.exit.get("finish") == "auth":
        reason = f"the model's provider refused its credentials: {run.exit.get('error', '')}"
        return Ending("failed", reason, "stuck", "auth", counts=False)
    reason = _failure(run) + said
    if run.exit.get("reason") in ("not started", "spawn failed"):
        # It would fail the same way again: something has to be installed or put right first.
        return Ending("failed", reason, "stuck", "failed", counts=False)
    cause = cause_of(run)
    counts = cause not in FREE and not _may_be_unheard(run)
    if _is_given_up(fleet, state, run):
        return Ending("failed", reason, "stuck", "stuck" if cause == "stuck" else "failed", counts=counts)
    return Ending("failed", reason, "again", counts=counts)


def _is_given_up(fleet: Fleet, state: State, run: Run) -> bool:
    """Whether a person has to say how it goes on: its attempts are used up."""
    record = state.instances[run.instance].jobs[run.job]
    cause = cause_of(run)
    if cause in FREE:
        return record.free + 1 >= MOST_FREE
    nobody = cause == "stuck" and not others_may(fleet, state, run)
    return nobody or record.failures + 1 >= fleet.attempts


def _stopped(run: Run) -> Ending:
    if run.in_hand or run.stop_kind == "takeover":
        return Ending("stopped", took_over(run), "stuck", "takeover")
    if run.stop_kind == "person":
        by = run.stopped_by or "a person"
        return Ending("stopped", f"{by} stopped it: {run.stop_reason}", "stuck", "stopped")
    return Ending("stopped", run.stop_reason, "again")


def _is_delivered(state: State, run: Run) -> bool:
    """Whether the run left what its duty asks for. What it reported counts, however its process ended."""
    reported = run.verdict in ("done", "approve", "request-changes")
    ended_well = _ended_well(run)
    if run.duty == _MAKES_CHANGES:
        made = _has_new_commits(state, run) and (reported or (ended_well and not run.question))
        return made or _answers(state, run)
    if run.duty in _JUDGES:
        return reported
    return reported or (ended_well and not run.question)


def _may_be_unheard(run: Run) -> bool:
    """Whether it came to a good end and left no verdict, perhaps since nobody was there to take it."""
    return run.unheard and run.duty in _JUDGES and _ended_well(run)


def _ended_well(run: Run) -> bool:
    ended_well = run.exit.get("reason") == "exited" and run.exit.get("finish") in ("ok", "")
    return ended_well and not run.exit.get("code") and not run.exit.get("signal")


def _without_a_change(state: State, run: Run) -> str:
    """Why a verdict leads nowhere: it is about a change, and there is none. Empty where there is one, or none
    is needed.
    """
    if run.duty not in _JUDGES or run.change in state.changes:
        return ""
    if run.verdict == "request-changes":
        return "it asks for changes, and there is no pull request to send back"
    return "there is no pull request to merge" if run.duty == "merge" else ""


def _has_new_commits(state: State, run: Run) -> bool:
    change = state.changes.get(run.change)
    head = run.collected.get("head")
    if not head or run.collected.get("error"):
        return False
    return bool(run.collected.get("commits")) and (change is None or head != change.head)


def _answers(state: State, run: Run) -> bool:
    """Whether it says why what reviewers asked for needs no change. It says so by `done`, and leaves nothing
    uncommitted: else it may have forgotten to commit.
    """
    change = state.changes.get(run.change)
    if change is None or run.duty != _MAKES_CHANGES or run.verdict != "done" or not run.text.strip():
        return False
    found = run.collected
    clean = not found.get("error") and not found.get("dirty") and found.get("head") == change.head
    return clean and is_answerable(change)


def _answered(state: State, run: Run) -> Event:
    change = state.changes[run.change]
    data = {"change": change.id, "head": change.head, "run": run.id, "by": f"agent/{run.agent}"}
    return fact(events.CHANGE_ANSWERED, data | {"text": run.text}, cause=run.cause, story=run.instance)


def _delivered(state: State, run: Run) -> str:
    if _answers(state, run):
        return "it changes nothing, and says why"
    if run.duty in _JUDGES:
        return "it asks for changes" if run.verdict == "request-changes" else "it approves"
    if run.duty == _MAKES_CHANGES:
        count = run.collected.get("commits")
        return "1 commit" if count == 1 else f"{count} commits"
    return "it reported done" if run.verdict else "it came to its end"


def _failure(run: Run) -> str:
    """Why a run that left nothing failed, for a person and for the next attempt."""
    found = run.exit
    if run.stop_kind == "stuck":
        return f"it was stuck: {run.stop_reason}"
    if run.collected.get("error"):
        return f"its commits could not be taken: {run.collected['error']}"
    if found.get("reason") != "exited":
        return f"{found.get('reason', 'it ended')}: {found.get('error', '')}".strip(": ")
    if found.get("error"):
        return str(found["error"])[:_WORDS]
    if found.get("signal"):
        return f"its process was ended by signal {found['signal']}"
    if found.get("code"):
        return f"its process ended with exit code {found['code']}"
    if run.duty in _JUDGES:
        lost = "; no watcher ran for a while, so it may not have been heard" if run.unheard else ""
        return f"it ended without a verdict{lost}"
    dirty = [str(path) for path in run.collected.get("dirty") or ()]
    left = f"; it left these uncommitted: {', '.join(dirty[:10])}" if dirty else ""
    return f"it committed nothing new{left}"


def _ended_sessions(state: State) -> list[Run]:
    return [run for name in state.moving if (run := state.runs[name]).state == "collecting"]


def _must_collect(run: Run) -> bool:
    return run.duty == _MAKES_CHANGES and run.exit.get("reason") != "not started"


def _ended(run: Run, ending: Ending) -> Event:
    data = {
        "run": run.id,
        "agent": run.agent,
        "job": run.job,
        "outcome": ending.outcome,
        "reason": ending.reason + _not_told(run, ending),
        "counts": ending.counts,
        "free": ending.outcome == "failed" and cause_of(run) in FREE,
        "cost_micros": run.cost_micros,
        "charged_micros": charge(run),
        "tokens": run.tokens,
    }
    return fact(events.RUN_ENDED, data, cause=run.cause, story=run.instance)


def _not_told(run: Run, ending: Ending) -> str:
    """Whose words a run did its work without: they come with its next round, if there is one."""
    unheard = dict.fromkeys(words.by for words in run.words.values() if not words.told)
    return (
        f"; it could not be told what {', '.join(unheard)} said" if unheard and ending.after == "done" else ""
    )


def _changed(fleet: Fleet, state: State, instance: Instance, run: Run, number: int, ref: str = "") -> Event:
    """The change that this run opened, or moved on."""
    head = run.collected["head"]
    if instance.change:
        data = {
            "change": instance.change,
            "head": head,
            "run": run.id,
            "author": f"agent/{run.agent}",
            "maker": run.job,
        }
        return fact(events.CHANGE_UPDATED, data, cause=run.cause, story=instance.id)
    item = state.items[run.item]
    data = {
        "change": number,
        "item": run.item,
        "instance": instance.id,
        "branch": run.branch,
        "base": base_branch(fleet, item.repo),
        "repo": item.repo,
        "ref": ref,
        "head": head,
        "author": f"agent/{run.agent}",
        "title": item.title,
        "body": run.text,
        "maker": run.job,
        "run": run.id,
    }
    return fact(events.CHANGE_OPENED, data, cause=run.cause, story=instance.id)


def _job_done(state: State, run: Run) -> list[Event]:
    """The job's end, with the verdict on the change where it gave one."""
    decided: list[Event] = []
    change = state.changes.get(run.change)
    rejected = run.verdict == "request-changes"
    job = {"instance": run.instance, "job": run.job, "run": run.id}
    if run.duty in _JUDGES and change is not None:
        decided.append(_review(run, change, "request-changes" if rejected else "approve"))
    if run.duty == "merge" and not rejected:
        data = {**job, "head": run.head}
        return [*decided, fact(events.JOB_READY, data, cause=run.cause, story=run.instance)]
    head = run.collected.get("head") or run.head
    data = {**job, "outcome": "rejected" if rejected else "done", "head": head}
    return [*decided, fact(events.JOB_FINISHED, data, cause=run.cause, story=run.instance)]


def _review(run: Run, change: Change, verdict: str) -> Event:
    data = {
        "change": change.id,
        "head": run.head,
        "verdict": verdict,
        "by": f"agent/{run.agent}",
        "duty": run.duty,
        "text": run.text,
        "run": run.id,
    }
    return fact(events.CHANGE_REVIEWED, data, cause=run.cause, story=run.instance)


def charge(run: Run) -> int:
    """What the run costs its agent's budget, in micro-dollars. One that was ended before its harness told
    what it cost is charged all that was set aside for it: a budget must not be walked around by being killed,
    nor by a model that answers and tells no tokens.
    """
    untold = (run.tokens > 0 or run.turns > 0) and not run.cost_known
    return max(run.cost_micros, run.cost_limit) if untold else run.cost_micros


def branch_name(state: State, instance: Instance) -> str:
    """The branch of an instance's change: `fleet/12-add-note`. It differs from that of every other change."""
    item = state.items[instance.item]
    called = item.ref.rpartition("#")[2] or item.id
    slug = re.sub(r"[^a-z0-9]+", "-", item.title.lower()).strip("-")[:40].strip("-")
    name = f"fleet/{called}-{slug}" if slug else f"fleet/{called}"
    others = (each for each in state.instances.values() if each.id != instance.id and each.item == item.id)
    first = next(others, None)
    if first is None or (instance.change and state.changes[instance.change].branch == name):
        return name
    started = [each for each in state.instances.values() if each.item == item.id]
    return name if started[0].id == instance.id else f"{name}-{instance.id}"
