"""What grows over time, drawn on the server as a line, with its figures in a table beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fleet.surfaces.figures import clock
from fleet.surfaces.web.draw.plots import round_up, table_of
from fleet.surfaces.web.html import NOTHING, Html, tag

_WIDE, _HIGH, _LEFT, _BOTTOM, _TOP, _RIGHT = 400, 150, 52, 22, 10, 8
_ROWS = 24  # of the table, and of the points that tell their figure: the rest lies between


def curve(
    id: str,
    title: str,
    points: Sequence[tuple[int, float]],
    shown: Callable[[float], str],
    *,
    limit: float = 0.0,
) -> Html:
    """A figure of (ms since the epoch, value so far), oldest first. `limit` is drawn as a line where it is in
    sight. Nothing is drawn of fewer than two points.
    """
    if len(points) < 2:
        return NOTHING
    start, end, most = points[0][0], points[-1][0], max(value for _, value in points)
    top = round_up(max(most, limit if limit < 2.5 * most else 0.0))

    def place(time: int, value: float) -> str:
        x = _LEFT + (_WIDE - _LEFT - _RIGHT) * (time - start) / max(1, end - start)
        return f"{x:.1f} {_y(value, top):.1f}"

    path = "".join(f"{'L' if at else 'M'}{place(*point)}" for at, point in enumerate(points))
    floor = _HIGH - _BOTTOM
    said = f"From {shown(points[0][1])} at {clock(start)} to {shown(points[-1][1])} at {clock(end)}."
    drawn = tag(
        "svg",
        tag("title", title, id=f"{id}-title"),
        tag("desc", said, id=f"{id}-desc"),
        _grid(top, shown),
        tag("path", d=f"{path}L{_WIDE - _RIGHT} {floor}L{_LEFT} {floor}z", class_="under-curve"),
        tag("path", d=path, fill="none", class_="curve"),
        _limit(limit, top, shown),
        tag("text", clock(start), x=_LEFT, y=_HIGH - 5),
        tag("text", clock(end), x=_WIDE - _RIGHT, y=_HIGH - 5, text_anchor="end"),
        viewBox=f"0 0 {_WIDE} {_HIGH}",
        class_="chart small-chart",
        role="img",
        aria_labelledby=f"{id}-title {id}-desc",
    )
    rows = [(clock(time), shown(value)) for time, value in _some(points)]
    return tag("figure", tag("figcaption", title), drawn, table_of(id, title, rows, "time"), class_="figure")


def _some(points: Sequence[tuple[int, float]]) -> Sequence[tuple[int, float]]:
    """So many of them, the first and the last among them."""
    step = max(1, -(-len(points) // _ROWS))
    return [*points[:-1:step], points[-1]]


def _y(value: float, top: float) -> float:
    return _HIGH - _BOTTOM - (_HIGH - _BOTTOM - _TOP) * value / top


def _grid(top: float, shown: Callable[[float], str]) -> list[Html]:
    made = []
    for value in (0.0, top / 2, top):
        y = round(_y(value, top), 1)
        made.append(tag("path", d=f"M{_LEFT} {y}H{_WIDE - _RIGHT}", class_="grid"))
        made.append(tag("text", shown(value), x=_LEFT - 6, y=y + 4, text_anchor="end"))
    return made


def _limit(limit: float, top: float, shown: Callable[[float], str]) -> Html | None:
    if not 0 < limit <= top:
        return None
    y = round(_y(limit, top), 1)
    return tag(
        "g",
        tag("title", f"ceiling {shown(limit)}"),
        tag("path", d=f"M{_LEFT} {y}H{_WIDE - _RIGHT}", class_="ceiling"),
    )
