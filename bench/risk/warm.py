"""How long it takes to look up what a change's risk is worked out from: `python bench/risk/warm.py REPO`.

The first time the whole history is read; the second time what is new; then it is known. The change is made of
the newest commits of HEAD that together have at least 1,000 lines.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2] / "src")]

from fleet.adapters.git.changes import file_changes  # noqa: E402
from fleet.adapters.git.command import git  # noqa: E402
from fleet.adapters.git.past import PastStore  # noqa: E402
from fleet.adapters.git.project import find_project  # noqa: E402
from fleet.policy.risk.score import assess  # noqa: E402

_LINES = 1000
_TIMES = 20


def main() -> None:
    git_dir = find_project(Path(sys.argv[1])).git_dir
    head, base = git(git_dir, "rev-parse", "HEAD"), ""
    for back in range(1, 200):
        base = git(git_dir, "rev-parse", f"HEAD~{back}")
        lines = sum(file.added + file.deleted for file in file_changes(git_dir, base, head))
        if lines >= _LINES:
            break
    author, now = git(git_dir, "log", "-1", "--format=%ae", head), time.time_ns() // 1_000_000

    def scored(tip: str) -> float:
        began = time.perf_counter()
        touched, past = store.look(git_dir, tip, file_changes(git_dir, base, head), author, now)
        assess(touched, past)
        return (time.perf_counter() - began) * 1000

    with tempfile.TemporaryDirectory() as folder:
        store = PastStore(Path(folder) / "past.db")
        first, fresh = scored(f"{git(git_dir, 'rev-parse', f'{base}~20')}"), scored(base)
        warm = sorted(scored(base) for _ in range(_TIMES))
    count = git(git_dir, "rev-list", "--count", "HEAD")
    print(f"{count} commits; a change of {lines} lines")
    print(f"first {first:.0f} ms, 20 new commits {fresh:.0f} ms, then {warm[_TIMES // 2]:.0f} ms (median)")


if __name__ == "__main__":
    main()
