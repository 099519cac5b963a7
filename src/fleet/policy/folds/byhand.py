"""Who has a run in hand, from the takeover to the hand-back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.model.event import Event
from fleet.model.state import Run, State
from fleet.policy.folds.reading import text


def took_over(run: Run) -> str:
    """Why nobody else goes on with it."""
    return f"{run.in_hand or run.stopped_by or 'a person'} took it over"


def run_taken_over(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """A person has it in hand. What its job waited for is theirs to answer now, by handing it back; but for
    another round, which is more than a try of this one job.
    """
    del event
    run = state.runs.get(text(data, "run"))
    if run is None:
        return
    run.in_hand = text(data, "actor")
    for name in () if run.live else state.asked:
        approval = state.approvals[name]
        mine = (approval.instance, approval.job) == (run.instance, run.job) and not approval.answer
        if mine and approval.kind != "rounds":
            approval.kind, approval.why, approval.run = "takeover", took_over(run), run.id
            run.awaits = approval.kind


def run_handed_back(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """Nobody has it in hand any more."""
    del event
    run = state.runs.get(text(data, "run"))
    if run is not None:
        run.in_hand = ""
