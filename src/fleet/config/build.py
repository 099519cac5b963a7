"""From a file whose every word is right to the plain data that the rules work on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Literal, cast

from fleet.config import gate_schema, schema
from fleet.config.care_schema import budget_of, ceilings_of, questions_of, stuck_of
from fleet.config.notify_schema import NotifyTo
from fleet.config.permit_schema import built
from fleet.config.price_schema import prices_of
from fleet.config.templates import Template
from fleet.config.workspace_schema import keeping_of, set_up
from fleet.model.channel import Channel
from fleet.model.fleet import (
    Agent,
    Check,
    Duty,
    Fleet,
    Job,
    Order,
    Repo,
    Requirement,
    Sandboxing,
    Trigger,
    Workflow,
)
from fleet.model.gates import RUN, Asking, Window
from fleet.model.quarantine import Quarantining


def build(declared: schema.FleetFile, templates: Mapping[str, Template], *, folder: str) -> Fleet:
    """The fleet. `templates` are the agents' own, by agent; `folder` names a project that has no name."""
    agents = tuple(
        made
        for name, agent in declared.agents.items()
        for made in _with_fallback(_agent(name, agent, templates.get(name), declared), agent, declared)
    )
    defaults = Fleet(name="")
    gate = declared.gates.merge
    labels = tuple(declared.project.labels.model_dump().items())
    fleet = Fleet(
        name=declared.project.name or folder,
        base=declared.project.base,
        forge=declared.project.forge,
        repos=tuple(_repos(declared.project)),
        host=declared.project.host,
        trusted=tuple(declared.project.trusted),
        teams=tuple((name, tuple(people)) for name, people in declared.project.teams.items()),
        logins=tuple(sorted(_logins(declared).items())),
        labels=labels,
        merge_method=declared.project.merge,
        agents=agents,
        workflows=tuple(
            _workflow(name, each, agents, dict(labels)["ready"]) for name, each in declared.workflows.items()
        ),
        checks=tuple(Check(name, each.run, each.time) for name, each in declared.checks.items()),
        gates=tuple(_gates(declared)),
        merge_gate=defaults.merge_gate if gate is None else tuple(_requirement(each) for each in gate),
        quarantine_failures=declared.quarantine.failures,
        quarantine_when=declared.quarantine.when or "",
        quarantine=_quarantining(declared.quarantine),
        attempts=declared.attempts,
        budget=ceilings_of(declared.budget),
        sandbox=_sandbox(declared.sandbox),
        audit_push=declared.audit.push,
        transcripts_ms=declared.retention.transcripts or 0,
        prices=tuple(sorted(prices_of(declared.prices))),
        setup=set_up(declared.workspace),
        keeping=keeping_of(declared.workspace),
        notify=tuple(_channel(each) for each in declared.notify.to),
        notify_link=declared.notify.link,
    )
    return replace(fleet, digest=digest_of(fleet))


def digest_of(fleet: Fleet) -> str:
    """Tells one version of the configuration from another: all of it counts, the templates' text too."""
    content = {
        name: value for name, value in asdict(fleet).items() if not name.startswith("_") and name != "digest"
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def duty_of(agent: schema.Agent, template: Template | None) -> Duty | str:
    """What the agent is for: what fleet.yaml says, else what its template does, else ""."""
    return agent.duty or (template.duty if template else "")


def _agent(name: str, agent: schema.Agent, template: Template | None, declared: schema.FleetFile) -> Agent:
    defaults = declared.defaults
    body = template.body if template else ""
    own = (agent.prompt or "").strip()
    model = agent.model or (template.model if template else "") or defaults.model or ""
    tools = agent.tools if agent.tools is not None else template.tools if template else ()
    return Agent(
        name=name,
        duty=cast("Duty", duty_of(agent, template)),
        harness=agent.harness or defaults.harness,
        model="" if model == "inherit" else model,
        slots=agent.slots,
        prompt=f"{body}\n\n{own}" if body and own else body or own,
        template=agent.template or "",
        tools=tuple(tools),
        budget=budget_of(agent.budget, defaults.budget),
        stuck=stuck_of(agent.stuck, defaults.stuck),
        questions=questions_of(agent.questions, defaults.questions),
        fallback=_fallback_name(name, agent),
        options=tuple(sorted(agent.options.items())),
        sandbox=_sandbox(agent.sandbox or declared.sandbox, declared.sandbox),
        permissions=built(agent.permissions),
        login=agent.login or "",
    )


def _channel(to: NotifyTo) -> Channel:
    quiet = Window(to.quiet.days, *to.quiet.hours, to.quiet.zone) if to.quiet else None
    return Channel(to.url, tuple(to.kinds), quiet, -1 if to.digest is None else to.digest, to.zone)


def _logins(declared: schema.FleetFile) -> dict[str, str]:
    """The logins of agents, and where gh is logged in as each; "" where gh itself has it beside its own."""
    folders = {login.lower(): folder or "" for login, folder in declared.project.logins.items()}
    used = [agent.login for agent in declared.agents.values() if agent.login]
    return {login: folders.get(login.lower(), "") for login in (*used, *declared.project.logins)}


def _with_fallback(made: Agent, agent: schema.Agent, declared: schema.FleetFile) -> Iterator[Agent]:
    """The agent, and where a cheaper model stands in for it, the one that has that."""
    yield made
    if agent.fallback is not None and agent.fallback.model:
        budget = budget_of(agent.fallback.budget, declared.defaults.budget)
        yield replace(made, name=made.fallback, model=agent.fallback.model, budget=budget, fallback="")


def _fallback_name(name: str, agent: schema.Agent) -> str:
    if agent.fallback is None:
        return ""
    return f"{name}-fallback" if agent.fallback.model else agent.fallback.agent or ""


def _sandbox(own: schema.Sandbox, common: schema.Sandbox | None = None) -> Sandboxing:
    """An agent's own word on whether there is one goes; what all may use is added to what it may."""
    shared = common or own
    return Sandboxing(
        use=own.use,
        reads=tuple(dict.fromkeys((*shared.reads, *own.reads))),
        writes=tuple(dict.fromkeys((*shared.writes, *own.writes))),
    )


def _repos(project: schema.Project) -> Iterator[Repo]:
    if project.repo is not None:
        yield Repo(project.repo, project.base)
    for each in project.repos or ():
        yield Repo(each.repo, each.base or project.base, each.url or "")


def _quarantining(declared: schema.Quarantine) -> Quarantining:
    return Quarantining(
        level="" if declared.level == "never" else declared.level,
        denied=declared.denied,
        hourly_micros=declared.spending or 0,
        secrets=declared.secrets,
        tampering=declared.tampering,
        score=declared.score,
    )


def _workflow(name: str, workflow: schema.Workflow, agents: tuple[Agent, ...], ready: str) -> Workflow:
    return Workflow(
        name=name,
        triggers=tuple(trigger for each in workflow.on for trigger in _triggers(each, ready))
        or (Trigger("manual"),),
        jobs=tuple(_job(each, job, agents) for each, job in workflow.jobs.items()),
        rounds=workflow.rounds,
        budget=ceilings_of(workflow.budget),
    )


def _triggers(on: schema.Triggers, ready: str) -> Iterator[Trigger]:
    if on.issue is not None:
        label = ready if on.issue.labeled == "" else on.issue.labeled or ""
        yield Trigger("issue", label=label, when=on.issue.when or "")
    if on.event is not None:
        yield Trigger("event", event=on.event.type, when=on.event.when or "")
    if on.schedule is not None:
        yield Trigger("schedule", cron=on.schedule)
    if on.merge is not None:
        yield Trigger("merge", when=on.merge.when or "")
    if on.manual is not None:
        yield Trigger("manual")


def _job(name: str, job: schema.Job, agents: tuple[Agent, ...]) -> Job:
    if job.agent is not None:
        able: tuple[str, ...] = (job.agent,)
    elif job.duty is not None:
        able = tuple(agent.name for agent in agents if agent.duty == job.duty)
    else:
        able = tuple(job.agents or ())
    return Job(
        name,
        agents=able,
        action=_action(job),
        needs=tuple(dict.fromkeys(job.needs)),
        tag=job.tag or "",
        notes=job.notes or "",
        order=_order(name, job),
    )


def _action(job: schema.Job) -> Literal["", "merge", "release", "run"]:
    if job.action in ("merge", "release"):
        return cast('Literal["merge", "release"]', job.action)
    return "run" if job.action or job.command else ""


def _order(name: str, job: schema.Job) -> Order | None:
    if job.command is None:
        return None
    kind = name if job.action in (None, RUN) else job.action
    limit = Order("", "").time_ms if job.time is None else job.time
    return Order(kind, job.command, limit, tuple(dict.fromkeys(job.env)))


def _gates(declared: schema.FleetFile) -> Iterator[tuple[str, tuple[Requirement, ...]]]:
    """The gates of other actions than a merge, those that ask for anything."""
    for kind, lines in declared.gates.others():
        if lines:
            yield kind, tuple(_requirement(each) for each in lines)


def _requirement(each: gate_schema.Requirement | gate_schema.ActionLine) -> Requirement:
    if isinstance(each, gate_schema.Requirement) and each.review is not None:
        asked = each.review
        return Requirement("review", approvals=asked.approvals, by=tuple(asked.by), different=asked.different)
    if each.human is not None:
        return _human(each.human)
    if each.window is not None:
        start, end = each.window.hours
        return Requirement("window", window=Window(each.window.days, start, end, each.window.zone))
    if each.policy is not None:
        return Requirement("policy", when=each.policy)
    return Requirement("checks")


def _human(asked: gate_schema.HumanGate) -> Requirement:
    escalate = asked.escalate
    asking = Asking(
        expires_ms=asked.expires,
        remind_ms=asked.remind,
        escalate_ms=escalate.after if escalate else 0,
        escalate_to=tuple(escalate.to) if escalate else (),
    )
    by = tuple(dict.fromkeys(asked.by))
    return Requirement("human", approvals=asked.count, when=asked.when or "", by=by, asking=asking)
