"""The people whom CODEOWNERS names for the files of a change."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from fleet.model.fleet import Fleet
from fleet.model.state import Change
from fleet.policy.codeowners import is_team
from fleet.policy.requirements.found import either
from fleet.policy.requirements.people import is_one_of, team


def unowned(fleet: Fleet, change: Change, people: Collection[str]) -> str:
    """The first files of the change that none of these people owns, and who does; "" when there are none.
    Files without an owner need nobody.
    """
    for group in change.inspected.get("owners") or ():
        logins = people_of(fleet, group)
        if not any(is_one_of(by, logins) for by in people):
            others = f" and {group['files'] - 1} more" if group["files"] > 1 else ""
            return f"{group['path']}{others} is owned by {_named(fleet, group)}"
    return ""


def people_of(fleet: Fleet, group: dict[str, Any]) -> tuple[str, ...]:
    """The logins that own these files. An address of e-mail is nobody that a forge or Fleet knows."""
    found: list[str] = []
    for owner in group["owners"]:
        if is_team(owner):
            found += team(fleet, owner)
        elif owner.startswith("@"):
            found.append(owner[1:])
    return tuple(dict.fromkeys(found))


def _named(fleet: Fleet, group: dict[str, Any]) -> str:
    named = []
    for owner in group["owners"]:
        if is_team(owner):
            people = team(fleet, owner)
            said = f"that is {', '.join(people)}" if people else "a team without people in project.teams"
            named.append(f"{owner} ({said})")
        elif owner.startswith("@"):
            named.append(owner[1:])
        else:
            named.append(f"{owner} (no login, so nobody can answer for it)")
    return either(named)
