"""A change's risk: 0 to 100, each factor with its points and its reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fleet.model.touched import Past, Touched
from fleet.policy.risk.behaviour import Behaviour, behaved
from fleet.policy.risk.learned import learned
from fleet.policy.risk.rules import floors, ruled

_MOST_PATHS = 200
HIGHEST = 100


def assess(
    files: Sequence[Touched],
    past: Past | None = None,
    *,
    fix: bool = False,
    secrets: int = 0,
    behaviour: Behaviour | None = None,
) -> dict[str, Any]:
    """The score, its factors (`name`, `points`, `reason`, most points first), and their figures.

    `fix`: it mends a defect. Without `past` its files' history and its author's experience are left out,
    without `behaviour` how it came about.
    """
    factors = [*learned(files, past, fix=fix), *ruled(files)]
    factors += behaved(behaviour) if behaviour else []
    rows: list[dict[str, Any]] = [
        {"name": each.name, "points": points, "reason": each.reason}
        for each in factors
        if (points := round(each.points))
    ]
    for floor in floors(files, secrets=secrets):
        points = round(max(floor.points, floor.score - sum(row["points"] for row in rows)))
        rows.append({"name": floor.name, "points": points, "reason": floor.reason})
    rows.sort(key=lambda row: -row["points"])
    return {
        "score": max(0, min(HIGHEST, sum(row["points"] for row in rows))),
        "factors": rows,
        "files": len(files),
        "lines": sum(file.added + file.deleted for file in files),
        "paths": [file.path for file in files[:_MOST_PATHS]],
    }
