"""Where the lists of the first screen stand. The one that has the keys gets the room it wants."""

from __future__ import annotations

from typing import NamedTuple

WIDE = 120
"""From so many columns on there are two halves, side by side."""

_CARD = 8
_ROOMY = 32


class Box(NamedTuple):
    """A place on the screen. Without height it is not shown."""

    x: int
    y: int
    width: int
    height: int


def arrange(width: int, height: int, wants: dict[str, int], focus: str) -> dict[str, Box]:
    """The boxes of `agents`, `needs`, `card`, `queue` and `events`. `wants`: how many lines each would fill,
    its title included; of the events there are always more.
    """
    gap = 1 if height >= _ROOMY else 0
    if width < WIDE:
        names = ["agents", "needs", "card", "queue", "events"]
        if focus != "needs" or wants["card"] == 0:
            names.remove("card")
        return _empty() | _stack(names, 0, 0, width, height, wants, focus, gap)
    left, right = halves(width)
    names = ["needs", "card", "queue"] if wants["card"] else ["needs", "queue"]
    return (
        _empty()
        | _stack(["agents", "events"], 0, 0, left, height, wants, focus, 1)
        | _stack(names, left + 3, 0, right, height, wants, focus, 1)
    )


def halves(width: int) -> tuple[int, int]:
    """How wide the two halves of a wide screen are; three columns are between them."""
    left = width * 60 // 100
    return left, width - left - 3


def _stack(
    names: list[str], x: int, y: int, width: int, height: int, wants: dict[str, int], focus: str, gap: int
) -> dict[str, Box]:
    """One below the other: first each its least, then the one with the keys, then the others in turn."""
    room = height - gap * (len(names) - 1)
    least = {"agents": 6, "needs": 4, "card": _CARD, "queue": 3, "events": 5}
    least[focus] = max(least.get(focus, 0), room // 4)
    given = {name: min(wants[name], least[name]) for name in names}
    for keeps in (4, 2, 1, 0):  # when there is not enough, all give; at first a little
        for name in ("events", "agents", "queue", "needs", "card"):
            if name in given and name != focus:
                given[name] -= max(0, min(sum(given.values()) - room, given[name] - keeps))
    if focus in given:
        given[focus] -= max(0, sum(given.values()) - room)
    order = sorted(names, key=lambda name: (name != focus, name == "events", names.index(name)))
    for name in order:
        left = room - sum(given.values())
        given[name] += max(0, min(left, wants[name] - given[name]))
    boxes = {}
    for name in names:
        boxes[name] = Box(x, y, width, max(0, given[name]))
        y += given[name] + gap
    return boxes


def _empty() -> dict[str, Box]:
    return {name: Box(0, 0, 0, 0) for name in ("agents", "needs", "card", "queue", "events")}
