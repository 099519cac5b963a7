"""Plots, drawn on the server: bars or points over days, with their figures in a table for whoever can't see
them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from fleet.surfaces.web.html import Child, Html, tag

_WIDE, _HIGH, _LEFT, _BOTTOM, _TOP = 560, 168, 52, 20, 8
_LABELS = 7


class Point(NamedTuple):
    """One place on the axis and its value; None for none. `more` is what is expected to come on top."""

    name: str
    value: float | None
    more: float = 0.0


def plot(
    id: str,
    title: str,
    points: Sequence[Point],
    shown: Callable[[float], str],
    *,
    line: bool = False,
    axis: str = "day",
    limit: float = 0.0,
) -> Html:
    """A figure with its table. `shown` writes a value, `axis` is the name of the places. `line`: points that
    are joined, instead of bars. `limit` is drawn as a line where it is in sight.
    """
    most = max((point.value + point.more for point in points if point.value is not None), default=0.0)
    top = round_up(max(most, limit if limit < 2.5 * most else 0.0))
    told = [f"{point.name}: {shown(point.value)}" for point in points if point.value]
    said = f"From {points[0].name} to {points[-1].name}; at most {shown(most)}." if told else "Nothing yet."
    body = _line(points, top, shown) if line else _bars(points, top, shown)
    drawn = tag(
        "svg",
        tag("title", title, id=f"{id}-title"),
        tag("desc", said, id=f"{id}-desc"),
        _grid(top, shown),
        body,
        _limit(limit, top, shown),
        _names(points),
        viewBox=f"0 0 {_WIDE} {_HIGH}",
        class_="chart",
        role="img",
        aria_labelledby=f"{id}-title {id}-desc",
    )
    rows = [(point.name, _told(point, shown)) for point in points]
    return tag("figure", tag("figcaption", title), drawn, table_of(id, title, rows, axis), class_="figure")


def _told(point: Point, shown: Callable[[float], str]) -> str:
    if point.value is None:
        return "–"
    ahead = f", {shown(point.value + point.more)} expected" if point.more else ""
    return f"{shown(point.value)}{ahead}"


def _limit(limit: float, top: float, shown: Callable[[float], str]) -> Html | None:
    if not 0 < limit <= top:
        return None
    y = round(_HIGH - _BOTTOM - (_HIGH - _BOTTOM - _TOP) * limit / top, 1)
    line = tag("path", d=f"M{_LEFT} {y}H{_WIDE}", class_="ceiling")
    return tag("g", tag("title", f"ceiling {shown(limit)}"), line)


def _bars(points: Sequence[Point], top: float, shown: Callable[[float], str]) -> list[Html]:
    step = (_WIDE - _LEFT) / max(1, len(points))
    floor, scale = _HIGH - _BOTTOM, (_HIGH - _BOTTOM - _TOP) / top
    made = []
    for at, point in enumerate(points):
        if not (point.value or point.more):
            continue
        x, wide = round(_LEFT + at * step + step * 0.14, 1), round(min(step * 0.72, 56), 1)
        high = max(1.5, scale * (point.value or 0.0))
        bars = [tag("rect", x=x, y=round(floor - high, 1), width=wide, height=round(high, 1), rx=2)]
        if point.more:
            more = scale * point.more
            y = round(floor - high - more, 1)
            bars.append(tag("rect", x=x, y=y, width=wide, height=round(more, 1), rx=2, class_="expected"))
        made.append(tag("g", tag("title", f"{point.name}: {_told(point, shown)}"), bars, class_="mark"))
    return made


def _line(points: Sequence[Point], top: float, shown: Callable[[float], str]) -> list[Html]:
    step = (_WIDE - _LEFT) / max(1, len(points))
    places = [
        (_LEFT + (at + 0.5) * step, _HIGH - _BOTTOM - (_HIGH - _BOTTOM - _TOP) * point.value / top, point)
        for at, point in enumerate(points)
        if point.value is not None
    ]
    path = " ".join(f"{'L' if at else 'M'}{x:.1f} {y:.1f}" for at, (x, y, _) in enumerate(places))
    dots = [
        tag(
            "g",
            tag("title", f"{point.name}: {shown(point.value or 0)}"),
            tag("circle", cx=round(x, 1), cy=round(y, 1), r=3.2),
            class_="mark",
        )
        for x, y, point in places
    ]
    return [tag("path", d=path, fill="none", class_="curve"), *dots] if places else []


def _grid(top: float, shown: Callable[[float], str]) -> list[Html]:
    made = []
    for share in (0.0, 0.5, 1.0):
        y = round(_HIGH - _BOTTOM - (_HIGH - _BOTTOM - _TOP) * share, 1)
        made.append(tag("path", d=f"M{_LEFT} {y}H{_WIDE}", class_="grid"))
        made.append(tag("text", shown(top * share), x=_LEFT - 6, y=y + 4, text_anchor="end"))
    return made


def _names(points: Sequence[Point]) -> list[Html]:
    step = (_WIDE - _LEFT) / max(1, len(points))
    every = max(1, -(-len(points) // _LABELS))
    return [
        tag(
            "text",
            _short(point.name),
            x=round(_LEFT + (at + 0.5) * step, 1),
            y=_HIGH - 4,
            text_anchor="middle",
        )
        for at, point in enumerate(points)
        if (len(points) - 1 - at) % every == 0
    ]


def _short(name: str) -> str:
    return name[5:] if len(name) == 10 and name[4] == "-" else name


def table_of(id: str, title: str, rows: Sequence[tuple[str, str]], axis: str) -> Html:
    """The figures of a plot, folded, for whoever can't see it."""
    head = tag("tr", tag("th", axis, scope="col"), tag("th", title, scope="col"))
    body: list[Child] = [tag("tr", tag("td", name), tag("td", value)) for name, value in rows]
    room = tag(
        "div",
        tag("table", tag("thead", head), tag("tbody", body)),
        class_="table-room",
        tabindex=0,
        role="region",
        aria_label=f"{title}, as a table",
    )
    return tag("details", tag("summary", "As a table"), room, class_="fold", id=f"{id}-table")


def round_up(most: float) -> float:
    """The next round figure: 1, 2 or 5 times a power of ten."""
    if most <= 0:
        return 1.0
    power = 1.0
    while power * 10 <= most:
        power *= 10
    while power > most:
        power /= 10
    return next(power * by for by in (1, 2, 5, 10) if power * by >= most)
