"""A condition of the operator's own has to be true."""

from __future__ import annotations

from typing import Any

from fleet.model.errors import FleetError
from fleet.model.fleet import Fleet, Requirement
from fleet.model.state import Change, State
from fleet.policy import cel
from fleet.policy.requirements.found import met, missing
from fleet.policy.variables import gate_variables, unlisted

_NAME = "policy"


def policy(fleet: Fleet, state: State, change: Change, requirement: Requirement) -> dict[str, Any]:
    """One that cannot be told is not met."""
    said, author = requirement.when, change.author
    if change.risk.get("head") != change.head:
        return missing(_NAME, "its risk is being worked out", "fleet")
    try:
        holds = cel.holds(said, gate_variables(fleet, state, change))
    except FleetError as error:
        too_many = unlisted(change) if "paths" in said else ""
        why = f"{said} could not be told: {too_many or error.why or error.what}"
        who = f"{author}, by a smaller change" if too_many else "whoever keeps fleet.yaml"
        return missing(_NAME, why, who)
    if holds:
        return met(_NAME, f"{said} holds")
    return missing(_NAME, f"{said} does not hold", f"{author}, by a change of which it holds")
