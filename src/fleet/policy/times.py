"""Windows of time in the week: whether one is open, and when that changes. Times are ms since the epoch.

Zones come from the system's own table, or from the package tzdata: data that is the same at every call.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from fleet.model.gates import Window

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEK = tuple(range(7))
WHOLE = 24 * 60


def is_open(window: Window, now: int) -> bool:
    """Whether the window is open at this moment."""
    return any(start <= now < end for start, end in _spans(window, now))


def next_opening(window: Window, now: int) -> int:
    """When it opens next."""
    return min(start for start, _ in _spans(window, now) if start > now)


def last_opening(window: Window, now: int) -> int:
    """When it opened last."""
    return max(start for start, _ in _spans(window, now) if start <= now)


def next_turn(window: Window, now: int) -> int:
    """When it opens or closes next."""
    return min(time for span in _spans(window, now) for time in span if time > now)


def words(window: Window) -> str:
    """`mon-fri 09:00-17:00 (Europe/Berlin)`."""
    days = "every day" if window.days == WEEK else _days(window.days)
    whole = (window.start, window.end) == (0, WHOLE)
    hours = "" if whole else f" {_clock(window.start)}-{_clock(window.end)}"
    return f"{days}{hours} ({window.zone})"


def moment(time: int, zone: str) -> str:
    """`Mon 2026-03-02 09:00` in this zone."""
    return datetime.fromtimestamp(time / 1000, ZoneInfo(zone)).strftime("%a %Y-%m-%d %H:%M")


def _spans(window: Window, now: int) -> Iterator[tuple[int, int]]:
    """From when to when it is open, around now: the last days, and at least a week ahead."""
    today = datetime.fromtimestamp(now / 1000, ZoneInfo(window.zone)).date().toordinal()
    for day in range(today - 1, today + 9):
        if (day - 1) % 7 in window.days:  # the first of January of the year 1 was a Monday
            yield _span(window, day)


@lru_cache(maxsize=512)
def _span(window: Window, day: int) -> tuple[int, int]:
    until = day + (1 if window.end <= window.start else 0)
    return _instant(day, window.start, window.zone), _instant(until, window.end, window.zone)


def _instant(day: int, minute: int, zone: str) -> int:
    """A time that a clock of the zone shows. One that is skipped when clocks go forward is an hour later."""
    local = datetime.fromordinal(day) + timedelta(minutes=minute)
    return int(local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).timestamp()) * 1000


def _days(days: tuple[int, ...]) -> str:
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{DAYS[days[0]]}-{DAYS[days[-1]]}"
    return ", ".join(DAYS[day] for day in days)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
