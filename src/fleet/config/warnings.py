"""What a fleet may be but hardly should: nothing here keeps it from starting."""

from __future__ import annotations

from collections.abc import Iterator

from fleet.config.bounds import bounds
from fleet.config.never import never
from fleet.model.fleet import LABELS, Agent, Fleet, Job, Limit, Workflow
from fleet.policy.prices import price_of

_JUDGES = ("review", "check", "merge")
_TELL_NO_COST = ("codex", "command", "copilot", "gemini")


def warnings(fleet: Fleet) -> list[str]:
    """Each as one sentence; none when there is nothing to say."""
    about = (_agents, bounds, _prices, _logins, _workflows, _gate, never, _names, _labels)
    return [sentence for each in about for sentence in each(fleet)]


def _agents(fleet: Fleet) -> Iterator[str]:
    used = {name for workflow in fleet.workflows for job in workflow.jobs for name in job.agents}
    used |= {agent.fallback for agent in fleet.agents}
    for agent in fleet.agents:
        if agent.name not in used:
            yield f"No job uses the agent {agent.name}: it works only by hand (fleet run {agent.name})."
        if not agent.prompt and agent.harness != "scripted":
            yield f"{agent.name} has no template and no prompt: it knows no more than its duty."
        if agent.budget.per_run == Limit() and agent.budget.per_day == Limit():
            yield f"Nothing bounds what {agent.name} uses: it has no ceiling at all."


def _prices(fleet: Fleet) -> Iterator[str]:
    """A budget of money for a harness that tells tokens alone, and a model whose price is not known."""
    for agent in fleet.agents:
        spends = any(
            limit.cost_micros for limit in (agent.budget.per_run, agent.budget.per_day, agent.budget.per_week)
        )
        if not spends or agent.harness not in _TELL_NO_COST or price_of(agent.model, fleet.prices):
            continue
        named = f"of {agent.model}" if agent.model else "of its model, which fleet.yaml does not name"
        yield (
            f"{agent.name} has a budget of money, but {agent.harness} tells no cost and the price {named} is"
            " not known: each run counts as all that is set aside. Name it under prices, or bound time."
        )


def _logins(fleet: Fleet) -> Iterator[str]:
    users: dict[str, list[str]] = {login.lower(): [] for login, _ in fleet.logins}
    for agent in fleet.agents:
        if agent.login:
            users[agent.login.lower()].append(agent.name)
            if agent.duty not in _JUDGES:
                yield f"{agent.name} has the login {agent.login}, which is for agents that judge."
    for login, _ in fleet.logins:
        names = users[login.lower()]
        if not names:
            yield f"No agent has the login {login} of project.logins."
        if len(names) > 1:
            them = " and ".join(names)
            yield f"{them} share the login {login}: GitHub counts only the last review of a login."


def _workflows(fleet: Fleet) -> Iterator[str]:
    if not fleet.workflows:
        yield "There is no workflow: nothing starts by itself."
    for workflow in fleet.workflows:
        if _recurs_unbounded(fleet, workflow):
            yield (
                f"{workflow.name} starts by itself, again and again, and nothing bounds what it spends:"
                " give it, the fleet or its agents a budget per_day."
            )
        for job in workflow.jobs:
            if _duty(fleet, job) in ("review", "check") and not _after_a_change(fleet, workflow, job):
                yield f"{workflow.name}: {job.name} needs no job that makes a change: it has none to look at."
        starts = [each for each in workflow.jobs if _duty(fleet, each) == "change"]
        ends = [each for each in workflow.jobs if _duty(fleet, each) == "merge"]
        if starts and not ends:
            yield f"{workflow.name}: no job merges, so its changes stay open until a person merges them."
        if workflow.rounds == 0 and any(_duty(fleet, each) in _JUDGES for each in workflow.jobs):
            yield f"{workflow.name}: with rounds: 0 a change that is sent back waits for a person at once."


def _gate(fleet: Fleet) -> Iterator[str]:
    kinds = {each.kind for each in fleet.merge_gate}
    if not fleet.merge_gate:
        yield "The merge gate is empty: whatever an agent wrote is merged."
    if "checks" in kinds and not fleet.checks:
        yield "The gate asks for checks, but none is declared, so that asks for nothing."
    wanted = max(
        (each.approvals for each in fleet.merge_gate if each.kind == "review" and not each.by), default=0
    )
    for workflow in fleet.workflows:
        jobs = [job for job in workflow.jobs if _duty(fleet, job) in _JUDGES and job.agents]
        merges = any(_duty(fleet, job) == "merge" for job in workflow.jobs)
        if merges and len(jobs) < wanted:
            approvals = f"{wanted} approval{'s' if wanted > 1 else ''}"
            said = f"{workflow.name}: the gate wants {approvals}, its agents can give {len(jobs)}"
            yield f"{said}; a person has to give the rest."


def _names(fleet: Fleet) -> Iterator[str]:
    for workflow in fleet.workflows:
        if fleet.agent(workflow.name) is not None:
            yield f"{workflow.name} is an agent and a workflow: fleet run {workflow.name} means the agent."


def _labels(fleet: Fleet) -> Iterator[str]:
    labels = dict(fleet.labels)
    starts = {
        trigger.label: workflow.name
        for workflow in fleet.workflows
        for trigger in workflow.triggers
        if trigger.kind == "issue" and trigger.label
    }
    for state, label in fleet.labels:
        if state != "ready" and label in starts:
            yield f"{starts[label]}: Fleet itself sets the label {label} ({state}), which is to start it."
    if labels["ready"] != dict(LABELS)["ready"] and starts and labels["ready"] not in starts:
        yield f"No workflow starts with the label {labels['ready']}, which is the one of labels.ready."


def _after_a_change(fleet: Fleet, workflow: Workflow, job: Job) -> bool:
    look, seen = list(job.needs), set()
    while look:
        name = look.pop()
        need = workflow.job(name)
        if need is None or name in seen:
            continue
        if _duty(fleet, need) == "change":
            return True
        seen.add(name)
        look += need.needs
    return False


def _recurs_unbounded(fleet: Fleet, workflow: Workflow) -> bool:
    """Whether each run of it may be fine and all of them together cost a fortune."""
    agents = [agent for agent in fleet.agents if any(agent.name in job.agents for job in workflow.jobs)]
    windows = [fleet.budget, workflow.budget]
    if not agents or any(each.per_day != Limit() or each.per_week != Limit() for each in windows):
        return False
    bounded = all(each.budget.per_day != Limit() or each.budget.per_week != Limit() for each in agents)
    return not bounded and any(each.kind == "schedule" for each in workflow.triggers)


def _duty(fleet: Fleet, job: Job) -> str:
    if job.action:
        return job.action
    agents = [agent for name in job.agents if isinstance(agent := fleet.agent(name), Agent)]
    return agents[0].duty if agents else ""
