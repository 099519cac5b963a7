"""Calls of tools that wait for a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.model.event import Event
from fleet.model.state import HeldCall, State
from fleet.policy.folds.reading import text, texts, whole


def tool_asked(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """It waits."""
    run, call = text(data, "run"), text(data, "call")
    told = data.get("offer")
    offer: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
    if run in state.runs:
        state.held[f"{run}.{call}"] = HeldCall(
            run,
            call,
            text(data, "tool"),
            text(data, "about"),
            text(data, "rule"),
            whole(data, "until"),
            where=text(offer, "where"),
            offer=tuple(texts(offer, "rules")),
            cause=event.id,
        )


def tool_decided(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """It does not wait any more."""
    del event
    state.held.pop(f"{text(data, 'run')}.{text(data, 'call')}", None)
