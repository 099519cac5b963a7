"""What has been kept for as long as fleet.yaml says."""

from __future__ import annotations

from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import State
from fleet.policy.fact import wish

_AT_ONCE = 50


def transcripts_to_forget(fleet: Fleet, state: State) -> list[Event]:
    """Transcripts of runs that ended long enough ago are to be deleted, oldest first."""
    if not fleet.transcripts_ms:
        return []
    decided: list[Event] = []
    for name in state.kept:
        run = state.runs[name]
        if run.ended + fleet.transcripts_ms > state.now or len(decided) == _AT_ONCE:
            break
        if f"forget/{name}" not in state.wishes:
            decided.append(wish("forget", name, {"run": name}, cause=run.cause, story=run.instance))
    return decided


def forgets_at(fleet: Fleet, state: State) -> int | None:
    """When the next transcript has been kept for long enough (ms since the epoch); None when none will be."""
    first = next(iter(state.kept), None)
    if not fleet.transcripts_ms or first is None or f"forget/{first}" in state.wishes:
        return None
    return state.runs[first].ended + fleet.transcripts_ms
