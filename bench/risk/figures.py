"""How good a ranking of changes is: plain figures, computed without any library."""

from __future__ import annotations

from collections.abc import Sequence


def auc(scores: Sequence[float], labels: Sequence[bool]) -> float:
    """The chance that a defective change is ranked above a clean one (half, where both rank the same)."""
    ranked = sorted(range(len(scores)), key=lambda at: scores[at])
    positive = sum(labels)
    negative = len(labels) - positive
    if not positive or not negative:
        return float("nan")
    total, at = 0.0, 0
    while at < len(ranked):
        to = at
        while to < len(ranked) and scores[ranked[to]] == scores[ranked[at]]:
            to += 1
        middle = (at + 1 + to) / 2
        total += middle * sum(labels[each] for each in ranked[at:to])
        at = to
    return (total - positive * (positive + 1) / 2) / (positive * negative)


def recall_within(
    scores: Sequence[float], labels: Sequence[bool], lines: Sequence[int], share: float = 0.2
) -> float:
    """Which part of the defective changes is met, going from the highest score down, until `share` of all
    changed lines is read. Of two that score the same, the shorter one is read first.
    """
    left = share * sum(lines)
    found = 0
    for at in sorted(range(len(scores)), key=lambda each: (-scores[each], lines[each])):
        left -= lines[at]
        if left < 0:
            break
        found += labels[at]
    return found / max(1, sum(labels))


def curve(
    scores: Sequence[float], labels: Sequence[bool], lines: Sequence[int], steps: int = 20
) -> list[float]:
    """`recall_within` at each of so many shares of the lines."""
    return [recall_within(scores, labels, lines, share / steps) for share in range(steps + 1)]
