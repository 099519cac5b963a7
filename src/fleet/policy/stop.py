"""Ending and steering what runs: over budget, quarantined, not wanted any more, or told so by a person."""

from __future__ import annotations

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import Run, State
from fleet.policy.ask import stuck
from fleet.policy.budget import overspent
from fleet.policy.ceilings import works_overtime
from fleet.policy.fact import fact, wish
from fleet.policy.question import answer_by
from fleet.policy.suspect import standing_still
from fleet.policy.unstick import FROM_FLEET

MOST_WAITED_MS = 86_400_000
_QUARANTINE = "quarantine"


def runs_to_stop(fleet: Fleet, state: State) -> list[Event]:
    """Live runs that have to end, each with the reason."""
    decided = []
    live = _live(state)
    over = overspent(fleet, state) if live else {}
    for run in live:
        if run.state == "collecting" or (run.stop_reason and _is_at_once(run)):
            continue
        kind, reason = _must_end(state, run)
        if run.stop_reason and kind != _QUARANTINE:
            continue
        if not kind and run.id in over:
            kind, reason = "over_budget", over[run.id]
        if not kind and works_overtime(run):
            kind, reason = "over_budget", "it went on past the ceiling of its time"
        if kind:
            data = {"run": run.id, "reason": reason, "kind": kind, "actor": "fleet"}
            decided.append(fact(events.RUN_STOP_ASKED, data, cause=run.cause, story=run.instance))
    return decided


def sessions_to_stop(fleet: Fleet, state: State) -> list[Event]:
    """Wishes to end the sessions of runs that were asked to stop. Of one that is only being made ready, what
    makes it so is ended, and its session is not begun.
    """
    del fleet
    found = []
    for run in _live(state):
        if (
            not run.stop_reason
            or run.stopping
            or run.state == "collecting"
            or f"stop/{run.id}" in state.wishes
        ):
            continue
        args = {"run": run.id, "reason": _QUARANTINE if _is_at_once(run) else run.stop_kind}
        args |= {"workspace": run.workspace} if run.state == "starting" else {}
        found.append(wish("stop", run.id, args, cause=run.cause, story=run.instance))
    return found


def _is_at_once(run: Run) -> bool:
    return run.at_once or run.stop_kind == _QUARANTINE


def time_to_allow(fleet: Fleet, state: State) -> list[Event]:
    """Wishes to let sessions last longer by what they waited for their provider: that is not their time."""
    del fleet
    return [
        wish(
            "allow",
            run.id,
            {"run": run.id, "ms": min(run.waited_ms, MOST_WAITED_MS)},
            cause=run.cause,
            story=run.instance,
        )
        for run in _live(state)
        if run.waited_ms != run.allowed_ms
        if run.state == "running" and run.ceiling_ms and f"allow/{run.id}" not in state.wishes
        if abs(min(run.waited_ms, MOST_WAITED_MS) - run.allowed_ms) >= 1000
    ]


def runs_to_cancel(fleet: Fleet, state: State) -> list[Event]:
    """Queued runs that nobody wants any more. What a person stopped before it began waits for a person."""
    del fleet
    decided: list[Event] = []
    asked = state.approval_number
    for name in state.moving:
        run = state.runs[name]
        instance = state.instances[run.instance]
        if run.state == "queued" and (instance.outcome or run.stop_reason):
            reason = run.stop_reason or f"its workflow has ended: {instance.reason}"
            data = {"run": run.id, "reason": reason}
            cause = instance.cause if instance.outcome else run.cause
            decided.append(fact(events.RUN_CANCELLED, data, cause=cause, story=run.instance))
            if not instance.outcome:
                asked += 1
                why = f"{run.stopped_by or 'a person'} stopped it before it began: {reason}"
                decided += stuck(state, instance, run.job, "stopped", why, number=asked, run=run.id)
    return decided


def words_to_say(fleet: Fleet, state: State) -> list[Event]:
    """Wishes to tell live agents what people, and Fleet itself, said to them."""
    del fleet
    return [
        wish(
            "say", event, {"run": run.id, "text": text, "by": _speaker(text)}, cause=event, story=run.instance
        )
        for run in _live(state)
        if run.state == "running"
        for event, text in run.unsaid.items()
    ]


def _speaker(text: str) -> str:
    return "Fleet" if text.startswith(FROM_FLEET) else "a person"


def _must_end(state: State, run: Run) -> tuple[str, str]:
    agent = state.agents.get(run.agent)
    instance = state.instances[run.instance]
    if run.cost_limit and run.cost_micros >= run.cost_limit:
        return "over_budget", f"it spent ${run.cost_micros / 1e6:.2f} of ${run.cost_limit / 1e6:.2f}"
    if run.token_limit and run.tokens > run.token_limit:
        return "over_budget", f"it used {run.tokens} of {run.token_limit} tokens"
    if agent is not None and agent.quarantined:
        return _QUARANTINE, f"{run.agent} is quarantined: {agent.quarantined}"
    still = standing_still(state.changes.get(instance.change))
    if still:
        return _QUARANTINE, still
    if instance.outcome:
        return "not_wanted", f"its workflow has ended: {instance.reason}"
    if answer_by(run) and state.now >= answer_by(run):
        return "question", f"it asks, and waits: {run.question}"
    return "", ""


def _live(state: State) -> list[Run]:
    return [run for name in state.moving if (run := state.runs[name]).live]
