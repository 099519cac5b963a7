"""What time alone will change: when the rules have to be asked again though nothing has happened."""

from __future__ import annotations

from typing import Literal

from fleet.model.fleet import Fleet
from fleet.model.state import State, Wish
from fleet.policy.admit import place
from fleet.policy.budget import live_by_agent, next_day
from fleet.policy.ceilings import has_windows
from fleet.policy.guard import begins_until
from fleet.policy.land import landing, tried_again_at
from fleet.policy.leak import is_withheld
from fleet.policy.notify import telling_times
from fleet.policy.question import answers_due
from fleet.policy.remind import gate_times
from fleet.policy.retain import forgets_at
from fleet.policy.schedule import NEVER, next_firing
from fleet.policy.show import waits
from fleet.policy.unstick import looks_due
from fleet.policy.vouch import vouching_times

_SOON_MS = 15 * 60_000  # a provider that is left alone for longer is nothing to wait for

Rest = Literal["busy", "idle", "waits"]


def next_due(fleet: Fleet, state: State) -> int | None:
    """The next moment (ms since the epoch) at which a rule may say something new; None when there is none."""
    times = [
        next_firing(trigger.cron, state.scheduled[workflow.name])
        for workflow in fleet.workflows
        for trigger in workflow.triggers
        if trigger.kind == "schedule" and workflow.name in state.scheduled
    ]
    queued = [run for name in state.moving if (run := state.runs[name]).state == "queued"]
    times += [run.not_before for run in queued if run.not_before > state.now]
    if queued and has_windows(fleet):
        times.append(next_day(state.now))
    times += gate_times(fleet, state)
    times += [*telling_times(fleet, state), *vouching_times(fleet, state)]
    for _, _, change in landing(state):
        times += [time for time in (tried_again_at(change), begins_until(state, change)) if time > state.now]
    times += [*looks_due(fleet, state), *answers_due(fleet, state)]
    forgets = forgets_at(fleet, state)
    times += [] if forgets is None else [forgets]
    if queued:
        times += [hold.until for hold in state.holds.values() if hold.until > state.now]
    return min((time for time in times if time < NEVER), default=None)


def rest(fleet: Fleet, state: State) -> Rest:
    """Whether anything is under way: `busy`; nothing, and nothing is left to do: `idle`; or what is left
    `waits` for a person.
    """
    live_runs = [run for name in state.moving if (run := state.runs[name]).live]
    if state.pending or any(not is_withheld(state, run) for run in live_runs):
        return "busy"
    queued = [run for name in state.moving if (run := state.runs[name]).state == "queued"]
    live = live_by_agent(state)
    if any(run.not_before > state.now or place(fleet, state, run, live).agent is not None for run in queued):
        handoffs = {
            state.approvals[name].run for name in state.asked if state.approvals[name].kind == "handoff"
        }
        if any(run.id not in handoffs for run in queued):
            return "busy"
    if queued and any(0 < hold.until - state.now <= _SOON_MS for hold in state.holds.values()):
        return "busy"
    if any(time - state.now <= _SOON_MS for time in answers_due(fleet, state)):
        return "busy"
    if any(not is_held(state, wish) and not waits(state, wish) for wish in state.wishes.values()):
        return "busy"
    if any(begins_until(state, change) for _, _, change in landing(state)):
        return "busy"
    return "waits" if state.asked or state.active or state.wishes or queued else "idle"


def is_held(state: State, wish: Wish) -> bool:
    """Whether a wish stands still until a person does something: a merge into a checkout that has changes."""
    change = state.changes.get(wish.args.get("change", 0))
    return wish.kind == "merge" and change is not None and change.held.get("kind") not in (None, "conflict")
