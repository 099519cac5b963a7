"""When a provider that limits or fails may be asked again, from the words in which a harness tells of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

LONGEST_MS = 8 * 86_400_000
"""Nobody is believed who says that it takes longer than this."""

_UNITS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_SPAN = re.compile(
    r"(\d+(?:\.\d+)?)\s*(ms|milliseconds?|d(?:ays?)?|h(?:ours?|rs?)?|m(?:in(?:ute)?s?)?|s(?:ec(?:ond)?s?)?)\b"
    r"|(\d+(?:\.\d+)?)(ms|d|h|m|s)(?=\d)",
    re.IGNORECASE,
)
_IN = re.compile(
    r"(?:again in|retry[ -]?(?:after|delay|in)|wait|resets? in|available in|reset after)\W{0,12}"
    r"((?:(?:about|~)\s*)?\d[\w.,\s]{0,60})",
    re.IGNORECASE,
)
_EPOCH = re.compile(r"(?:\||resets?[_ ]?at\W{1,6}|reset\W{1,6})(\d{10})(\d{3})?\b", re.IGNORECASE)
_MOMENT = re.compile(r"\b(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))")
_CLOCK = re.compile(
    r"(?:resets?|again)(?: at)? (\d{1,2})(?::(\d\d))?\s*(am|pm)?\s*\(?(?:UTC|GMT)\)?", re.IGNORECASE
)


def reset_at(text: str, seen: int) -> int:
    """The moment that the text names, seen at `seen` (both ms since the epoch); 0 when it names none, or one
    that is past or further off than a week.
    """
    found = _epoch(text) or _moment(text) or _span(text, seen) or _clock(text, seen)
    return found if seen < found <= seen + LONGEST_MS else 0


def _epoch(text: str) -> int:
    found = _EPOCH.search(text)
    return int(found[1]) * 1000 + int(found[2] or 0) if found else 0


def _moment(text: str) -> int:
    if not re.search(r"reset|again|retry|until|available", text, re.IGNORECASE):
        return 0
    found = _MOMENT.search(text)
    try:
        return int(datetime.fromisoformat(found[1]).timestamp() * 1000) if found else 0
    except (ValueError, OverflowError):
        return 0


def _span(text: str, seen: int) -> int:
    found = _IN.search(text)
    if not found:
        return 0
    spans = [(a or c, (b or d).lower()) for a, b, c, d in _SPAN.findall(found[1])]
    if not spans:  # a bare number is seconds, as in the header Retry-After
        bare = re.match(r"\s*(\d+(?:\.\d+)?)", found[1])
        return seen + int(float(bare[1]) * 1000) if bare else 0
    total = 0.0
    for number, unit in spans:
        short = "ms" if unit.startswith(("ms", "milli")) else unit[0]
        total += float(number) * _UNITS[short]
    return seen + max(1, int(total))


def _clock(text: str, seen: int) -> int:
    found = _CLOCK.search(text)
    if not found:
        return 0
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    hour = hour % 12 + (12 if half == "pm" else 0) if half else hour
    if hour > 23 or minute > 59:
        return 0
    now = datetime.fromtimestamp(seen / 1000, UTC)
    then = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    then = then if then > now else then + timedelta(days=1)
    return int(then.timestamp() * 1000)
