"""Which agents may do nothing more until a person releases them."""

from __future__ import annotations

from fleet.model import events
from fleet.model.errors import FleetError
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import AgentRecord, Run, State
from fleet.policy import cel
from fleet.policy.fact import fact


def agents_to_quarantine(fleet: Fleet, state: State) -> list[Event]:
    """Agents that failed too often in a row, or for which the operator's own rule holds."""
    decided = []
    for declared in fleet.agents:
        agent = state.agents.get(declared.name)
        if agent is None or agent.quarantined:
            continue
        reason = _reason(fleet, state, agent)
        if reason:
            data = {"agent": agent.name, "reason": reason, "actor": "fleet"}
            decided.append(fact(events.AGENT_QUARANTINED, data, cause=agent.cause))
    return decided


def _reason(fleet: Fleet, state: State, agent: AgentRecord) -> str:
    if fleet.quarantine_failures and agent.failures >= fleet.quarantine_failures:
        last = state.runs.get(agent.last_failed)
        said = f"; the last, {last.id}: {last.reason}" if last else ""
        return f"{agent.failures} runs failed in a row{said}"
    if fleet.quarantine_when:
        for variables in _situations(state, agent):
            try:
                if cel.holds(fleet.quarantine_when, variables):
                    return f"the rule {fleet.quarantine_when} holds"
            except FleetError as error:
                return f"its rule could not be told: {error.why or error.what}"
    return ""


def _situations(state: State, agent: AgentRecord) -> list[dict[str, dict[str, int]]]:
    """What the rule is asked about: the agent with each of its live runs (with none: with an empty one)."""
    runs = [run for name in state.moving if (run := state.runs[name]).agent == agent.name and run.live]
    about = {"failures_in_a_row": agent.failures, "denied_actions": agent.denied}
    return [{"agent": about, "run": _run(run)} for run in runs] or [{"agent": about, "run": _run(None)}]


def _run(run: Run | None) -> dict[str, int]:
    return {
        "denied_actions": run.denied if run else 0,
        "cost_micros": run.cost_micros if run else 0,
        "tokens": run.tokens if run else 0,
        "round": run.round if run else 0,
    }
