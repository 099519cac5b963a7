"""What the audit has to say: signatures, and what was taken away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.model.event import Event
from fleet.model.state import State
from fleet.policy.folds.reading import text, whole


def run_redacted(state: State, _event: Event, data: Mapping[str, Any]) -> None:
    """What a run said and was told is gone."""
    run = state.runs.get(text(data, "run"))
    if run is not None:
        run.redacted = text(data, "reason") or "it was taken away"
        state.kept.pop(run.id, None)


def change_attested(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """What led to a merge was signed, or could not be."""
    if whole(data, "change") not in state.changes:
        return
    state.to_attest.pop(whole(data, "change"), None)
    if not text(data, "error"):
        state.attested, state.attested_at = event.seq, event.time
