"""Which item's turn comes first: what is under way, then by the priority its labels give, then by age."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fleet.model.state import Run, State

_NORMAL = 2
_WORDS = {
    "critical": 0, "urgent": 0, "highest": 0, "high": 1, "normal": 2, "medium": 2, "low": 3, "lowest": 4,
}  # fmt: skip
_NAMED = re.compile(r"(?:priority|prio)\s*[:/=\-]?\s*(\w+)")
_SHORT = re.compile(r"p([0-4])")


def rank(labels: Iterable[str]) -> int:
    """The urgency that labels such as `priority:high`, `priority/low` or `P1` give: 0 is the most urgent, 2
    is what has no such label. Of several the most urgent counts.
    """
    found = [value for label in labels if (value := _of_one(label.strip().lower())) is not None]
    return min(found, default=_NORMAL)


def in_turn(state: State, runs: Iterable[Run]) -> list[Run]:
    """Runs in the order in which they get a slot. Work that was begun goes on before new work begins."""

    def turn(run: Run) -> tuple[bool, int, int, int, int]:
        item, number = state.items.get(run.item), int(run.id[1:])
        jobs = state.instances[run.instance].jobs.values()
        if any(each.runs and each.runs[0] != run.id for each in jobs):
            return (False, 0, 0, 0, number)
        if item is None:
            return (True, _NORMAL, run.queued, 0, number)
        return (True, rank(item.labels), item.opened, item.id, number)

    return sorted(runs, key=turn)


def _of_one(label: str) -> int | None:
    named, short = _NAMED.fullmatch(label), _SHORT.fullmatch(label)
    word = named[1] if named else ""
    if word in _WORDS:
        return _WORDS[word]
    digit = short[1] if short else word.removeprefix("p")
    return min(int(digit), 4) if digit.isascii() and digit.isdigit() else None
