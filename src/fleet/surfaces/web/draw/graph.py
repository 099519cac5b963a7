"""A workflow at work, drawn: its jobs by what they need, each with its state; from left to right, and for a
phone from top to bottom.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from fleet.surfaces.web.draw.parts import SHAPES, Tone
from fleet.surfaces.web.html import Html, tag

_HEIGHT, _MARGIN = 58, 6


class _Way(NamedTuple):
    """How it is laid out: the width of a node, the gaps beside and below it, how long its texts may be."""

    width: int
    beside: int
    below: int
    name: int
    note: int
    down: bool


_ACROSS = _Way(176, 44, 16, 19, 25, down=False)
_DOWN = _Way(156, 14, 30, 16, 21, down=True)


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
    drawn = (_drawn(nodes, label, way) for way in (_ACROSS, _DOWN))
    return tag("div", *drawn, class_="graph-room", tabindex=0, role="region", aria_label="The jobs, drawn")


def _drawn(nodes: Sequence[Node], label: str, way: _Way) -> Html:
    places = {name: (y, x) if way.down else (x, y) for name, (x, y) in _places(nodes).items()}
    columns = max((x for x, _ in places.values()), default=0) + 1
    rows = max((y for _, y in places.values()), default=0) + 1
    width = columns * (way.width + way.beside) - way.beside + 2 * _MARGIN
    height = rows * (_HEIGHT + way.below) - way.below + 2 * _MARGIN
    arrows = [
        _arrow(places[need], places[node.name], way, done=_done(nodes, need))
        for node in nodes
        for need in node.needs
        if need in places
    ]
    return tag(
        "svg",
        tag("title", label),
        arrows,
        [_node(node, places[node.name], way) for node in nodes],
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        class_="graph down" if way.down else "graph across",
        role="group",
        aria_label=label,
    )


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


def _node(node: Node, place: tuple[int, int], way: _Way) -> Html:
    x, y = _corner(place, way)
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
        tag("rect", x=x, y=y, width=way.width, height=_HEIGHT, rx=_HEIGHT // 2 if node.gate else 8),
        shape,
        tag("text", _cut(node.name, way.name), x=x + 33, y=y + 24, class_="name"),
        tag(
            "text",
            _cut(f"{node.state}{', ' if node.note else ''}{node.note}", way.note),
            x=x + 33,
            y=y + 43,
        ),
        tag("title", f"{node.name}: {node.state} {node.note}".strip()),
        class_=f"node {node.tone}",
    )
    return tag("a", drawn, href=node.href) if node.href else drawn


def _arrow(start: tuple[int, int], end: tuple[int, int], way: _Way, *, done: bool) -> Html:
    (x1, y1), (x2, y2) = _corner(start, way), _corner(end, way)
    if way.down:
        x1, y1, x2 = x1 + way.width // 2, y1 + _HEIGHT, x2 + way.width // 2
        middle = (y1 + y2) // 2
        tip = f"M{x2 - 4} {y2 - 6}L{x2} {y2}L{x2 + 4} {y2 - 6}"
        line = f"M{x1} {y1}C{x1} {middle} {x2} {middle} {x2} {y2}"
    else:
        x1, y1, y2 = x1 + way.width, y1 + _HEIGHT // 2, y2 + _HEIGHT // 2
        middle = (x1 + x2) // 2
        tip = f"M{x2 - 6} {y2 - 4}L{x2} {y2}L{x2 - 6} {y2 + 4}"
        line = f"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"
    return tag("path", d=f"{line}{tip}", class_="arrow done" if done else "arrow", fill="none")


def _done(nodes: Sequence[Node], name: str) -> bool:
    states: Mapping[str, str] = {node.name: node.tone for node in nodes}
    return states.get(name) == "good"


def _corner(place: tuple[int, int], way: _Way) -> tuple[int, int]:
    return _MARGIN + place[0] * (way.width + way.beside), _MARGIN + place[1] * (_HEIGHT + way.below)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
