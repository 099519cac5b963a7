"""A harness's reader whose events show no secrets: between what a session printed and every eye and log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from fleet.ports.harness import AgentEvent, Reader, Stream
from fleet.ports.secrets import Secrets

_KEPT = ("id", "name", "kind", "model", "version")


class MaskedReader:
    """Reads as the other one does, and masks the texts of what that gives."""

    def __init__(self, reader: Reader, secrets: Secrets) -> None:
        self._reader = reader
        self._secrets = secrets

    def feed(self, stream: Stream, line: str) -> list[AgentEvent]:
        """The events of this line."""
        return [self._masked(event) for event in self._reader.feed(stream, line)]

    def _masked(self, event: AgentEvent) -> AgentEvent:
        found: dict[str, Any] = {}
        for field in fields(event):
            value = getattr(event, field.name)
            if field.name not in _KEPT and isinstance(value, str | Mapping | list):
                found[field.name] = masked(self._secrets, value)
        return replace(event, **found) if found else event


def masked(secrets: Secrets, value: Any, depth: int = 0) -> Any:
    """Plain JSON with every text in it masked, whatever it is nested in."""
    if isinstance(value, str):
        return secrets.mask(value)
    if depth > 40:
        return value
    if isinstance(value, Mapping):
        return {name: masked(secrets, each, depth + 1) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [masked(secrets, each, depth + 1) for each in value]
    return value
