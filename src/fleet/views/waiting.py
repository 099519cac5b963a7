"""Why something does not go on: one sentence for a queued run, and what a person can type about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, NamedTuple

from fleet.model.fleet import Fleet
from fleet.model.state import Approval, Run, State
from fleet.policy.admit import place
from fleet.policy.budget import live_by_agent
from fleet.policy.ceilings import window_end
from fleet.views.units import moment, seconds

WaitKind = Literal[
    "person", "backs off", "rate limit", "slots", "budget", "quarantine", "watcher", "next", "other"
]

_BUDGET = ("is used up or set aside", "too little is left of ")
_SLOTS, _QUARANTINE = "has no free slot", "is quarantined"
_PROVIDER = "for its provider"


class Wait(NamedTuple):
    """What something waits for."""

    kind: WaitKind
    reason: str


def wait_of(
    fleet: Fleet,
    state: State,
    run: Run,
    now: int,
    *,
    watched: bool,
    live: Mapping[str, list[Run]] | None = None,
) -> Wait:
    """What a queued run waits for at `now` (ms since the epoch). `watched`: whether the watcher runs; `live`:
    the runs that hold slots, by agent, where they are at hand.
    """
    handoff = next((each for each in asked(state) if each.kind == "handoff" and each.run == run.id), None)
    if handoff is not None:
        return Wait("person", f"waits for handoff approval: fleet approve {handoff.id}")
    if run.not_before > now:
        left = seconds(run.not_before - now)
        return Wait("backs off", f"backs off for {left:.0f} s, until {moment(run.not_before)}")
    found = place(fleet, at(state, now), run, live)
    if found.waits:
        return _blocked(found.waits, now)
    if not watched:
        return Wait("watcher", "the watcher does not run: fleet watcher start")
    return Wait("next", "it is next")


def queue(fleet: Fleet, state: State, now: int, *, watched: bool) -> list[dict[str, Any]]:
    """Every run that is queued, oldest first, with what it waits for."""
    rows = []
    live = live_by_agent(state)
    for name in state.moving:
        run = state.runs[name]
        if run.state == "queued":
            wait = wait_of(fleet, state, run, now, watched=watched, live=live)
            rows.append(
                {
                    "run": run.id,
                    "job": run.job,
                    "item": run.item or None,
                    "pr": run.change or None,
                    "instance": run.instance,
                    "attempt": run.attempt,
                    "round": run.round,
                    "waits_for": wait.kind,
                    "reason": wait.reason,
                    "not_before": moment(run.not_before) if run.not_before > now else None,
                    "waiting_seconds": seconds(max(0, now - run.queued)),
                }
            )
    return rows


def asked(state: State) -> list[Approval]:
    """The questions that nobody has answered yet, oldest first."""
    return [each for name in state.asked if not (each := state.approvals[name]).answer]


def answered(state: State, instance: str, job: str) -> Approval | None:
    """What a person has answered about a job, where nothing has followed from it yet."""
    found = (state.approvals[name] for name in state.asked)
    return next(
        (each for each in found if each.answer and (each.instance, each.job) == (instance, job)), None
    )


def approvals(state: State, now: int) -> list[dict[str, Any]]:
    """Everything that waits for a person, oldest first, with the words that let it go on."""
    return [
        {
            "id": each.id,
            "kind": each.kind,
            "why": each.why,
            "pr": each.change or None,
            "head": each.head or None,
            "item": item_of(state, each),
            "run": each.run or None,
            "job": each.job or None,
            "instance": each.instance or None,
            "asked": moment(each.asked),
            "waiting_seconds": seconds(max(0, now - each.asked)),
            "do": how_to_answer(each),
        }
        for each in asked(state)
    ]


def how_to_answer(approval: Approval) -> str:
    """What a person types to let it go on."""
    if approval.kind == "question":
        return f'fleet approve {approval.id} --note "your answer"'
    if approval.kind == "suspect":
        return f'fleet approve {approval.id} --note "why"'
    if approval.kind == "command":
        return f'fleet approve {approval.id}, or with --as-done -m "why"'
    if approval.kind == "takeover":
        return f"fleet handback {approval.run}"
    return f"fleet approve {approval.id}"


def at(state: State, now: int) -> State:
    """The same state at a later moment. It shares everything, so it is for looking only."""
    return replace(state, now=max(state.now, now))


def item_of(state: State, approval: Approval) -> int | None:
    """The item that an approval is about, None for none."""
    instance = state.instances.get(approval.instance)
    change = state.changes.get(approval.change)
    return (instance.item if instance else change.item if change else 0) or None


def _blocked(reason: str, now: int) -> Wait:
    if _QUARANTINE in reason:
        return Wait("quarantine", reason)
    if any(words in reason for words in _BUDGET):
        ends = [window_end(window, now) for window in ("day", "week") if f" of the {window}" in reason]
        until = f"; until {moment(min(ends))}" if ends else ""
        return Wait("budget", f"{reason}{until}")
    if _PROVIDER in reason:
        return Wait("rate limit", reason)
    if _SLOTS in reason:
        return Wait("slots", reason)
    return Wait("other", reason)
