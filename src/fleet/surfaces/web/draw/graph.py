"""A workflow at work, drawn: its jobs from left to right by what they need, each with its state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fleet.surfaces.web.draw.parts import SHAPES, Tone
from fleet.surfaces.web.html import Html, tag

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _MARGIN = 176, 58, 44, 16, 6
_LONGEST_NAME, _LONGEST_NOTE = 19, 25


@dataclass(frozen=True, slots=True)
class Node:
    """One job, or the gate before one. `note` is a short line below its name; `href` may be empty."""

    name: str
    needs: tuple[str, ...]
    state: str
    tone: Tone
    note: str = ""
    href: str = ""
    gate: bool = False


def graph(nodes: Sequence[Node], label: str) -> Html:
    """The nodes with their arrows. `label` says in words what can be seen."""
    places = _places(nodes)
    columns = max((x for x, _ in places.values()), default=0) + 1
    rows = max((y for _, y in places.values()), default=0) + 1
    width = columns * (_WIDTH + _GAP_X) - _GAP_X + 2 * _MARGIN
    height = rows * (_HEIGHT + _GAP_Y) - _GAP_Y + 2 * _MARGIN
    arrows = [
        _arrow(places[need], places[node.name], done=_done(nodes, need))
        for node in nodes
        for need in node.needs
        if need in places
    ]
    drawn = tag(
        "svg",
        tag("title", label),
        arrows,
        [_node(node, places[node.name]) for node in nodes],
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        class_="graph",
        role="group",
        aria_label=label,
    )
    return tag("div", drawn, class_="graph-room", tabindex=0, role="region", aria_label="The jobs, drawn")


def _places(nodes: Sequence[Node]) -> dict[str, tuple[int, int]]:
    """Column and row of each: a column right of all that it needs."""
    needs = {node.name: [each for each in node.needs if each != node.name] for node in nodes}
    columns: dict[str, int] = {}
    for _ in nodes:
        for name, wanted in needs.items():
            columns[name] = max((columns.get(need, 0) + 1 for need in wanted if need in needs), default=0)
    columns = {name: min(column, len(nodes) - 1) for name, column in columns.items()}
    filled: dict[int, int] = {}
    places = {}
    for node in nodes:
        column = columns[node.name]
        places[node.name] = (column, filled.get(column, 0))
        filled[column] = filled.get(column, 0) + 1
    return places


def _node(node: Node, place: tuple[int, int]) -> Html:
    x, y = _left(place), _top(place)
    shape = tag(
        "svg",
        SHAPES[node.tone],
        x=x + 10,
        y=y + 11,
        width=16,
        height=16,
        viewBox="0 0 16 16",
        class_=f"sign {node.tone}",
    )
    drawn = tag(
        "g",
        tag("rect", x=x, y=y, width=_WIDTH, height=_HEIGHT, rx=_HEIGHT // 2 if node.gate else 8),
        shape,
        tag("text", _cut(node.name, _LONGEST_NAME), x=x + 33, y=y + 24, class_="name"),
        tag(
            "text",
            _cut(f"{node.state}{', ' if node.note else ''}{node.note}", _LONGEST_NOTE),
            x=x + 33,
            y=y + 43,
        ),
        tag("title", f"{node.name}: {node.state} {node.note}".strip()),
        class_=f"node {node.tone}",
    )
    return tag("a", drawn, href=node.href) if node.href else drawn


def _arrow(start: tuple[int, int], end: tuple[int, int], *, done: bool) -> Html:
    x1, y1 = _left(start) + _WIDTH, _top(start) + _HEIGHT // 2
    x2, y2 = _left(end), _top(end) + _HEIGHT // 2
    middle = (x1 + x2) // 2
    tip = f"M{x2 - 6} {y2 - 4}L{x2} {y2}L{x2 - 6} {y2 + 4}"
    line = f"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"
    return tag("path", d=f"{line}{tip}", class_="arrow done" if done else "arrow", fill="none")


def _done(nodes: Sequence[Node], name: str) -> bool:
    states: Mapping[str, str] = {node.name: node.tone for node in nodes}
    return states.get(name) == "good"


def _left(place: tuple[int, int]) -> int:
    return _MARGIN + place[0] * (_WIDTH + _GAP_X)


def _top(place: tuple[int, int]) -> int:
    return _MARGIN + place[1] * (_HEIGHT + _GAP_Y)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
