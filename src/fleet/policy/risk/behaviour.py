"""What the agent's own record and its behaviour in the run add to a change's risk. Set by judgement."""

from __future__ import annotations

from dataclasses import dataclass

from fleet.policy.record import Level
from fleet.policy.risk.rules import Factor

_LEVELS: dict[str, float] = {"low": 0, "medium": 5, "high": 12, "critical": 25}
_MUCH_OF_THE_BUDGET = 0.8


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the change came about: actions that were denied to its run, rounds of review, runs of its job that
    failed, which part of its budget it used (0 where it has none), and its author's own level.
    """

    denied: int = 0
    rounds: int = 1
    retries: int = 0
    budget_used: float = 0.0
    level: Level = "low"
    why: str = ""


def behaved(found: Behaviour) -> list[Factor]:
    """The factors of it."""
    agent = f"its author's own risk is {found.level}" + (f": {found.why}" if found.why else "")
    spent = f"{found.budget_used:.0%} of the run's budget was used"
    return [
        factor
        for factor in (
            Factor("denied", min(25, 5 * found.denied), f"{found.denied} actions were denied to its run"),
            Factor("rounds", min(12, 4 * (found.rounds - 1)), f"it is in round {found.rounds}"),
            Factor("retries", min(9, 3 * found.retries), f"{found.retries} runs failed before"),
            Factor("budget", 5 if found.budget_used >= _MUCH_OF_THE_BUDGET else 0, spent),
            Factor("agent", _LEVELS[found.level], agent),
        )
        if factor.points > 0
    ]
