"""Agents: what each is doing, what keeps it from doing more, and what it used of its day."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from fleet.model.fleet import Fleet
from fleet.model.state import AgentRecord, Run, State
from fleet.policy.budget import UNBOUNDED, allowance, live_by_agent, live_runs
from fleet.policy.workflow import workflow_of
from fleet.views.doing import doing, standing
from fleet.views.ledger import agent_budget, spent_seconds
from fleet.views.units import dollars, moment, seconds
from fleet.views.waiting import asked, at, how_to_answer, wait_of

AgentState = Literal["running", "idle", "blocked", "failed", "quarantined"]

_BAD = ("failed", "timed_out", "over_budget")
_HELD_UP = ("slots", "budget", "rate limit", "other", "watcher")


class Condition(NamedTuple):
    """An agent's state and, where it is not plain, the reason."""

    state: AgentState
    reason: str


def agents(fleet: Fleet, state: State, now: int, *, watched: bool) -> list[dict[str, Any]]:
    """One row for each agent of fleet.yaml, and for those that are gone from it but still have a live run or
    a quarantine.
    """
    state = at(state, now)
    names = [agent.name for agent in fleet.agents]
    gone = (name for name in state.agents if fleet.agent(name) is None)
    live = live_by_agent(state)
    names += [name for name in gone if name in live or state.agents[name].quarantined]
    last = _last_runs(state)
    return [
        _row(fleet, state, name, now, live.get(name, []), last.get(name), watched=watched) for name in names
    ]


def condition_of(fleet: Fleet, state: State, name: str, now: int, *, watched: bool) -> Condition:
    """What an agent does now: `quarantined`, `running`, `failed` (its last run ended badly), `blocked` (it
    could work but for the reason) or `idle`.
    """
    state = at(state, now)
    live = live_runs(state, name)
    return _condition(fleet, state, name, now, live, last_run(state, name), watched=watched)


def _condition(
    fleet: Fleet, state: State, name: str, now: int, live: list[Run], last: Run | None, *, watched: bool
) -> Condition:
    record = state.agents.get(name) or AgentRecord(name)
    if record.quarantined:
        return Condition("quarantined", f'{record.quarantined} (fleet release {name} -m "why")')
    if live:
        return Condition("running", "; ".join(f"{run.id} is stopping" for run in live if run.stop_reason))
    blocked = _held_up(fleet, state, name, now, watched=watched)
    if last is not None and last.outcome in _BAD:
        if last.reason and last.reason in blocked:
            return Condition("failed", blocked)
        also = f"; {blocked}" if blocked else ""
        return Condition("failed", f"{last.id} {_said(last)}: {last.reason}{also}")
    return Condition("blocked", blocked) if blocked else Condition("idle", "")


def run_row(run: Run, now: int) -> dict[str, Any]:
    """A run as every list shows it."""
    where = standing(run, now)
    return {
        "id": run.id,
        "agent": run.agent or None,
        "job": run.job,
        "duty": run.duty,
        "item": run.item or None,
        "pr": run.change or None,
        "instance": run.instance,
        "state": run.state,
        "outcome": run.outcome or None,
        "reason": run.reason or (f"stopping: {run.stop_reason}" if run.stop_reason else ""),
        "phase": where.phase,
        "waits_for": where.waits_for or None,
        "phase_reason": where.reason,
        "doing": doing(run, now),
        "last_action": run.action,
        "last_action_at": moment(run.acted),
        "queued": moment(run.queued),
        "started": moment(run.started),
        "ended": moment(run.ended),
        "seconds": spent_seconds(run, now),
        "ceiling_seconds": seconds(run.ceiling_ms) or None,
        "cost": dollars(run.cost_micros),
        "cost_known": run.cost_known or not (run.tokens or run.turns),
        "tokens": run.tokens,
        "harness": run.harness,
        "model": run.model,
        "sandbox": run.sandbox or None,
        "conversation": run.conversation or None,
        "attempt": run.attempt,
        "round": run.round,
        "workspace": run.workspace or None,
        "question": run.question or None,
        "denied": run.denied,
    }


def last_run(state: State, name: str) -> Run | None:
    """The agent's run that ended last."""
    ended = [run for run in state.runs.values() if run.agent == name and run.state == "ended"]
    return max(ended, key=lambda run: run.ended, default=None)


def _last_runs(state: State) -> dict[str, Run]:
    """The same for every agent that has any."""
    found: dict[str, Run] = {}
    for run in state.runs.values():
        if run.state == "ended" and (run.agent not in found or run.ended > found[run.agent].ended):
            found[run.agent] = run
    return found


def _row(
    fleet: Fleet, state: State, name: str, now: int, live: list[Run], last: Run | None, *, watched: bool
) -> dict[str, Any]:
    agent = fleet.agent(name)
    record = state.agents.get(name) or AgentRecord(name)
    condition = _condition(fleet, state, name, now, live, last, watched=watched)
    return {
        "name": name,
        "state": condition.state,
        "reason": condition.reason if agent else (condition.reason or "it is not in fleet.yaml any more"),
        "duty": agent.duty if agent else "",
        "harness": agent.harness if agent else "",
        "model": agent.model if agent else "",
        "slots": agent.slots if agent else 0,
        "slots_used": len(live),
        "runs": [run_row(run, now) for run in live],
        "budget": agent_budget(state, agent, name, now, live),
        "failures_in_a_row": record.failures,
        "denied_actions": record.denied,
    }


def _held_up(fleet: Fleet, state: State, name: str, now: int, *, watched: bool) -> str:
    """Why an agent without a live run doesn't work, though something is there for it to do; else empty."""
    for approval in asked(state):
        run = state.runs.get(approval.run)
        if run is not None and (run.agent == name or (not run.agent and name in _players(fleet, state, run))):
            return f"{run.id} waits for a person: {approval.why} ({how_to_answer(approval)})"
    for each in state.moving:
        run = state.runs[each]
        if run.state == "queued" and name in _players(fleet, state, run):
            wait = wait_of(fleet, state, run, now, watched=watched)
            if wait.kind in _HELD_UP or wait.kind == "backs off":
                return f"{run.id}: {wait.reason}"
    agent = fleet.agent(name)
    within = allowance(state, agent, []) if agent else UNBOUNDED
    return f"{within.refused}; until {moment(within.until)}" if within.refused else ""


def _players(fleet: Fleet, state: State, run: Run) -> tuple[str, ...]:
    """Who may play a run."""
    instance = state.instances.get(run.instance)
    workflow = workflow_of(fleet, instance) if instance else None
    job = workflow.job(run.job) if workflow else None
    return job.agents if job else ()


def _said(run: Run) -> str:
    return {"timed_out": "ran out of time", "over_budget": "went over its budget"}.get(run.outcome, "failed")
