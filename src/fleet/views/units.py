"""The units of every view: seconds, dollars, and moments as RFC 3339 in UTC. Elsewhere they are whole."""

from __future__ import annotations

from fleet.model.event import LATEST_TIME_MS, rfc3339

DAY_MS = 86_400_000


def seconds(ms: int) -> float:
    """Milliseconds as seconds."""
    return round(ms / 1000, 3)


def dollars(micros: int) -> float:
    """Micro-dollars as dollars."""
    return round(micros / 1_000_000, 6)


def moment(ms: int) -> str | None:
    """Milliseconds since the epoch as `2026-01-31T12:00:00.250Z`; None for never."""
    return rfc3339(min(ms, LATEST_TIME_MS)) if ms > 0 else None
