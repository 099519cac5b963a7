"""The requirement that no fleet.yaml can take away: a change to a guarded file needs a person's word."""

from __future__ import annotations

from typing import Any

from fleet.model.state import Change
from fleet.policy.requirements.found import met, missing, persons
from fleet.policy.requirements.people import approving, releasing

NAME = "guarded files"


def guarded_files(change: Change) -> list[dict[str, Any]]:
    """It, where the change touches such a file, or where nobody has looked yet; else none."""
    if not change.inspected:
        return [missing(NAME, "its files are being looked at", "fleet")]
    touched = change.inspected["guarded"]
    if not touched:
        return []
    first = f"it touches {touched[0]['path']} ({touched[0]['what']})"
    reason = f"{first} and {len(touched) - 1} more of the kind" if len(touched) > 1 else first
    people = list(dict.fromkeys([*approving(change), *releasing(change)]))
    if people:
        return [met(NAME, f"{reason}; approved by {', '.join(people)}")]
    return [persons(NAME, f"{reason}, which needs a person whatever fleet.yaml says")]
