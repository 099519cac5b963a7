"""Lines of a gate that can never be met, or only by a person, as far as fleet.yaml alone tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from fleet.config.conditions import OF_A_GATE, OF_QUARANTINE
from fleet.model.errors import FleetError
from fleet.model.fleet import Agent, Fleet, Requirement, Workflow
from fleet.model.gates import CODEOWNERS, Window
from fleet.policy.cel import holds
from fleet.policy.requirements.found import either
from fleet.policy.times import is_open
from fleet.policy.workflow import duty_of

_JUDGES = ("review", "check", "merge")
_QUARTER_MS, _WEEK = 15 * 60_000, 7 * 24 * 4
_BY_ITSELF = ("by zero", "overflow", "match error")
"""Reasons for which a condition fails that have nothing to do with what it is asked about."""
_SOME_MONDAY = 1_767_571_200_000  # any week will do


def never(fleet: Fleet) -> Iterator[str]:
    """Each as one sentence."""
    for kind, lines in (("merge", fleet.merge_gate), *fleet.gates):
        for at, line in enumerate(lines):
            where = f"gates.{kind}[{at}]"
            if line.kind == "human":
                yield from _human(where, line)
                agents = [each for each in line.by if fleet.agent(each) is not None]
                if agents:
                    yield f"{where} asks {either(agents)}, an agent by its name: human is for logins."
            if line.kind == "policy":
                yield from _policy(where, line)
            for workflow in fleet.workflows if line.kind == "review" else ():
                yield from _review(fleet, where, line, workflow)
        able = [scores for line in lines if line.kind == "policy" and (scores := _scores(line.when))]
        if able and not frozenset.intersection(*able):
            yield f"The {kind} gate can never open: no risk score meets all its policies."
        windows = [line.window for line in lines if line.kind == "window"]
        if len(windows) > 1 and not _meet(windows):
            yield f"The {kind} gate can never open: its windows are never open at the same time."
    yield from _unheard(fleet)
    yield from _quarantine(fleet)


def _quarantine(fleet: Fleet) -> Iterator[str]:
    """A rule that holds for whoever did nothing wrong, and nothing at all."""
    if not fleet.quarantine_when:
        return
    agents = [OF_QUARANTINE["agent"] | {"name": agent.name, "level": "low"} for agent in fleet.agents]
    try:
        caught = [
            agent["name"]
            for agent in agents
            if holds(fleet.quarantine_when, {**OF_QUARANTINE, "agent": agent})
        ]
    except FleetError as error:
        yield (
            f"quarantine.when can't be told of an agent that has only begun ({error.why or error.what}), and "
            "what can't be told counts as true: its first run puts an agent into quarantine."
        )
        return
    if caught:
        yield f"quarantine.when holds for {' and '.join(caught)} from the beginning: nobody works."


def _unheard(fleet: Fleet) -> Iterator[str]:
    """Gates of actions that are never done."""
    jobs = [job for workflow in fleet.workflows for job in workflow.jobs]
    releases = any(job.action == "release" for job in jobs)
    for kind, _ in fleet.gates:
        if fleet.forge == "local" and kind in ("push", "pull-request", "review"):
            yield f"gates.{kind} asks for nothing: where the forge is local, nothing leaves this machine."
        if kind == "release" and not releases:
            yield "gates.release asks for nothing: no job has action: release."


def _human(where: str, line: Requirement) -> Iterator[str]:
    people = {each.casefold() for each in (*line.by, *line.asking.escalate_to)}
    if line.when and (why := _untold(line.when)):
        yield f"{where} asks each time: {line.when} can never be told ({why}), which counts as true."
    if line.when and not _scores(line.when):
        yield f"{where} asks nobody: {line.when} is never true."
    if line.by and CODEOWNERS not in line.by and line.approvals > len(people):
        yield f"{where} can never open: it wants {line.approvals} people and names {len(people)}."


def _policy(where: str, line: Requirement) -> Iterator[str]:
    if why := _untold(line.when):
        yield f"{where} can never open: {line.when} can never be told ({why})."
    if not _scores(line.when):
        yield f"{where} can never open: {line.when} is never true."


@lru_cache(256)
def _untold(condition: str) -> str:
    """Why the condition fails whatever it is asked about: it divides by 0, say; "" where it may not."""
    why = ""
    for score in (0, 1, 7, 50, 100):
        try:
            holds(condition, {**_ones(OF_A_GATE), "risk": {"score": score, "factors": ["size"]}})
        except FleetError as error:
            why = error.why
            if not any(word in why for word in _BY_ITSELF):
                return ""
        else:
            return ""
    return why


def _ones(value: Any) -> Any:
    """The sample with something in the place of nothing."""
    if isinstance(value, Mapping):
        return {name: _ones(each) for name, each in value.items()}
    return 1 if value == 0 and not isinstance(value, str) else value


@lru_cache(256)
def _scores(condition: str) -> frozenset[int]:
    """The risk scores with which a condition may be true, whatever else it looks at."""
    return frozenset(score for score in range(101) if _may_hold(condition, score))


def _may_hold(condition: str, score: int) -> bool:
    try:
        return holds(condition, {"risk": {"score": score}})
    except FleetError:
        return True  # it looks at something else, so it may be true


def _review(fleet: Fleet, where: str, line: Requirement, workflow: Workflow) -> Iterator[str]:
    """Whether the agents of a workflow that merges can give what the line asks."""
    if not any(duty_of(fleet, job) == "merge" for job in workflow.jobs) or not (line.by or line.different):
        return
    authors = _agents(fleet, workflow, ("change",))
    able = [each for each in _agents(fleet, workflow, _JUDGES) if _is_named(each, line)]
    named = f" by {either(line.by)}" if line.by else ""
    if line.by and len(able) < line.approvals:
        wants = f"{line.approvals} approval{'s' if line.approvals > 1 else ''}{named}"
        gives = f"{len(able)} of its agents can give one" if able else "none of its jobs is theirs"
        yield f"{where} can never open in {workflow.name}: it wants {wants}, and {gives}."
    elif line.different and authors:
        other = [each for each in able if _may_differ(each, authors, line.different)]
        if len(other) < line.approvals:
            never_ = "can never open" if line.by else "can be opened by people alone"
            few = f"only {len(other)} of" if other else "none of"
            has = f"{few} those who review has another {line.different} than the author"
            yield f"{where} {never_} in {workflow.name}: {has}."


def _agents(fleet: Fleet, workflow: Workflow, duties: tuple[str, ...]) -> list[Agent]:
    names = [name for job in workflow.jobs for name in job.agents]
    found = (fleet.agent(name) for name in dict.fromkeys(names))
    return [agent for agent in found if agent is not None and agent.duty in duties]


def _is_named(agent: Agent, line: Requirement) -> bool:
    return not line.by or agent.name in line.by or agent.duty in line.by


def _may_differ(agent: Agent, authors: list[Agent], what: str) -> bool:
    """Whether it may be another one than some author's. Models that no file names may be any; those of one
    harness are then the same.
    """
    if what == "harness":
        return any(agent.harness != each.harness for each in authors)
    return any(
        agent.model != each.model if agent.model or each.model else agent.harness != each.harness
        for each in authors
    )


def _meet(windows: list[Window]) -> bool:
    times = (_SOME_MONDAY + at * _QUARTER_MS for at in range(_WEEK))
    return any(all(is_open(window, time) for window in windows) for time in times)
