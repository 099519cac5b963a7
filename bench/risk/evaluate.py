"""How well the risk score tells which changes bring defects in: `make risk-eval ARGS="REPO..."`.

For any git repository: its commits that change code are labelled by SZZ, and the later half of them is ranked
by the score that Fleet ships, which never saw the repository, by one learned from the earlier half alone
(`own`; from what fixes until then told), and by the lines changed. The last half year is left out.

AUC is the chance that a change that brought a defect in is ranked above one that did not. Recall is the part
of them that is met when the riskiest fifth of all changed lines is read: with the score, those first that
have the most risk in a line. Beside it stand reading the largest changes first, and the smallest first, which
is the usual baseline that learns nothing.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "src")]

from fleet.adapters.git.project import find_project  # noqa: E402
from fleet.policy.risk.learned import grouped  # noqa: E402
from fleet.policy.risk.weights import EVEN, STEP  # noqa: E402
from risk.dataset import LATEST, Row, rows_of, settled  # noqa: E402
from risk.figures import auc, curve, recall_within  # noqa: E402
from risk.logistic import logistic  # noqa: E402
from risk.plot import plotted  # noqa: E402
from risk.train import learned, points  # noqa: E402

BANDS = (0, 20, 40, 60, 101)
_HEAD = "                       changes defects |      AUC           |     recall in 20 % of the lines"
_NAMES = "repository                             | score   own  lines | score   own  largest smallest"


@dataclass(slots=True)
class Figures:
    """What is said of one repository."""

    name: str
    changes: int
    defective: float
    auc_score: float
    auc_own: float
    auc_lines: float
    recall_score: float
    recall_own: float
    recall_largest: float
    recall_smallest: float
    bands: list[tuple[int, int]]
    curve_score: list[float]
    curve_largest: list[float]
    curve_smallest: list[float]


def evaluated(name: str, rows: Sequence[Row]) -> Figures:
    """The figures for these rows, oldest first."""
    half = len(rows) // 2
    tested, split_ms = rows[half:], rows[half].when_ms
    labels = [row.is_defective() for row in tested]
    lines = [row.lines for row in tested]
    scores = [_score(row) for row in tested]
    own_weights = learned([rows[:half]], split_ms)
    own = [points(row, own_weights) for row in tested]
    dense = _per_line(scores, lines, EVEN)
    dense_own = _per_line(own, lines, EVEN)
    largest, smallest = [float(each) for each in lines], [-float(each) for each in lines]
    return Figures(
        name,
        len(tested),
        sum(labels) / len(tested),
        auc(scores, labels),
        auc(own, labels),
        auc(largest, labels),
        recall_within(dense, labels, lines),
        recall_within(dense_own, labels, lines),
        recall_within(largest, labels, lines),
        recall_within(smallest, labels, lines),
        _bands(scores, labels),
        curve(dense, labels, lines),
        curve(largest, labels, lines),
        curve(smallest, labels, lines),
    )


def _score(row: Row) -> float:
    """The whole score, but for how the change came about: not rounded, so that fewer rank the same."""
    guarded = row.features["guarded"]
    return max(sum(grouped(row.features).values()) + row.ruled + 5 * guarded, 60 * guarded)


def _per_line(scores: Sequence[float], lines: Sequence[int], even: float) -> list[float]:
    pairs = zip(scores, lines, strict=True)
    return [logistic((score - even) / STEP) / max(1, size) for score, size in pairs]


def _bands(scores: Sequence[float], labels: Sequence[bool]) -> list[tuple[int, int]]:
    """For each band of scores: how many changes, and how many of them brought a defect in."""
    shown = [max(0, min(100, round(score))) for score in scores]
    found = []
    for low, high in itertools.pairwise(BANDS):
        inside = [label for score, label in zip(shown, labels, strict=True) if low <= score < high]
        found.append((len(inside), sum(inside)))
    return found


def _line(found: Figures) -> str:
    return (
        f"{found.name:22} {found.changes:7} {found.defective:7.0%} | "
        f"{found.auc_score:5.3f} {found.auc_own:5.3f}  {found.auc_lines:5.3f} | "
        f"{found.recall_score:5.2f} {found.recall_own:5.2f}    {found.recall_largest:5.2f}"
        f"    {found.recall_smallest:5.2f}"
    )


def _summary(all_found: Sequence[Figures]) -> str:
    count = len(all_found)
    by_auc = sum(each.auc_score > each.auc_lines for each in all_found)
    by_largest = sum(each.recall_score > each.recall_largest for each in all_found)
    by_smallest = sum(each.recall_score > each.recall_smallest for each in all_found)
    lines = [
        f"The score beats lines changed in {by_auc} of {count} (AUC); in recall the largest first in "
        f"{by_largest}, the smallest first in {by_smallest}.",
        "",
        "score     changes   brought a defect in",
    ]
    for at, (low, high) in enumerate(itertools.pairwise(BANDS)):
        inside, defective = (sum(each.bands[at][part] for each in all_found) for part in (0, 1))
        share = f"{defective / inside:.0%}" if inside else "-"
        lines.append(f"{low:3}-{min(100, high - 1):<4}  {inside:8}   {share}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="risk-eval", description=__doc__.splitlines()[0])
    parser.add_argument("repos", nargs="+", type=Path, metavar="REPO", help="a git repository or its .git")
    parser.add_argument(
        "--latest", type=int, default=LATEST, help="so many of its newest commits (%(default)s)"
    )
    parser.add_argument("--cache", type=Path, help="a folder in which what was read is kept")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw recall over the lines read, as SVG")
    asked = parser.parse_args()
    all_found = []
    print(_HEAD, _NAMES, sep="\n", flush=True)
    for path in asked.repos:
        rows = settled(rows_of(find_project(path).git_dir, latest=asked.latest, cache=asked.cache))
        name = path.resolve().parent.name.partition("+")[2] if path.name == "repo" else path.resolve().name
        if len(rows) < 100 or not any(row.is_defective() for row in rows[len(rows) // 2 :]):
            print(f"{name:22} too few changes, or none that a fix blames", flush=True)
            continue
        all_found.append(evaluated(name, rows))
        print(_line(all_found[-1]), flush=True)
    if all_found:
        print("", _summary(all_found), sep="\n")
    if asked.json:
        asked.json.write_text(json.dumps([asdict(each) for each in all_found], indent=1) + "\n")
    if asked.plot and all_found:
        asked.plot.write_text(
            plotted([(f.curve_score, f.curve_largest, f.curve_smallest) for f in all_found])
        )


if __name__ == "__main__":
    main()
