"""A condition of the operator's own has to be true."""

from __future__ import annotations

from typing import Any

from fleet.model.errors import FleetError
from fleet.model.fleet import Fleet, Requirement
from fleet.model.state import Change, State
from fleet.policy import cel
from fleet.policy.requirements.found import met, missing
from fleet.policy.variables import gate_variables

_NAME = "policy"


def policy(fleet: Fleet, state: State, change: Change, requirement: Requirement) -> dict[str, Any]:
    """One that cannot be told is not met."""
    said, author = requirement.when, change.author
    if change.risk.get("head") != change.head:
        return missing(_NAME, "its risk is being worked out", "fleet")
    try:
        holds = cel.holds(said, gate_variables(fleet, state, change))
    except FleetError as error:
        why = f"{said} could not be told: {error.why or error.what}"
        return missing(_NAME, why, "whoever keeps fleet.yaml")
    if holds:
        return met(_NAME, f"{said} holds")
    return missing(_NAME, f"{said} does not hold", f"{author}, by a change of which it holds")
