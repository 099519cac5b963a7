"""So many approvals of the head, by others than its author; the last word of each reviewer counts."""

from __future__ import annotations

from typing import Any

from fleet.model.fleet import Fleet, Requirement
from fleet.model.state import Change, Run, State
from fleet.policy.propose import is_own
from fleet.policy.requirements.found import either, met, missing, persons
from fleet.policy.requirements.people import approving
from fleet.policy.rounds import last_words

_AGENT, _PERSON = "agent/", "user/"


def review(fleet: Fleet, state: State, change: Change, requirement: Requirement) -> dict[str, Any]:
    """Where agents or duties are named, only their word counts. Whoever wrote the same kind of model or
    harness as the author does not count where another one is asked for; a person always does.
    """
    if is_own(change):
        return _of_own(change, requirement)
    latest = last_words(change)
    authors = tuple(dict.fromkeys((change.author, *change.authors)))
    approving = [by for by, each in latest.items() if each["verdict"] == "approve" and by not in authors]
    against = [by for by, each in latest.items() if each["verdict"] == "request-changes"]
    held = [by for by in approving if _is_quarantined(state, by)]
    called = [by for by in approving if _is_called(fleet, by, requirement.by) and by not in held]
    counting = [by for by in called if _differs(fleet, state, change, latest[by], requirement)]
    reason = f"{len(counting)} of {requirement.approvals} approvals of {change.head[:12]}"
    if counting:
        reason += f", by {', '.join(sorted(counting))}"
    if requirement.by and len(called) + len(held) < len(approving):
        reason += f"; asked are {either(requirement.by)}"
    if len(counting) < len(called):
        same = ", ".join(sorted(set(called) - set(counting)))
        reason += f"; {same} has the same {requirement.different} as the author"
    if held:
        reason += (
            f"; {', '.join(sorted(held))} is in quarantine, and its word does not count until its release"
        )
    if against:
        reason += f"; {', '.join(sorted(against))} asks for changes"
    if len(counting) >= requirement.approvals and not against:
        return met("review", reason)
    return missing("review", reason, _who(change, authors, requirement))


def _of_own(change: Change, requirement: Requirement) -> dict[str, Any]:
    """Of what Fleet made in a person's name: no agent looks at it, so as many people have to."""
    against = [by for by, each in last_words(change).items() if each["verdict"] == "request-changes"]
    people = list(approving(change))
    reason = f"{len(people)} of {requirement.approvals} approvals of {change.head[:12]}"
    reason += f", by {', '.join(people)}" if people else ""
    if against:
        return missing("review", f"{reason}; {', '.join(against)} asks for changes", "them, or close it")
    if len(people) >= requirement.approvals:
        return met("review", reason)
    return persons("review", f"{reason}: it changes what rules the fleet, so people review it")


def _who(change: Change, authors: tuple[str, ...], requirement: Requirement) -> str:
    other = f" of another {requirement.different}" if requirement.different else ""
    if requirement.by:
        return f"{either(requirement.by)}{other}, other than {', '.join(authors)}"
    return f"a reviewer{other} other than {', '.join(authors)}: fleet pr review {change.id} approve"


def _is_called(fleet: Fleet, by: str, wanted: tuple[str, ...]) -> bool:
    """Whether the reviewer is one of the agents, or has one of the duties, that count."""
    if not wanted:
        return True
    agent = fleet.agent(by.removeprefix(_AGENT)) if by.startswith(_AGENT) else None
    return agent is not None and (agent.name in wanted or agent.duty in wanted)


def _is_quarantined(state: State, by: str) -> bool:
    record = state.agents.get(by.removeprefix(_AGENT)) if by.startswith(_AGENT) else None
    return record is not None and bool(record.quarantined)


def _differs(
    fleet: Fleet, state: State, change: Change, said: dict[str, Any], requirement: Requirement
) -> bool:
    """Whether the reviewer was played by another model or harness than every run that made the change."""
    if not requirement.different or str(said["by"]).startswith(_PERSON):
        return True
    judge = state.runs.get(str(said["run"]))
    makers = _makers(state, change)
    if judge is None or not makers:
        return False
    if requirement.different == "harness":
        return all(judge.harness and judge.harness != each.harness for each in makers)
    return all(_is_other_model(fleet, judge, each) for each in makers)


def _makers(state: State, change: Change) -> list[Run]:
    """The runs that may have written any of it: those of the agents that are its authors."""
    instance = state.instances.get(change.instance)
    authors = {each.removeprefix(_AGENT) for each in (change.author, *change.authors)}
    names = [name for record in instance.jobs.values() for name in record.runs] if instance else []
    runs = [state.runs[name] for name in names if name in state.runs]
    return [run for run in runs if run.agent in authors and run.duty == "change"]


def _is_other_model(fleet: Fleet, judge: Run, maker: Run) -> bool:
    """Whether both models are known and differ, by the name in fleet.yaml and by the one that the harness
    told: `opus` may be the same as a longer name.
    """
    if not judge.model or not maker.model or judge.model == maker.model:
        return False
    declared = [agent.model for run in (judge, maker) if (agent := fleet.agent(run.agent)) is not None]
    return len(declared) < 2 or declared[0] != declared[1] or not declared[0]
