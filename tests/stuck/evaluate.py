"""Print how well stuck runs are told from healthy ones: `make stuck-eval`, or with files of samples of one's
own (what a sample is stands in `fleet.testing.stuck_eval`).
"""

from __future__ import annotations

import sys
from pathlib import Path

from fleet.testing.stuck_eval import report, samples, score
from fleet.wiring import harnesses

HERE = Path(__file__).parent


def main(words: list[str]) -> int:
    paths = [Path(word) for word in words] or sorted(HERE.glob("*.jsonl.gz"))
    print(report(score(samples(paths), harnesses())))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
