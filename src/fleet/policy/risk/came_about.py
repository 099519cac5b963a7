"""How a change came about, from the state: the runs that made it, and who its author is."""

from __future__ import annotations

from fleet.model.state import Change, Run, State
from fleet.policy.fixes import is_fix
from fleet.policy.leak import secrets_in
from fleet.policy.record import standing
from fleet.policy.risk.behaviour import Behaviour

_BAD = ("failed", "timed_out", "over_budget")


def behaviour_of(state: State, change: Change) -> Behaviour:
    """What the runs of the change's maker did: denied actions, failures, budget of the one that used most."""
    instance = state.instances.get(change.instance)
    record = instance.jobs.get(change.maker) if instance else None
    runs = [state.runs[name] for name in record.runs if name in state.runs] if record else []
    author = standing(state, f"since/{change.author.removeprefix('agent/')}")
    return Behaviour(
        denied=sum(run.denied for run in runs),
        rounds=instance.round if instance else 1,
        retries=sum(run.outcome in _BAD for run in runs),
        budget_used=max((_budget_used(run) for run in runs), default=0.0),
        level=author.level,
        why=str(author.signals[0]["reason"]) if author.signals else "",
    )


def secrets_of(state: State, change: Change) -> int:
    """How many secrets were found in the commits of the run that made the head."""
    instance = state.instances.get(change.instance)
    record = instance.jobs.get(change.maker) if instance else None
    runs = [state.runs[name] for name in record.runs if name in state.runs] if record else []
    made = (run for run in reversed(runs) if run.collected.get("head") == change.head)
    return next((len(secrets_in(run)) for run in made), 0)


def mends(state: State, change: Change, subjects: tuple[str, ...]) -> bool:
    """Whether the change mends a defect, by its title, its issue's labels or its commits."""
    item = state.items.get(change.item)
    labels = item.labels if item else []
    return any(is_fix(text) for text in (change.title, *subjects)) or any("bug" in each for each in labels)


def _budget_used(run: Run) -> float:
    time_ms = max(0, run.ended - run.started) if run.started else 0
    parts = [(run.cost_micros, run.cost_limit), (time_ms, run.ceiling_ms)]
    return max(used / limit if limit else 0.0 for used, limit in parts)
