"""How each line of a gate stands for a change, by the kind of the line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fleet.model.fleet import Fleet, Requirement
from fleet.model.state import Change, State
from fleet.policy.requirements.checks import checks
from fleet.policy.requirements.human import human
from fleet.policy.requirements.policy import policy
from fleet.policy.requirements.review import review
from fleet.policy.requirements.window import window

_REQUIREMENTS: Mapping[str, Callable[[Fleet, State, Change, Requirement], dict[str, Any]]] = {
    "review": review,
    "checks": checks,
    "human": human,
    "window": window,
    "policy": policy,
}


def read_lines(
    fleet: Fleet, state: State, change: Change, lines: Iterable[Requirement]
) -> list[dict[str, Any]]:
    """Each line with `name`, `met`, `reason` and `who` can meet it, in their order."""
    return [_REQUIREMENTS[each.kind](fleet, state, change, each) for each in lines]
