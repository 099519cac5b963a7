"""An agent's record: how far it can be trusted, and what of what it did speaks for and against that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.policy.record import WINDOW_DAYS
from fleet.surfaces.web.draw.parts import dollars, facts
from fleet.surfaces.web.html import Html, join, tag

_RATED = ("quality", "reliability", "efficiency")


def record_block(row: Mapping[str, Any]) -> Html:
    """Its level and score, the figures side by side, and each signal with its points and its reason."""
    each = row["cost_each"]
    cost = (
        f"{dollars(row['cost'])}, {dollars(each)} a merged change"
        if each is not None
        else dollars(row["cost"])
    )
    figures = [(name, _of_hundred(row[name])) for name in _RATED]
    counts = f"{row['runs']} runs, {row['failed']} failed, {row['merged']} merged"
    return join(
        tag("p", tag("strong", f"Risk {row['level']}"), f", {row['score']} of 100"),
        facts([*figures, ("cost", cost), (f"in {WINDOW_DAYS} days", counts)]),
        _signals(row),
    )


def record_words(row: Mapping[str, Any]) -> str:
    """The same in one line, "" for one that did nothing yet."""
    if not row["runs"]:
        return ""
    return f"risk {row['level']} · " + " · ".join(f"{name} {_of_hundred(row[name])}" for name in _RATED)


def _signals(row: Mapping[str, Any]) -> Html:
    if not row["signals"]:
        return tag("p", "Nothing that it did speaks against it.", class_="dim")
    return tag(
        "ul",
        [
            tag(
                "li",
                tag("strong", f"+{each['points']}", class_="points"),
                tag("div", str(each["name"]), tag("div", str(each["reason"]), class_="dim small")),
            )
            for each in row["signals"]
        ],
        class_="factors",
    )


def _of_hundred(figure: int | None) -> str:
    return "not told yet" if figure is None else f"{figure}"
