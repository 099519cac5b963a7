"""Who plays a queued run, and when: the least loaded of the agents that may, within slots and budgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Agent, Fleet
from fleet.model.state import Change, Run, State
from fleet.policy.again import account_of
from fleet.policy.ask import asked_for, for_handoff
from fleet.policy.budget import UNBOUNDED, Allowance, allowance, live_by_agent
from fleet.policy.ceilings import scopes_of_job
from fleet.policy.fact import fact, wish
from fleet.policy.outcome import branch_name
from fleet.policy.priority import in_turn
from fleet.policy.suspect import standing_still
from fleet.policy.unstick import is_given_up_on
from fleet.policy.workflow import base_branch, workflow_of


@dataclass(frozen=True, slots=True)
class Placement:
    """Who takes a queued run, within what; or, in `waits`, why nobody does now."""

    agent: Agent | None = None
    within: Allowance = UNBOUNDED
    waits: str = ""


def runs_to_admit(fleet: Fleet, state: State) -> list[Event]:
    """Queued runs that start now, in their turn; with --step, the question whether they may."""
    decided: list[Event] = []
    live = live_by_agent(state)
    asked = state.approval_number
    if not any(len(live.get(agent.name, ())) < agent.slots for agent in fleet.agents):
        return []
    queued = (run for name in state.moving if (run := state.runs[name]).state == "queued")
    for run in in_turn(state, (run for run in queued if not state.instances[run.instance].outcome)):
        found = place(fleet, state, run, live)
        if found.agent is None:
            continue
        if state.step:
            approval = asked_for(state, kind="handoff", change=run.change, run=run.id)
            if approval is None:
                asked += 1
                decided.append(for_handoff(run, number=asked))
            if approval is None or approval.answer != "given":
                continue
        admitted = _admitted(fleet, state, run, found)
        live.setdefault(found.agent.name, []).append(_as_live(run, found))
        decided += [admitted, wish("start", run.id, {"run": run.id}, cause=run.cause, story=run.instance)]
    return decided


def place(
    fleet: Fleet, state: State, run: Run, live_runs: Mapping[str, list[Run]] | None = None
) -> Placement:
    """Who would take this queued run now, or what it waits for. `live_runs` are those that hold each agent's
    slots, for who asks about many runs at once.
    """
    instance = state.instances[run.instance]
    change = state.changes.get(instance.change)
    still = _stands_still(state, run, change) or state.crowded
    if still:
        return Placement(waits=still)
    workflow = workflow_of(fleet, instance)
    job = workflow.job(run.job) if workflow else None
    if job is None:
        return Placement(waits=f"the job {run.job} is not in fleet.yaml any more")
    reasons: list[str] = []
    able: list[tuple[float, int, Agent, Allowance]] = []
    before = state.runs.get(run.resumes)
    held = live_by_agent(state) if live_runs is None else live_runs
    everyone = [each for runs in held.values() for each in runs]
    shared = scopes_of_job(fleet, state, instance.workflow, run.item, everyone)
    names = list(job.agents)
    for order, name in enumerate(names):  # it may grow: who takes the place of another comes after all
        agent = fleet.agent(name)
        if agent is None:
            continue
        live = held.get(name, [])
        hold = state.holds.get(account_of(agent.harness, agent.model))
        if (
            change is not None
            and run.duty == "review"
            and f"agent/{name}" in (change.author, *change.authors)
        ):
            reasons.append(f"{name} wrote the change")
        elif name in state.agents and state.agents[name].quarantined:
            reasons.append(f"{name} is quarantined: {state.agents[name].quarantined}")
        elif hold is not None and hold.until > state.now:
            seconds = (hold.until - state.now) / 1000
            reasons.append(
                f"{name} waits {seconds:.0f} s for its provider, as {hold.run} had to: {hold.reason}"
            )
        elif len(live) >= agent.slots:
            reasons.append(f"{name} has no free slot ({agent.slots} in use)")
        elif (within := allowance(state, agent, live, shared)).refused:
            reasons.append(f"{name}: {within.refused}")
            names += _instead(agent, names)
        elif is_given_up_on(state, run, name):
            reasons.append(f"{name} was stuck in it twice")
            names += _instead(agent, names)
        else:
            able.append((len(live) / agent.slots, order, agent, within))
    if not able:
        return Placement(waits="; ".join(reasons) or "no agent can do it")
    # Who knows the conversation goes on with it; else the least loaded, and of those the first declared.
    same = [each for each in able if before is not None and each[2].name == before.agent]
    _, _, agent, within = min(same or able, key=lambda each: each[:2])
    return Placement(agent, within)


def _instead(agent: Agent, names: list[str]) -> list[str]:
    """Who does the work of this agent while it cannot, where fleet.yaml names one."""
    return [agent.fallback] if agent.fallback and agent.fallback not in names else []


def _stands_still(state: State, run: Run, change: Change | None) -> str:
    """Why nobody may begin with it now, whoever it is."""
    if run.not_before > state.now:
        return f"it is tried again in {(run.not_before - state.now) / 1000:.0f} s"
    return standing_still(change)


def _admitted(fleet: Fleet, state: State, run: Run, found: Placement) -> Event:
    assert found.agent is not None
    agent, instance = found.agent, state.instances[run.instance]
    change = state.changes.get(instance.change)
    before = state.runs.get(run.resumes)
    goes_on = before is not None and before.agent == agent.name and before.harness == agent.harness
    data = {
        "run": run.id,
        "agent": agent.name,
        "harness": agent.harness,
        "model": agent.model,
        "job": run.job,
        "round": run.round,
        "attempt": run.attempt,
        "change": instance.change,
        "head": change.head if change else "",
        "base": base_branch(fleet, state.items[run.item].repo),
        "branch": change.branch if change else branch_name(state, instance),
        "workspace": f"{instance.id}-{run.job}",
        "ceiling_ms": found.within.time_ms,
        "cost_limit": found.within.cost_micros,
        "token_limit": found.within.tokens,
        "conversation": before.conversation if goes_on and before is not None else "",
    }
    return fact(events.RUN_ADMITTED, data, cause=run.cause, story=run.instance)


def _as_live(run: Run, found: Placement) -> Run:
    """How the run will count against slots and budgets once it is admitted."""
    return Run(
        id=run.id,
        instance=run.instance,
        job=run.job,
        duty=run.duty,
        item=run.item,
        attempt=run.attempt,
        round=run.round,
        queued=run.queued,
        ceiling_ms=found.within.time_ms,
        cost_limit=found.within.cost_micros,
        token_limit=found.within.tokens,
    )
