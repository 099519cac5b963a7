"""Logistic regression with a ridge, by Newton's method, in plain Python: some seconds for 30,000 rows."""

from __future__ import annotations

import math
from collections.abc import Sequence


def fit(
    rows: Sequence[Sequence[float]],
    labels: Sequence[bool],
    weights: Sequence[float],
    *,
    ridge: float = 1.0,
    rounds: int = 12,
) -> list[float]:
    """Coefficients for standardised rows, the constant first. `weights` say how much each row counts."""
    width = len(rows[0]) + 1
    found = [0.0] * width
    for _ in range(rounds):
        gradient = [0.0] * width
        curvature = [[0.0] * width for _ in range(width)]
        for row, label, weight in zip(rows, labels, weights, strict=True):
            full = (1.0, *row)
            chance = logistic(sum(a * b for a, b in zip(found, full, strict=True)))
            off = weight * (label - chance)
            bend = weight * chance * (1 - chance)
            for i, left in enumerate(full):
                gradient[i] += off * left
                scaled = bend * left
                line = curvature[i]
                for j in range(i + 1):
                    line[j] += scaled * full[j]
        for i in range(width):
            for j in range(i + 1, width):
                curvature[i][j] = curvature[j][i]
            if i:
                gradient[i] -= ridge * found[i]
                curvature[i][i] += ridge
        step = _solved(curvature, gradient)
        found = [a + b for a, b in zip(found, step, strict=True)]
        if max(map(abs, step)) < 1e-6:
            break
    return found


def logistic(number: float) -> float:
    """The chance that belongs to these odds (as a logarithm)."""
    if number < 0:
        small = math.exp(number)
        return small / (1 + small)
    return 1 / (1 + math.exp(-number))


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Gauss, with the largest pivot first."""
    rows = [[*line, value] for line, value in zip(matrix, right, strict=True)]
    size = len(rows)
    for at in range(size):
        best = max(range(at, size), key=lambda each: abs(rows[each][at]))
        rows[at], rows[best] = rows[best], rows[at]
        for below in range(at + 1, size):
            factor = rows[below][at] / rows[at][at]
            for column in range(at, size + 1):
                rows[below][column] -= factor * rows[at][column]
    found = [0.0] * size
    for at in range(size - 1, -1, -1):
        known = sum(rows[at][column] * found[column] for column in range(at + 1, size))
        found[at] = (rows[at][size] - known) / rows[at][at]
    return found
