"""When a cron line fires next. Times are milliseconds since the epoch, schedules are in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

NEVER = 2**62


@lru_cache(maxsize=256)
def next_firing(cron: str, after_ms: int) -> int:
    """The first time strictly after `after_ms`; NEVER for a line that names no day there is."""
    from cronsim import CronSim, CronSimError

    try:
        found = next(CronSim(cron, datetime.fromtimestamp(after_ms // 1000, UTC)), None)
    except CronSimError:
        return NEVER  # fleet.yaml was checked when it was loaded: such a line never gets here
    return NEVER if found is None else int(found.timestamp()) * 1000
