"""Whether the program that an agent's runs need is there and fit for them, asked before anything begins."""

from __future__ import annotations

from fleet.model.errors import Permanent
from fleet.model.fleet import Agent
from fleet.ports.harness import Detected, Harness


def demand_fit(harness: Harness, agent: Agent, path: str) -> None:
    """Raise `Permanent` where no run of this agent could go well with the program along `path`.

    One that could not be asked (it took too long, say) is given its chance.
    """
    seen = detected(harness, path)
    could_not_be_asked = seen.found and not seen.version
    problem, fix = problem_of(seen, agent)
    if problem and not could_not_be_asked:
        raise Permanent(f"{agent.name} can't begin: {problem}", do=fix)


def detected(harness: Harness, path: str) -> Detected:
    """What its `detect` tells. One of another package may do anything."""
    try:
        return harness.detect(path)
    except Exception as error:  # noqa: BLE001  # someone else's code
        problem = f"its detect broke off: {type(error).__name__}: {error}"
        return Detected(True, "", problem, f"Tell whoever made it: fleet harness test {harness.name}")


def problem_of(seen: Detected, agent: Agent) -> tuple[str, str]:
    """What keeps the agent from beginning, and what to do; both "" where nothing does."""
    if seen.problem:
        return seen.problem, seen.fix
    has = {"permissions": bool(agent.permissions), "tools": bool(agent.tools)}
    for lack in seen.lacks:
        if has[lack.feature]:
            return f"{lack.problem}, so {agent.name} can't be held to its {lack.feature}", lack.fix
    return "", ""
