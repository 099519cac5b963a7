"""Print how well stuck runs are told from healthy ones: `make stuck-eval`, or with files of samples of one's
own (what a sample is stands in `fleet.testing.stuck_eval`). The samples by which the rules were tuned are
counted, and those that were kept from that at first. The fresh ones were written and labelled by someone who
did not know the rules, and are kept apart from whoever changes them: nothing may be tuned by them, so they
are only counted here, and which of them were judged wrongly is not told.
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
    for title, folder in (("By these the rules were tuned:", HERE), ("By these too, later:", HERE / "apart")):
        print(f"{title} {_report(folder)}\n")
    counted = _report(HERE / "fresh").splitlines()[:2]
    print("Fresh, told by someone who did not know the rules:", *counted, sep="\n")
    return 0


def _report(folder: Path) -> str:
    return report(score(samples(sorted(folder.glob("*.jsonl.gz"))), harnesses()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
