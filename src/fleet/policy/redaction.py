"""What is left of an event's data when its texts are taken away: names, numbers and commits, no words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

GONE = "[redacted]"
_KEPT = frozenset(
    [
        "actor",
        "agent",
        "approval",
        "author",
        "authors",
        "base",
        "branch",
        "by",
        "change",
        "commit",
        "digest",
        "duty",
        "event",
        "harness",
        "head",
        "item",
        "instance",
        "job",
        "key",
        "kind",
        "label",
        "labels",
        "model",
        "name",
        "outcome",
        "ref",
        "repo",
        "requirement",
        "resets",
        "run",
        "sandbox",
        "sha",
        "state",
        "started",
        "status",
        "trigger",
        "triggers",
        "type",
        "verdict",
        "version",
        "workflow",
        "workspace",
    ]
)


def without_texts(data: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the data in which every text is gone but those that name something. The rules can still read
    it, since each value is of the type that it was.
    """
    return {name: _without(name, value) for name, value in data.items()}


def _without(name: str, value: Any) -> Any:
    if isinstance(value, str):
        return value if name in _KEPT or not value else GONE
    if isinstance(value, Mapping):
        return {key: _without(key, each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without(name, each) for each in value]
    return value
