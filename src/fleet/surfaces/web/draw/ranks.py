"""Names and a figure for each, as bars that lie: who the most of something belongs to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fleet.surfaces.web.html import Child, Html, tag

_MOST = 10


def ranks(
    title: str,
    rows: Sequence[tuple[Child, float | None]],
    shown: Callable[[float], str],
    *,
    most: int = _MOST,
) -> Html:
    """The greatest first, and at most so many; the table beside it has them all."""
    found = sorted(((name, value) for name, value in rows if value), key=lambda row: -row[1])
    top = max((value for _, value in found), default=0.0)
    over = len(found) - most
    bars = [
        tag(
            "li",
            tag("span", name, class_="rank-name"),
            tag(
                "svg",
                tag("rect", width=f"{max(1, round(100 * value / top))}%", height="100%", rx=2),
                class_="rank-bar",
                aria_hidden="true",
            ),
            tag("span", shown(value), class_="number"),
        )
        for name, value in found[:most]
    ]
    return tag(
        "figure",
        tag("figcaption", title),
        tag("ul", bars, class_="ranks") if bars else tag("p", "Nothing yet.", class_="dim"),
        tag("p", f"and {over} more, in the table", class_="dim small") if over > 0 else None,
        class_="figure",
    )
