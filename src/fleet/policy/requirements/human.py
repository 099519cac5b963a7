"""A person's word for this head: always, or where a condition holds; of so many people, of certain people."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from fleet.model.errors import FleetError
from fleet.model.fleet import Fleet, Requirement
from fleet.model.gates import CODEOWNERS
from fleet.model.state import Change, State
from fleet.policy import cel
from fleet.policy.inspect import knows_owners
from fleet.policy.requirements.found import either, met, missing, persons
from fleet.policy.requirements.owners import people_of, unowned
from fleet.policy.requirements.people import approving, is_one_of, valid
from fleet.policy.variables import gate_variables, unlisted

_NAME = "human"


def human(fleet: Fleet, state: State, change: Change, requirement: Requirement) -> dict[str, Any]:
    """A condition that cannot be told holds. Who is told of a question that waits too long may answer it."""
    said = approving(change)
    words = valid(state, said, requirement.asking.expires_ms)
    lapsed = [by for by in said if by not in words]
    named = (*_logins(requirement), *(requirement.asking.escalate_to if requirement.by else ()))
    of_files = CODEOWNERS in requirement.by
    if of_files and not knows_owners(state, change) and not change.inspected.get("error"):
        return missing(_NAME, "the owners of its files are being looked up", "fleet")
    answered = _answered(fleet, change, requirement, words, named, of_files=of_files)
    if not answered:
        by = ", ".join(words)
        return met(_NAME, f"approved by {by}")
    needed, why = _needed(fleet, state, change, requirement)
    if needed is None:
        return missing(_NAME, why, "fleet")
    if not needed:
        return met(_NAME, why)
    parts = [why]
    if lapsed:
        parts.append(f"the approval by {', '.join(lapsed)} has lapsed")
    if words or requirement.by or requirement.approvals > 1:
        parts.append(answered)
    names = names_of(requirement)
    return persons(_NAME, "; ".join(parts), f"{either(names) if names else 'a person'}: fleet approve")


def counts(fleet: Fleet, change: Change, requirement: Requirement, person: str) -> bool:
    """Whether this person's word is one that the line asks for."""
    if not requirement.by or is_one_of(person, (*_logins(requirement), *requirement.asking.escalate_to)):
        return True
    groups = change.inspected.get("owners") or ()
    owns = any(is_one_of(person, people_of(fleet, group)) for group in groups)
    return CODEOWNERS in requirement.by and (owns or not groups)


def names_of(requirement: Requirement) -> list[str]:
    """Whose word the line asks for, in words; nobody is named where anybody's does."""
    names = [*_logins(requirement), *(requirement.asking.escalate_to if requirement.by else ())]
    return [*names, *(["an owner of its files"] if CODEOWNERS in requirement.by else [])]


def _logins(requirement: Requirement) -> tuple[str, ...]:
    return tuple(each for each in requirement.by if each != CODEOWNERS)


def _answered(
    fleet: Fleet,
    change: Change,
    requirement: Requirement,
    words: Collection[str],
    named: tuple[str, ...],
    *,
    of_files: bool,
) -> str:
    """What is missing of the people's word; "" when nothing is."""
    counting = [by for by in words if not requirement.by or of_files or is_one_of(by, named)]
    if len(counting) < requirement.approvals:
        told = f"{len(counting)} of {requirement.approvals} approvals"
        return f"{told}; asked are {either(requirement.by)}" if requirement.by else told
    if not of_files or any(is_one_of(by, named) for by in counting):
        return ""
    if change.inspected.get("error"):
        return f"the owners of its files could not be told: {change.inspected['error']}"
    return unowned(fleet, change, counting)


def _needed(fleet: Fleet, state: State, change: Change, requirement: Requirement) -> tuple[bool | None, str]:
    """Whether a person is needed, and why; None while that can't be told yet."""
    if not requirement.when:
        return True, "a person approves it each time"
    if change.risk.get("head") != change.head:
        return None, "its risk is being worked out"
    score = change.risk.get("score", 0)
    try:
        needed = cel.holds(requirement.when, gate_variables(fleet, state, change))
    except FleetError as error:
        why = unlisted(change) if "paths" in requirement.when else ""
        return True, f"{requirement.when} could not be told: {why or error.why or error.what}"
    return needed, f"{'' if needed else 'not '}{requirement.when} (its risk is {score})"
