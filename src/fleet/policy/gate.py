"""The merge gate: what it asks for, what of it is met, and who can meet the rest.

A gate speaks of one commit. Reviews, checks and approvals of another head of the same change do not count.
"""

from __future__ import annotations

from typing import Any

from fleet.model import events
from fleet.model.errors import FleetError
from fleet.model.event import Event
from fleet.model.fleet import Fleet, Requirement
from fleet.model.state import Change, State
from fleet.policy import cel
from fleet.policy.ask import asked_for, for_merge
from fleet.policy.fact import fact
from fleet.policy.guard import protection
from fleet.policy.land import landing
from fleet.policy.rounds import last_words
from fleet.policy.variables import gate_variables


def requirements(fleet: Fleet, state: State, change: Change) -> list[dict[str, Any]]:
    """Each requirement of the merge gate for the change's head, and what its forge asks: `name`, `met`,
    `reason` and `who` can meet it.
    """
    asked = [_REQUIREMENTS[each.kind](fleet, state, change, each) for each in fleet.merge_gate]
    return [*asked, *protection(state, change)]


def gates_to_evaluate(fleet: Fleet, state: State) -> list[Event]:
    """The gate of every change that is to be merged, whenever it reads differently than before."""
    decided = []
    for _, _, change in landing(state):
        found = requirements(fleet, state, change)
        if found != change.gate:
            missing = [each["name"] for each in found if not each["met"]]
            data = {
                "change": change.id,
                "head": change.head,
                "requirements": found,
                "open": not missing,
                "reason": f"missing: {', '.join(missing)}" if missing else "every requirement is met",
            }
            decided.append(fact(events.GATE_EVALUATED, data, cause=change.cause, story=change.instance))
    return decided


def approvals_to_ask(fleet: Fleet, state: State) -> list[Event]:
    """A person is asked once per head, when nothing but a person's word may be missing for long."""
    del fleet
    decided: list[Event] = []
    number = state.approval_number
    for _, _, change in landing(state):
        waits = next((each for each in change.gate if each["name"] == "human" and not each["met"]), None)
        others = all(each["met"] for each in change.gate if each["name"] != "human")
        if waits is None or not others or not waits.get("ask"):
            continue
        if asked_for(state, kind="merge", change=change.id, head=change.head) is None:
            number += 1
            decided.append(for_merge(change, str(waits["reason"]), number=number))
    return decided


def _review(fleet: Fleet, state: State, change: Change, requirement: Requirement) -> dict[str, Any]:
    """So many approvals of the head, by others than its author; the last word of each reviewer counts."""
    del fleet, state
    latest = last_words(change)
    authors = tuple(dict.fromkeys((change.author, *change.authors)))
    approving = [by for by, each in latest.items() if each["verdict"] == "approve" and by not in authors]
    against = [by for by, each in latest.items() if each["verdict"] == "request-changes"]
    met = len(approving) >= requirement.approvals and not against
    reason = f"{len(approving)} of {requirement.approvals} approvals of {change.head[:12]}"
    if approving:
        reason += f", by {', '.join(sorted(approving))}"
    if against:
        reason += f"; {', '.join(sorted(against))} asks for changes"
    who = f"a reviewer other than {', '.join(authors)}: fleet pr review {change.id} approve"
    return {"name": "review", "met": met, "reason": reason, "who": "" if met else who}


def _checks(fleet: Fleet, state: State, change: Change, requirement: Requirement) -> dict[str, Any]:
    """Every check passes on the merge of exactly this head into the base as it is now."""
    del requirement
    running = [name for name, each in change.reports.items() if each["state"] == "pending"]
    if running:
        reason = f"the forge still runs {', '.join(sorted(running))}"
        return {"name": "checks", "met": False, "reason": reason, "who": "the forge"}
    broken = [name for name, each in change.reports.items() if each["state"] == "failed"]
    if broken:
        reason = f"these fail on the forge: {', '.join(sorted(broken))}"
        return {"name": "checks", "met": False, "reason": reason, "who": change.author}
    if not fleet.checks:
        return {"name": "checks", "met": True, "reason": "fleet.yaml declares no checks", "who": ""}
    checked = change.checks
    if checked.get("head") != change.head or checked.get("base") != state.base_of(change.repo):
        reason = _not_of_now(state, change)
        return {"name": "checks", "met": False, "reason": reason, "who": "fleet"}
    if checked.get("error"):
        reason = f"they could not be run: {checked['error']}"
        return {"name": "checks", "met": False, "reason": reason, "who": "a person"}
    failed = [str(each.get("name")) for each in checked.get("results", ()) if not each.get("ok")]
    met = bool(checked.get("ok")) and not failed
    reason = "all pass on the merge result" if met else f"these fail: {', '.join(failed)}"
    return {"name": "checks", "met": met, "reason": reason, "who": "" if met else change.author}


def _not_of_now(state: State, change: Change) -> str:
    """Why there is no result for this head on this base: it is asked for, or will be before the merge."""
    is_landing = any(each.id == change.id for _, _, each in landing(state))
    if change.checks.get("head") == change.head and not is_landing:
        return "the base has moved on since they ran; they are run again before the merge"
    return "they are being run"


def _human(fleet: Fleet, state: State, change: Change, requirement: Requirement) -> dict[str, Any]:
    """A person's word for this head, always or where the condition holds. A condition that cannot be told
    holds.
    """
    del fleet
    answer = {"name": "human", "met": False, "reason": "", "who": "a person: fleet approve", "ask": True}
    approving = [*change.approved_by, *_people_approving(change)]
    if approving:
        by = ", ".join(dict.fromkeys(approving))
        return answer | {"met": True, "reason": f"approved by {by}", "who": ""}
    if not requirement.when:
        return answer | {"reason": "a person approves every merge"}
    if change.risk.get("head") != change.head:
        return answer | {"reason": "its risk is being worked out", "who": "fleet", "ask": False}
    try:
        needed = cel.holds(requirement.when, gate_variables(state, change))
    except FleetError as error:
        return answer | {"reason": f"{requirement.when} could not be told: {error.why or error.what}"}
    score = change.risk.get("score", 0)
    if needed:
        return answer | {"reason": f"{requirement.when} (its risk is {score})"}
    return answer | {"met": True, "reason": f"not {requirement.when} (its risk is {score})", "who": ""}


def _people_approving(change: Change) -> list[str]:
    """People whose last review of the head approves it."""
    latest = last_words(change)
    return [by for by, each in latest.items() if by.startswith("user/") and each["verdict"] == "approve"]


_REQUIREMENTS = {"review": _review, "checks": _checks, "human": _human}
