"""How a run passed its time, as one strip: waiting, starting, at work; and a mark for each thing it did."""

from __future__ import annotations

from collections.abc import Sequence

from fleet.surfaces.figures import duration
from fleet.surfaces.web.html import NOTHING, Html, tag

_WIDE, _HIGH = 600, 26
_LEAST = 3.0  # of each part, so that a short one is seen too
_MOST_MARKS = 300


def strip(parts: Sequence[tuple[str, str, int]], marks: Sequence[int], begin: int) -> Html:
    """`parts` are name, tone and how long it took, in ms; `marks` are moments; all begins at `begin`."""
    whole = sum(length for _, _, length in parts)
    if whole <= 0:
        return NOTHING
    made: list[Html] = []
    x = 0.0
    for name, tone, length in parts:
        if length <= 0:
            continue
        wide = max(_LEAST, _WIDE * length / whole)
        title = tag("title", f"{name}: {duration(length)}")
        made.append(
            tag(
                "g",
                title,
                tag("rect", x=round(x, 1), y=8, width=round(wide, 1), height=10),
                class_=f"part {tone}",
            )
        )
        x += wide
    step = max(1, -(-len(marks) // _MOST_MARKS))
    ticks = "".join(f"M{_WIDE * (at - begin) / whole:.1f} 3v20" for at in marks[::step] if at >= begin)
    told = [f"{name} {duration(length)}" for name, _, length in parts if length > 0]
    did = f"; did {len(marks)} things" if marks else ""
    drawn = tag(
        "svg",
        made,
        tag("path", d=ticks, class_="ticks") if ticks else None,
        viewBox=f"0 0 {_WIDE} {_HIGH}",
        preserveAspectRatio="none",
        class_="strip",
        role="img",
        aria_label=f"{', '.join(told)}{did}",
    )
    legend = [
        tag("span", tag("span", class_=f"swatch {tone}"), f"{name} {duration(length - length % 1000)}")
        for name, tone, length in parts
        if length > 0
    ]
    return tag("div", drawn, tag("p", legend, class_="legend"), class_="strip-room")
