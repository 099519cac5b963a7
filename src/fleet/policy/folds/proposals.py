"""Rules that a person wants in fleet.yaml, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.model.event import Event
from fleet.model.proposal import Proposal
from fleet.model.state import State
from fleet.policy.folds.reading import text, texts


def rules_proposed(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """A person wants them."""
    name = text(data, "proposal")
    state.proposals[name] = Proposal(
        name,
        text(data, "agent"),
        text(data, "where"),
        tuple(texts(data, "rules")),
        text(data, "actor"),
        run=text(data, "run"),
        asked=event.time,
        cause=event.id,
    )


def rules_written(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """They are a commit."""
    found = state.proposals.get(text(data, "proposal"))
    if found is not None:
        found.repo, found.ref = text(data, "repo"), text(data, "ref")
        found.branch, found.base, found.head = text(data, "branch"), text(data, "base"), text(data, "head")
        found.cause = event.id


def rules_refused(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """They could not be written."""
    found = state.proposals.get(text(data, "proposal"))
    if found is not None:
        found.refused, found.cause = text(data, "reason") or "it could not be done", event.id
