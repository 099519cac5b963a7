"""Print how well stuck runs are told from healthy ones: `make stuck-eval`, or with files of samples of one's
own (what a sample is stands in `fleet.testing.stuck_eval`). The samples by which the rules were tuned are
counted, and those that were kept from that at first: the last ones were written and labelled by someone who
did not know the rules. The rules have learned from all of them by now; what they reached before that stands
in `docs/stuck.md`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fleet.testing.stuck_eval import report, samples, score
from fleet.wiring import harnesses

HERE = Path(__file__).parent


def main(words: list[str]) -> int:
    if words:
        print(report(score(samples(Path(word) for word in words), harnesses())))
        return 0
    for title, folder in (
        ("By these the rules were tuned:", HERE),
        ("By these too, later:", HERE / "apart"),
        ("By these at last, of someone who did not know the rules:", HERE / "fresh"),
    ):
        print(f"{title} {_report(folder)}\n")
    return 0


def _report(folder: Path) -> str:
    return report(score(samples(sorted(folder.glob("*.jsonl.gz"))), harnesses()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
