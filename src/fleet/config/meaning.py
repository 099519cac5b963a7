"""What no schema can check: that names lead somewhere, that jobs have an order, that a merge has a change."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from fleet.config import care_schema, schema
from fleet.config.document import Document, Path
from fleet.config.explain import Problem, did_you_mean, named, placed, problem_at
from fleet.config.forge import project_problems
from fleet.config.gate_meaning import gate_problems
from fleet.config.order_meaning import order_problems
from fleet.config.permit_meaning import permit_problems
from fleet.model.fleet import Duty
from fleet.model.gates import RUN


class Meaning:
    """Checks one file whose form is right. `duties` are the agents' own or their templates'."""

    def __init__(
        self, file: str, document: Document, declared: schema.FleetFile, duties: Mapping[str, Duty | str]
    ) -> None:
        self._file = file
        self._document = document
        self._declared = declared
        self._duties = duties

    def problems(self, harnesses: Collection[str]) -> Iterator[Problem]:
        """Every mistake. `harnesses` are the names there are; none given, any name is taken."""
        yield from project_problems(self._file, self._document, self._declared)
        yield from self._harness(("defaults", "harness"), self._declared.defaults.harness, harnesses)
        for name, agent in self._declared.agents.items():
            yield from self._harness(("agents", name, "harness"), agent.harness, harnesses)
            yield from permit_problems(self._file, self._document, self._declared, name)
            yield from self._fallback(("agents", name, "fallback"), name, agent.fallback)
        for name, workflow in self._declared.workflows.items():
            path = ("workflows", name)
            yield from list(self._workflow(path, workflow)) or self._merges(path, workflow)
        yield from gate_problems(self._file, self._document, self._declared)

    def _harness(self, path: Path, name: str | None, known: Collection[str]) -> Iterator[Problem]:
        if name is not None and known and name not in known and self._document.nearest(path) == path:
            hint = did_you_mean(name, known)
            yield self._at(path, f"a harness: {named(sorted(known))}", hint)

    def _fallback(self, path: Path, name: str, fallback: care_schema.Fallback | None) -> Iterator[Problem]:
        if fallback is None:
            return
        if (fallback.agent is None) == (fallback.model is None):
            yield self._at(path, "an agent of this file, or {model: …}")
        elif fallback.agent is not None:
            others = [each for each in self._declared.agents if each != name]
            if fallback.agent not in others:
                expected = f"another agent of this file: {named(others)}"
                yield self._at(path, expected, did_you_mean(fallback.agent, others))
            elif self._duties.get(fallback.agent) != self._duties.get(name):
                yield self._at(path, f"an agent with the same duty as {name}")
        elif f"{name}-fallback" in self._declared.agents:
            yield self._at(path, f"no agent {name}-fallback beside it: that is what this one is called")

    def _workflow(self, path: Path, workflow: schema.Workflow) -> Iterator[Problem]:
        for at, triggers in enumerate(workflow.on):
            yield from self._triggers((*path, "on", at), triggers)
        for name, job in workflow.jobs.items():
            yield from self._job((*path, "jobs", name), job)
            yield from self._needs((*path, "jobs", name), name, job, workflow)
        circle = circle_of({name: job.needs for name, job in workflow.jobs.items()})
        if circle:
            where = (*path, "jobs", circle[0], "needs")
            found = " → ".join(circle)
            spot = self._document.key_at(where)
            yield placed(self._file, spot, where, found, expected="needs that do not go in a circle")

    def _triggers(self, path: Path, triggers: schema.Triggers) -> Iterator[Problem]:
        if not triggers.model_fields_set:
            yield self._at(path, "one of issue, event, schedule, merge, manual")
        issue = triggers.issue
        if issue is not None and (issue.labeled is None) == (issue.opened is None):
            yield self._at((*path, "issue"), "one of labeled, opened")

    def _job(self, path: Path, job: schema.Job) -> Iterator[Problem]:
        given = [key for key in ("agent", "agents", "duty", "action") if getattr(job, key) is not None]
        if job.command is not None and "action" not in given:
            given.append("command")
        if len(given) != 1:
            found = " and ".join(given) or "none of them"
            spot = self._document.key_at(path)
            yield placed(self._file, spot, path, found, expected="one of agent, agents, duty, action")
        agents = self._declared.agents
        wanted = [(("agent",), job.agent)] if job.agent is not None else []
        many = [(("agents", at), name) for at, name in enumerate(job.agents or ())]
        for where, name in (*wanted, *many):
            if name not in agents:
                expected = f"an agent of this file: {named(agents)}" if agents else "an agent of this file"
                yield self._at((*path, *where), expected, did_you_mean(name, agents))
        if job.agents is not None:
            yield from self._together((*path, "agents"), job.agents)
        if job.duty is not None and job.duty not in self._duties.values():
            there = sorted({str(duty) for duty in self._duties.values() if duty})
            yield self._at((*path, "duty"), f"a duty that an agent has: {named(there)}")
        yield from order_problems(self._file, self._document, path, job)
        for key in ("tag", "notes"):
            if getattr(job, key) is not None and job.action != "release":
                hint = f"{key} is for action: release"
                yield self._at((*path, key), f"no {key} in any other job", hint)

    def _together(self, path: Path, names: list[str]) -> Iterator[Problem]:
        duties = {duty for name in names if (duty := self._duties.get(name))}
        if not names:
            yield self._at(path, "one agent or more")
        if len(duties) > 1:
            found = ", ".join(f"{name}: {self._duties[name]}" for name in names if self._duties.get(name))
            spot = self._document.value_at(path)
            yield placed(self._file, spot, path, found, expected="agents that have the same duty")
        if len(set(names)) != len(names):
            yield self._at(path, "each agent once")

    def _needs(self, path: Path, name: str, job: schema.Job, workflow: schema.Workflow) -> Iterator[Problem]:
        others = [each for each in workflow.jobs if each != name]
        for at, need in enumerate(job.needs):
            if need not in workflow.jobs:
                expected = f"another job of this workflow: {named(others)}" if others else "no need"
                yield self._at((*path, "needs", at), expected, did_you_mean(need, others))

    def _merges(self, path: Path, workflow: schema.Workflow) -> Iterator[Problem]:
        for name, job in workflow.jobs.items():
            duty = self._duty(job)
            if duty != "merge" and job.action != "release" and job.command is None:
                continue
            before = [workflow.jobs[each] for each in before_of(name, workflow)]
            duties = [self._duty(each) for each in before]
            needed, does = ("change", "makes the change") if duty == "merge" else ("merge", "merges it")
            if needed not in duties and "" not in duties:
                where = (*path, "jobs", name)
                spot = self._document.key_at(where)
                hint = f"let it need the job that {does}"
                expected = "a job before it that " + ("makes a change" if duty == "merge" else "merges")
                found = f"a {duty} of nothing" if job.command is None else "a command with nothing merged"
                yield placed(self._file, spot, where, found, expected=expected, hint=hint)

    def _duty(self, job: schema.Job) -> str:
        """What the job produces, "" where that can't be told (which is a mistake that is told elsewhere)."""
        if job.action is not None or job.command is not None:
            return job.action or RUN
        names = [job.agent] if job.agent is not None else job.agents or []
        return job.duty or next((str(duty) for name in names if (duty := self._duties.get(name))), "")

    def _at(self, path: Path, expected: str, hint: str = "") -> Problem:
        return problem_at(self._file, self._document, path, expected=expected, hint=hint)


def before_of(name: str, workflow: schema.Workflow) -> list[str]:
    """The jobs that this one needs, however indirectly."""
    found: list[str] = []
    look = list(workflow.jobs[name].needs)
    while look:
        need = look.pop()
        if need in workflow.jobs and need not in found:
            found.append(need)
            look += workflow.jobs[need].needs
    return found


def circle_of(needs: Mapping[str, list[str]]) -> list[str]:
    """The first circle that these needs make, as `a, b, a`; [] when there is none."""
    done: set[str] = set()

    def walk(name: str, trail: list[str]) -> list[str]:
        if name in trail:
            return [*trail[trail.index(name) :], name]
        if name in done or name not in needs:
            return []
        for need in needs[name]:
            circle = walk(need, [*trail, name])
            if circle:
                return circle
        done.add(name)
        return []

    return next((circle for name in needs if (circle := walk(name, []))), [])
