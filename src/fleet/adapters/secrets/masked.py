"""A harness's reader whose events show no secrets: between what a session printed and every eye and log.

Each line is masked before it is read, since a reader shortens texts, and half a secret is not known for one.
What the reader puts together from pieces is masked after that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from fleet.adapters.secrets.lines import PlainLines, is_json, masked_json
from fleet.ports.harness import AgentEvent, Reader, Stream
from fleet.ports.secrets import Secrets

_KEPT = ("id", "name", "kind", "model", "version")


class MaskedReader:
    """Reads as the other one does, and masks the texts of what that gives."""

    def __init__(self, reader: Reader, secrets: Secrets) -> None:
        self.found = False
        self._reader = reader
        self._secrets = secrets
        self._plain = {"out": PlainLines(secrets.find), "err": PlainLines(secrets.find)}

    def feed(self, stream: Stream, line: str) -> list[AgentEvent]:
        """The events of this line."""
        masked = self._line(stream, line)
        events = self._reader.feed(stream, masked)
        found = [self._masked(event) for event in events]
        self.found = self.found or masked != line or found != events
        return found

    def _line(self, stream: Stream, line: str) -> str:
        if not is_json(line):
            return self._plain[stream].masked(line)
        self._plain[stream].broken_off()
        # A piece of a text would be masked in part, and what comes after it would not be known any more.
        return line if _is_piece(line) else masked_json(self._secrets.find, line)

    def _masked(self, event: AgentEvent) -> AgentEvent:
        found: dict[str, Any] = {}
        for field in fields(event):
            value = getattr(event, field.name)
            if field.name not in _KEPT and isinstance(value, str | Mapping | list):
                found[field.name] = masked(self._secrets, value)
        return replace(event, **found) if found else event


def masked(secrets: Secrets, value: Any, depth: int = 0) -> Any:
    """Plain JSON with every text in it masked, names too, whatever it is nested in."""
    if isinstance(value, str):
        return secrets.mask(value)
    if depth > 40:
        return value
    if isinstance(value, Mapping):
        return {
            masked(secrets, name, depth + 1): masked(secrets, each, depth + 1) for name, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [masked(secrets, each, depth + 1) for each in value]
    return value


def _is_piece(line: str) -> bool:
    return '"delta"' in line and json.loads(line).get("delta") is True
