"""Values of `gates` that are more than their type: days, hours, zones, teams."""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fleet.config.explain import did_you_mean
from fleet.config.values import unexpected
from fleet.policy.times import DAYS, WEEK, WHOLE

WHOLE_DAY = (0, WHOLE)

_HOURS = re.compile(r"([0-9]{1,2}):([0-9]{2}) ?[-–] ?([0-9]{1,2}):([0-9]{2})")
_TEAM = re.compile(r"[a-z0-9][a-z0-9_-]*/[a-z0-9][a-z0-9_.-]*")

__all__ = ["WEEK", "WHOLE_DAY", "days", "hours", "team", "zone"]


def days(value: Any) -> Any:
    """`mon-fri`, `mon, wed` or a list of such; as numbers, Monday is 0."""
    parts = re.split(r"[,\s]+", value.strip()) if isinstance(value, str) else value
    if not isinstance(parts, list) or not parts:
        raise unexpected("days such as mon-fri")
    found: set[int] = set()
    for part in parts:
        first, _, last = str(part).lower().partition("-")
        for name in (first, last or first):
            if name not in DAYS:
                raise unexpected("days such as mon-fri, or [mon, wed]", did_you_mean(name[:3], DAYS))
        start, end = DAYS.index(first), DAYS.index(last or first)
        found.update((start + each) % 7 for each in range((end - start) % 7 + 1))
    return tuple(sorted(found))


def hours(value: Any) -> Any:
    """`09:00-17:00`, in minutes of the day."""
    expected = 'hours such as "09:00-17:00"'
    found = _HOURS.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise unexpected(expected, "put it in quotes" if isinstance(value, int) else "")
    start, end = (int(found[at]) * 60 + int(found[at + 1]) for at in (1, 3))
    if start >= WHOLE or end > WHOLE or int(found[2]) > 59 or int(found[4]) > 59:
        raise unexpected(expected, "a day has the hours from 00:00 to 24:00")
    if start == end:
        raise unexpected(expected, "this one is no time at all; leave hours out for the whole day")
    return start, end


def zone(value: Any) -> Any:
    """A zone that the system, or the package tzdata, knows."""
    if isinstance(value, str):
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            from zoneinfo import available_timezones

            near = did_you_mean(value, sorted(available_timezones()))
            raise unexpected("a time zone such as Europe/Berlin", near) from error
    return value


def team(value: Any) -> Any:
    """`org/team`."""
    if isinstance(value, str) and not _TEAM.fullmatch(value):
        better = value.lstrip("@")
        hint = f"did you mean {better!r}?" if _TEAM.fullmatch(better) else ""
        raise unexpected("a team as CODEOWNERS names it, without the @: acme/core", hint)
    return value
