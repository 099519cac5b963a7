"""Everything that needs a person, in one queue: what is asked, by whom, what for, since when, and what waits
behind it. For the page, the dashboard and `fleet approvals` alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from fleet.model.fleet import Agent, Fleet
from fleet.model.state import AgentRecord, Approval, Run, State
from fleet.policy.budget import Allowance, allowance
from fleet.policy.ceilings import scopes_of_job
from fleet.policy.folds.runs import workflow_name
from fleet.policy.taken import KIND as COMMAND
from fleet.policy.workflow import dependents, workflow_of
from fleet.views.units import moment, seconds
from fleet.views.waiting import asked, at, how_to_answer, item_of

Urgency = Literal["now", "soon", "later"]
"""`now`: an agent stands still until it is answered. `soon`: other work waits behind it. `later`: nothing but
its own work does."""

_ORDER: Mapping[str, int] = {"now": 0, "soon": 1, "later": 2}
_SENDS_BACK = ("merge",)
_NEEDS_WORDS = ("question", "suspect")
_MOST_BEHIND = 6


def needs(fleet: Fleet, state: State, now: int) -> list[dict[str, Any]]:
    """One row for each thing that waits for a person, the most urgent first and then the longest wait.

    `id` is what a person names it by (an approval, or an agent's name), `kind` what is asked, `answers` what
    may be answered in place: approve, reject, send-back, as-done, always, release. `words` are the answers
    that need words.
    """
    state = at(state, now)
    queued = _queued_by_agent(fleet, state)
    rows = [_asked(fleet, state, each, now, queued) for each in asked(state)]
    rows += [
        _quarantined(fleet, record, now, queued.get(record.name, []))
        for record in state.agents.values()
        if record.quarantined
    ]
    rows += _spent(fleet, state, now, queued)
    rows.sort(key=lambda row: (_ORDER[row["urgency"]], -row["waiting_seconds"]))
    return rows


def how_many(state: State) -> int:
    """How many things wait for a person's answer: the rows of `needs` that can be answered in place."""
    return len(asked(state)) + sum(1 for record in state.agents.values() if record.quarantined)


def _asked(
    fleet: Fleet, state: State, each: Approval, now: int, queued: Mapping[str, list[Run]]
) -> dict[str, Any]:
    run = state.runs.get(each.run)
    change = state.changes.get(each.change)
    item = state.items.get(item_of(state, each) or 0)
    instance = state.instances.get(each.instance)
    holds = run is not None and run.live
    others = (
        [f"{other.id} waits for {run.agent}'s slot" for other in queued.get(run.agent, [])]
        if run and holds
        else []
    )
    others += _merges_behind(state, each)
    own = [f"{job} of {each.instance}" for job in _jobs_behind(fleet, state, each)]
    answers = ["approve", "reject", *(["send-back"] if each.kind in _SENDS_BACK else [])]
    answers += ["as-done"] if each.kind == COMMAND else []
    if any(held.approval == each.id and held.offer for held in state.held.values()):
        answers.append("always")
    return {
        "id": each.id,
        "kind": each.kind,
        "urgency": "now" if holds else "soon" if others else "later",
        "who": (run.agent if run else "")
        or (change.author.removeprefix("agent/") if change else "")
        or "fleet",
        "title": change.title if change else item.title if item else "",
        "why": each.why,
        "repo": (change.repo if change else item.repo if item else "") or None,
        "pr": each.change or None,
        "head": each.head or None,
        "item": item_of(state, each),
        "run": each.run or None,
        "job": each.job or None,
        "agent": (run.agent if run else "") or None,
        "workflow": (instance.workflow if instance else "") or None,
        "instance": each.instance or None,
        "asked": moment(each.asked),
        "waiting_seconds": seconds(max(0, now - each.asked)),
        "behind": (others + own)[:_MOST_BEHIND],
        "answers": answers,
        "words": ["approve"] if each.kind in _NEEDS_WORDS else ["reject", "send-back", "as-done"],
        "do": how_to_answer(each),
    }


def _quarantined(fleet: Fleet, record: AgentRecord, now: int, waiting: list[Run]) -> dict[str, Any]:
    behind = [f"{run.id}, {run.job} of {run.instance}" for run in waiting]
    return _of_agent(record.name) | {
        "kind": "quarantine",
        "urgency": "soon" if behind else "later",
        "title": f"{record.name} is in quarantine",
        "why": record.quarantined,
        "asked": moment(record.since) if record.since else None,
        "waiting_seconds": seconds(max(0, now - record.since)) if record.since else 0.0,
        "behind": behind[:_MOST_BEHIND],
        "answers": ["release"] if record.quarantined else [],
        "words": ["release"],
        "do": f'fleet release {record.name} -m "why"',
    }


def _spent(fleet: Fleet, state: State, now: int, queued: Mapping[str, list[Run]]) -> list[dict[str, Any]]:
    """Agents that have work and no budget left for it. A person may raise it, or wait. What is only set aside
    for runs at work is not gone yet.
    """
    rows = []
    for name, runs in queued.items():
        agent = fleet.agent(name)
        waits = _for_want_of_budget(fleet, state, agent, runs) if agent else []
        if not waits or (name in state.agents and state.agents[name].quarantined):
            continue
        since, out = min(run.queued for run, _ in waits), waits[0][1]
        until = f"; until {moment(out.until)}" if out.until else ""
        rows.append(
            _of_agent(name)
            | {
                "kind": "budget",
                "urgency": "soon",
                "title": f"{name} has no budget left{'' if out.until else ' for this'}",
                "why": f"{out.refused}{until}",
                "asked": moment(since),
                "waiting_seconds": seconds(max(0, now - since)),
                "behind": [f"{run.id}, {run.job} of {run.instance}" for run, _ in waits][:_MOST_BEHIND],
                "answers": [],
                "words": [],
                "do": f"raise {out.place} in fleet.yaml{', or wait' if out.until else ''}",
            }
        )
    return rows


def _for_want_of_budget(
    fleet: Fleet, state: State, agent: Agent, runs: list[Run]
) -> list[tuple[Run, Allowance]]:
    """Those of the runs that may not begin for want of a budget, each with what is spent."""
    found = []
    for run in runs:
        shared = scopes_of_job(fleet, state, workflow_name(state, run), run.item, ())
        within = allowance(state, agent, [], shared)
        if within.refused:
            found.append((run, within))
    return found


def _of_agent(name: str) -> dict[str, Any]:
    nothing = dict.fromkeys(("repo", "pr", "head", "item", "run", "job", "workflow", "instance"))
    return {"id": name, "who": name, "agent": name, **nothing}


def _queued_by_agent(fleet: Fleet, state: State) -> dict[str, list[Run]]:
    """For each agent the queued runs that it may play."""
    found: dict[str, list[Run]] = {}
    for name in state.moving:
        run = state.runs[name]
        if run.state != "queued":
            continue
        instance = state.instances.get(run.instance)
        workflow = workflow_of(fleet, instance) if instance else None
        job = workflow.job(run.job) if workflow else None
        for agent in job.agents if job else ():
            found.setdefault(agent, []).append(run)
    return found


def _jobs_behind(fleet: Fleet, state: State, each: Approval) -> list[str]:
    """The jobs of its own workflow that can't begin before it is answered."""
    instance = state.instances.get(each.instance)
    workflow = workflow_of(fleet, instance) if instance else None
    if instance is None or workflow is None:
        return []
    names = dependents(workflow, each.job) if each.job else [job.name for job in workflow.jobs]
    return [name for name in names if name in instance.jobs and instance.jobs[name].state != "done"]


def _merges_behind(state: State, each: Approval) -> list[str]:
    """The changes that are merged after this one, which holds the turn of its repository."""
    change = state.changes.get(each.change)
    if change is None or not change.held:
        return []
    landing = {
        other.id
        for other in state.changes.values()
        if other.open and other.id != change.id and other.repo == change.repo
        if any(job.state == "landing" for job in _jobs(state, other.instance))
    }
    return [f"#{number} is merged after it" for number in sorted(landing)]


def _jobs(state: State, instance: str) -> list[Any]:
    found = state.instances.get(instance)
    return list(found.jobs.values()) if found else []
