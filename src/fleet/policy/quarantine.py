"""Which agents may do nothing more until a person releases them. Of changes: see `suspect`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleet.model import events
from fleet.model.errors import FleetError
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import AgentRecord, Run, State
from fleet.policy import cel
from fleet.policy.fact import fact
from fleet.policy.record import counted, standing

WRONG_TOKENS = 3
"""One may be a mistake of the agent's; nobody tries three by mistake."""
REWRITES = 2
"""With the first one the agent is told what it may not do."""
_HOUR_MS = 3_600_000
_LEAST_MS = 10 * 60_000  # the speed of spending is told over this much at least
_RANKS = ("low", "medium", "high", "critical")


def agents_to_quarantine(fleet: Fleet, state: State) -> list[Event]:
    """Agents for which one of the built-in rules holds, or the operator's own."""
    decided = []
    for declared in fleet.agents:
        agent = state.agents.get(declared.name) or AgentRecord(declared.name)
        if agent.quarantined:
            continue
        found = next(((name, why) for name, rule in _RULES if (why := rule(fleet, state, agent))), None)
        if found:
            data = {"agent": agent.name, "rule": found[0], "reason": found[1], "actor": "fleet"}
            live = _live(state, agent.name)
            cause = agent.cause or (live[0].cause if live else "")
            decided.append(fact(events.AGENT_QUARANTINED, data, cause=cause))
    return decided


def spending_in_an_hour(state: State, name: str) -> int:
    """Micro-dollars that the agent's live runs spend in an hour, at the speed at which they have so far."""
    return sum(
        run.cost_micros * _HOUR_MS // max(_LEAST_MS, state.now - run.started)
        for run in _live(state, name)
        if run.started
    )


def _failures(fleet: Fleet, state: State, agent: AgentRecord) -> str:
    if not fleet.quarantine_failures or agent.failures < fleet.quarantine_failures:
        return ""
    last = state.runs.get(agent.last_failed)
    said = f"; the last, {last.id}: {last.reason}" if last else ""
    return f"{agent.failures} runs failed in a row{said}"


def _tampering(fleet: Fleet, state: State, agent: AgentRecord) -> str:
    if not fleet.quarantine.tampering:
        return ""
    counts = counted(state, [f"since/{agent.name}"], 1)
    tried, rewrote = counts.get("wrong_tokens", 0), counts.get("rewrites", 0)
    if tried >= WRONG_TOKENS:
        return f"its session asked the gateway {tried} times with a token that is not its own"
    return f"it rewrote the history of an open change {rewrote} times" if rewrote >= REWRITES else ""


def _secrets(fleet: Fleet, state: State, agent: AgentRecord) -> str:
    held = counted(state, [f"since/{agent.name}"]).get("secrets", 0)
    most = fleet.quarantine.secrets
    return f"the commits of {held} of its runs held secrets" if most and held >= most else ""


def _denied(fleet: Fleet, state: State, agent: AgentRecord) -> str:
    tried = counted(state, [f"since/{agent.name}"], 1).get("denied", 0)
    most = fleet.quarantine.denied
    return f"{tried} actions were denied to it in a day" if most and tried >= most else ""


def _spending(fleet: Fleet, state: State, agent: AgentRecord) -> str:
    most, speed = fleet.quarantine.hourly_micros, spending_in_an_hour(state, agent.name)
    return f"it spends ${speed / 1e6:.2f} in an hour" if most and speed > most else ""


def _level(fleet: Fleet, state: State, agent: AgentRecord) -> str:
    if not fleet.quarantine.level:
        return ""
    found = standing(state, f"since/{agent.name}")
    if _RANKS.index(found.level) < _RANKS.index(fleet.quarantine.level):
        return ""
    reasons = "; ".join(str(each["reason"]) for each in found.signals[:3])
    return f"its risk is {found.level} ({found.score}): {reasons}"


def _own_rule(fleet: Fleet, state: State, agent: AgentRecord) -> str:
    """Nothing is held against whoever has done nothing since the last release, not even that the rule can't
    be told of nothing: else a release would be good for nothing.
    """
    if not fleet.quarantine_when or _has_done_nothing(state, agent):
        return ""
    for variables in _situations(state, agent):
        try:
            if cel.holds(fleet.quarantine_when, variables):
                return f"the rule {fleet.quarantine_when} holds"
        except FleetError as error:
            return f"its rule could not be told: {error.why or error.what}"
    return ""


_RULES: tuple[tuple[str, Callable[[Fleet, State, AgentRecord], str]], ...] = (
    ("failures", _failures),
    ("tampering", _tampering),
    ("secrets", _secrets),
    ("denied", _denied),
    ("spending", _spending),
    ("level", _level),
    ("when", _own_rule),
)


def _situations(state: State, agent: AgentRecord) -> list[dict[str, dict[str, Any]]]:
    """What the rule is asked about: the agent with each of its live runs (with none: with an empty one)."""
    runs = _live(state, agent.name)
    about = agent_variables(state, agent)
    return [{"agent": about, "run": _run(run)} for run in runs] or [{"agent": about, "run": _run(None)}]


def agent_variables(state: State, agent: AgentRecord) -> dict[str, Any]:
    """What a rule may look at in an agent: its record since it was last released."""
    found = standing(state, f"since/{agent.name}")
    names = ("runs", "denied", "objections", "reviews", "reverted", "merged", "secrets")
    return {
        "name": agent.name,
        "failures_in_a_row": agent.failures,
        "denied_actions": agent.denied,
        "risk": found.score,
        "level": found.level,
        "hourly_micros": spending_in_an_hour(state, agent.name),
        "failed_runs": found.counts.get("failed", 0),
        **{name: found.counts.get(name, 0) for name in names},
    }


def _has_done_nothing(state: State, agent: AgentRecord) -> bool:
    counted_ = any(state.record.get(f"since/{agent.name}", {}).values())
    return not (counted_ or agent.failures or agent.denied or _live(state, agent.name))


def _live(state: State, name: str) -> list[Run]:
    """Its runs at work. One that is on its way out was looked at when it was told to end: a person who has
    released its agent since then knows of it.
    """
    moving = (state.runs[each] for each in state.moving)
    return [run for run in moving if run.agent == name and run.live and not run.stop_reason]


def _run(run: Run | None) -> dict[str, int]:
    return {
        "denied_actions": run.denied if run else 0,
        "cost_micros": run.cost_micros if run else 0,
        "tokens": run.tokens if run else 0,
        "round": run.round if run else 0,
    }
