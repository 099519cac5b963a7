"""Learn the weights of the risk score: `python bench/risk/train.py REPO...` writes the table that is shipped,
src/fleet/policy/risk/weights.py.

Every repository counts alike, however many commits it has, and has a constant of its own: what is learned is
which of a repository's changes bring defects in, not which repository has many. Fixes take their time, so the
last half year is left out.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "src")]

from fleet.adapters.git.command import git  # noqa: E402
from fleet.adapters.git.project import find_project  # noqa: E402
from fleet.policy.risk.features import CONTROLS, GROUPS  # noqa: E402
from risk.dataset import LATEST, Row, rows_of, settled  # noqa: E402
from risk.logistic import fit, logistic  # noqa: E402

TABLE = Path(__file__).parents[2] / "src" / "fleet" / "policy" / "risk" / "weights.py"
NAMES = (*GROUPS, *CONTROLS)
POINTS = 17.0
"""For each step by which the odds grow e-fold: then 60 points or so are even odds."""
_LOWEST = 0.05
_RIDGE = 10.0


Weights = dict[str, tuple[float, float]]


def learned(repositories: Sequence[Sequence[Row]], by_ms: int | None = None) -> Weights:
    """For each feature its weight (in the logarithm of the odds) and its value in the least risky changes.
    With `by_ms` only what fixes before then told counts.
    """
    rows = [row for each in repositories for row in each]
    means, spreads = _scales(rows)
    table, labels, weights = [], [], []
    for number, each in enumerate(repositories):
        for row in each:
            scaled = [(row.features[name] - means[name]) / spreads[name] for name in NAMES]
            table.append([*scaled, *(float(number == other) for other in range(1, len(repositories)))])
            labels.append(row.is_defective(by_ms))
            weights.append(1000 / len(each))
    found = fit(table, labels, weights, ridge=_RIDGE)[1 : len(NAMES) + 1]
    slopes = {name: slope / spreads[name] for name, slope in zip(NAMES, found, strict=True)}
    rows.sort(key=lambda row: sum(slopes[name] * row.features[name] for name in NAMES))
    least = rows[: max(1, int(len(rows) * _LOWEST))]
    return {name: (slopes[name], sum(row.features[name] for row in least) / len(least)) for name in NAMES}


def _scales(rows: Sequence[Row]) -> tuple[dict[str, float], dict[str, float]]:
    means = {name: sum(row.features[name] for row in rows) / len(rows) for name in NAMES}
    spreads = {}
    for name in NAMES:
        off = sum((row.features[name] - means[name]) ** 2 for row in rows) / len(rows)
        spreads[name] = math.sqrt(off) or 1.0
    return means, spreads


def evens(repositories: Sequence[Sequence[Row]], weights: Weights) -> float:
    """The score from which on more changes brought a defect in than did not, as the average repository has
    it.
    """
    low, high = -100.0, 300.0
    while high - low > 0.01:
        middle = (low + high) / 2
        over = 0.0
        for rows in repositories:
            told = sum(logistic((points(row, weights) - middle) / POINTS) for row in rows)
            over += (told - sum(row.is_defective() for row in rows)) / len(rows)
        low, high = (middle, high) if over > 0 else (low, middle)
    return low


def points(row: Row, weights: Weights) -> float:
    """What the learned part of the score comes to."""
    return sum(POINTS * slope * (row.features[name] - least) for name, (slope, least) in weights.items())


def _page(sources: Sequence[str], weights: Weights, even: float) -> str:
    lines = [
        '"""The weights of the risk score, as they were learned; `bench/risk/train.py` writes this file.',
        "",
    ]
    lines += ["A row is a feature, its points for each 1 that it grows, and its value in the least risky"]
    lines += [
        "changes, which get none. How they were learned and how good they are: docs/risk.md. Learned from:"
    ]
    lines += ["", *sources, '"""', "", "from __future__ import annotations", ""]
    lines += ["WEIGHTS: tuple[tuple[str, float, float], ...] = ("]
    lines += [f'    ("{name}", {POINTS * slope:.3f}, {low:.3f}),' for name, (slope, low) in weights.items()]
    lines += [")", "", f"EVEN = {even:.1f}"]
    lines += ['"""A change with so many of these points brings a defect in as often as not."""']
    lines += ["", f"STEP = {POINTS:.1f}", '"""By so many points the odds grow e-fold."""', ""]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("repos", nargs="+", type=Path, metavar="REPO")
    parser.add_argument("--latest", type=int, default=LATEST, help="so many of its newest commits")
    parser.add_argument("--cache", type=Path, help="a folder in which what was read is kept")
    asked = parser.parse_args()
    repositories, sources = [], []
    for path in asked.repos:
        git_dir = find_project(path).git_dir
        rows = settled(rows_of(git_dir, latest=asked.latest, cache=asked.cache))
        defective = sum(row.is_defective() for row in rows)
        name = path.name if path.name != "repo" else path.parent.name.partition("+")[2]
        tip = git(git_dir, "rev-parse", "HEAD")[:12]
        sources.append(f"* {name} at {tip}: {len(rows)} changes, {defective} of them brought a defect in")
        print(sources[-1], flush=True)
        repositories.append(rows)
    weights = {name: each for name, each in learned(repositories).items() if name in GROUPS}
    TABLE.write_text(_page(sources, weights, evens(repositories, weights)))
    print(f"wrote {TABLE}")


if __name__ == "__main__":
    main()
