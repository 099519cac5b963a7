"""The workflow that an instance follows, and the order of its jobs."""

from __future__ import annotations

from fleet.model.fleet import Duty, Fleet, Job, Workflow
from fleet.model.proposal import WORKFLOW
from fleet.model.state import Instance, State


def workflow_of(fleet: Fleet, instance: Instance) -> Workflow | None:
    """What the instance follows; for a task given to one agent, that agent's job alone; for a change of
    Fleet's own, its merge. None: it is not declared any more.
    """
    if instance.workflow == WORKFLOW:
        return Workflow(WORKFLOW, (), (Job("merge", action="merge"),))
    if instance.agent:
        if fleet.agent(instance.agent) is None:
            return None
        return Workflow("", (), (Job(instance.agent, agents=(instance.agent,)),))
    return fleet.workflow(instance.workflow)


def base_branch(fleet: Fleet, repo: str) -> str:
    """The branch that changes of this repository ("" in the local forge) are merged into."""
    return next((each.base for each in fleet.repos if each.name == repo), fleet.base)


def duty_of(fleet: Fleet, job: Job) -> Duty:
    """What a job produces: its agents' duty, or its own action."""
    if job.action == "run":
        return "report"
    if job.action:
        return job.action
    agents = [agent for name in job.agents if (agent := fleet.agent(name))]
    return agents[0].duty if agents else "report"


def dependents(workflow: Workflow, job: str) -> list[str]:
    """The jobs that need this one, however indirectly, in the order they are declared."""
    found = {job}
    for _ in workflow.jobs:
        found |= {each.name for each in workflow.jobs if found & set(each.needs)}
    return [each.name for each in workflow.jobs if each.name in found and each.name != job]


def needs_met(instance: Instance, job: Job) -> bool:
    """Whether every job that this one needs is done."""
    return all(instance.jobs[need].state == "done" for need in job.needs if need in instance.jobs)


def works(state: State, instance: Instance, jobs: list[str]) -> bool:
    """Whether one of these jobs has a run that lives."""
    return any(
        (run := state.runs.get(name)) is not None and run.live
        for job in jobs
        if job in instance.jobs
        for name in instance.jobs[job].runs[-1:]
    )
