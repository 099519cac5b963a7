"""The telemetry port: spans of what happened, for whoever collects traces.

Law: a span that was sent is sent again without harm. `send` may block; nothing but telemetry waits for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Span:
    """Something that took from `start` to `end` (ms since the epoch), in trace `trace` (128 bits), as `id`
    below `parent` (64 bits; 0 for a root). `error` says why it failed, "" where it did not.
    """

    trace: int
    id: int
    parent: int
    name: str
    start: int
    end: int
    attributes: Mapping[str, Value] = field(default_factory=dict)
    error: str = ""


class SpanSink(Protocol):
    """Where spans go."""

    def send(self, spans: Sequence[Span]) -> None:
        """Send them. Raises Temporary when they were not taken."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...
