"""Times that pass while one looks. A piece that holds one stays the same text from second to second.

So what is drawn holds a mark in the place of the time, and `filled` puts the time in when it is sent.
"""

from __future__ import annotations

import re

from fleet.surfaces.figures import ago, clock, duration
from fleet.surfaces.figures import moment as full
from fleet.surfaces.web.html import NOTHING, Html, tag

_MARK = "\ue0f0"
_PLACE = re.compile(f"{_MARK}(since|ago)(\\d+){_MARK}")


def running(since_ms: int) -> Html:
    """How long something lasts already, counting on: `3m 05s`."""
    return _time("since", since_ms)


def ago_since(ms: int) -> Html:
    """How long ago something was, counting on: `12s ago`."""
    return _time("ago", ms)


def at(ms: int) -> Html:
    """The time of day of a moment, with the whole of it as a hint."""
    if ms <= 0:
        return NOTHING
    return tag("time", clock(ms), title=full(ms))


def filled(html: str, now_ms: int) -> str:
    """The text with its times as they are now."""
    if _MARK not in html:
        return html

    def put(found: re.Match[str]) -> str:
        then = int(found[2])
        return _length(now_ms - then) if found[1] == "since" else ago(then, now_ms)

    return _PLACE.sub(put, html)


def coarse(seconds: float) -> str:
    """A length in steps of a minute, for what is drawn anew often: `<1m`, `12m`, `1h 05m`."""
    if seconds < 60:
        return "<1m" if seconds > 0 else "0m"
    minutes = int(seconds // 60)
    hours, rest = divmod(minutes, 60)
    return f"{minutes}m" if not hours else f"{hours}h {rest:02d}m" if rest else f"{hours}h"


def _time(kind: str, ms: int) -> Html:
    if ms <= 0:
        return NOTHING
    mark = Html(f"{_MARK}{kind}{ms}{_MARK}")
    return tag("time", mark, data_kind=kind, data_ms=ms, title=full(ms))


def _length(ms: int) -> str:
    return duration(max(0, ms - ms % 1000))
