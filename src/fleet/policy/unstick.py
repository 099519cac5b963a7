"""What is done about runs that look stuck: they are looked at, told so, and stopped. What follows is the next
attempt of the job, with a note of what was tried.
"""

from __future__ import annotations

from collections.abc import Iterator

from fleet.model import events
from fleet.model.acts import Stuck
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import Run, State
from fleet.policy.fact import fact, wish
from fleet.policy.stuck import NEVER_MS, Sign, context_sign, is_at_ease, least_patience, next_look, sign_of
from fleet.policy.workflow import workflow_of

FROM_FLEET = "Fleet, which watches your run, notes: "

MOST_STUCK = 2
"""So often is an agent stuck in one job; then another one is tried, or a person asked."""

_NEWS_MS = 1_000  # whoever was heard just now is not looked at

_ADVICE = {
    "repeats": "Doing it again will not help. Find out why the result stays the same, or try another way.",
    "fails": "Read the failure from its beginning before you change anything more, or try another way.",
    "silent": "If a command hangs, end it and go on without it; it may wait for input that nobody gives.",
    "idle": "Decide what to change, and begin with the smallest step.",
    "spends": "Commit what is good, and finish with the smallest step that does what was asked.",
    "context": "Commit what is good now, and write down in a few lines what is left to do.",
}


def runs_to_look_at(fleet: Fleet, state: State) -> list[Event]:
    """Wishes to look at the processes of runs that have been quiet for a while."""
    return [
        wish("look", run.id, {"run": run.id}, cause=run.cause, story=run.instance)
        for run, rules, least in _running(fleet, state)
        if state.now - run.heard >= max(_NEWS_MS, least // 2)
        if f"look/{run.id}" not in state.wishes and 0 < next_look(rules, run) <= state.now
    ]


def runs_to_unstick(fleet: Fleet, state: State) -> list[Event]:
    """Runs that look stuck: told so first, and stopped when that did not help or cannot be heard."""
    decided: list[Event] = []
    for run, rules, least in _running(fleet, state):
        if is_at_ease(rules, run, state.now, least):
            continue
        if run.deaf and run.nudges:
            decided.append(_stop(run, Sign("silent", f"{run.nudges[-1]}; it could not be told so")))
            continue
        sign = sign_of(rules, run, state.now)
        if sign is None:
            full = context_sign(rules, run)
            decided += [_nudge(run, full)] if full is not None and not run.deaf else []
        elif len(run.nudges) < rules.nudges and not run.deaf:
            decided.append(_nudge(run, sign))
        else:
            decided.append(_stop(run, sign))
    return decided


def is_given_up_on(state: State, run: Run, agent: str) -> bool:
    """Whether this agent was stuck so often in the job of a queued run that another one should try."""
    return _stuck_there(state, run, agent) >= MOST_STUCK


def others_may(fleet: Fleet, state: State, run: Run) -> bool:
    """Whether somebody may go on with the job of a run that has just ended stuck: its own agent once more, or
    another one that was not stuck there as often.
    """
    workflow = workflow_of(fleet, state.instances[run.instance])
    job = workflow.job(run.job) if workflow else None
    names = set(job.agents) if job else set()
    for _ in range(len(fleet.agents)):
        names |= {each.fallback for each in fleet.agents if each.name in names and each.fallback}
    return any(_stuck_there(state, run, name) + (name == run.agent) < MOST_STUCK for name in names)


def _stuck_there(state: State, run: Run, agent: str) -> int:
    """In how many of its job's runs before, since that was last let go on, the agent was stuck."""
    record = state.instances[run.instance].jobs[run.job]
    ended = [each for name in record.runs if (each := state.runs[name]).state == "ended" and name != run.id]
    recent = ended[len(ended) - record.failures - record.free :]
    return sum(1 for each in recent if each.agent == agent and each.stop_kind == "stuck")


def looks_due(fleet: Fleet, state: State) -> list[int]:
    """When a run that is quiet has to be looked at next (ms since the epoch), if any has to."""
    first = NEVER_MS
    for run, rules, least in _running(fleet, state):
        if run.heard + least // 2 < first:  # else it is not the first, however quiet it is
            time = next_look(rules, run)
            first = min(first, time if time > state.now else NEVER_MS)
    return [] if first == NEVER_MS else [first]


def rules_of(fleet: Fleet, run: Run) -> Stuck:
    """When this run counts as stuck."""
    agent = fleet.agent(run.agent)
    return agent.stuck if agent is not None else Stuck()


def _running(fleet: Fleet, state: State) -> Iterator[tuple[Run, Stuck, int]]:
    """Every run that is at work, with the rules that hold for it, and their least patience."""
    known: dict[str, tuple[Stuck, int]] = {}
    for name in state.moving:
        run = state.runs[name]
        if run.state != "running" or run.stop_reason:
            continue
        found = known.get(run.agent)
        if found is None:
            rules = rules_of(fleet, run)
            found = known[run.agent] = rules, least_patience(rules)
        yield run, *found


def _nudge(run: Run, sign: Sign) -> Event:
    text = f"{FROM_FLEET}{sign.reason}. {_ADVICE[sign.kind]}"
    if sign.kind != "context":
        text += " If you cannot go on, say so with `ask` and end your turn."
    data = {"run": run.id, "kind": sign.kind, "reason": sign.reason, "text": text}
    return fact(events.RUN_NUDGED, data, cause=run.cause, story=run.instance)


def _stop(run: Run, sign: Sign) -> Event:
    data = {"run": run.id, "reason": sign.reason, "kind": "stuck", "actor": "fleet"}
    return fact(events.RUN_STOP_ASKED, data, cause=run.cause, story=run.instance)
