"""What the audit has to say: signatures, and what was taken away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.model.event import Event
from fleet.model.state import State
from fleet.policy.folds.reading import text, whole


def change_attested(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """What led to a merge was signed, or could not be."""
    state.to_attest.pop(whole(data, "change"), None)
    if not text(data, "error"):
        state.attested = event.seq
