"""A repository's commits as rows: their features as they were known at the time, and whether they brought a
defect in.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from fleet.adapters.git.command import git
from fleet.adapters.git.past import in_memory, known, learn
from fleet.adapters.git.walk import Step, commits_after, walk
from fleet.policy.fixes import is_fix
from fleet.policy.risk.features import features
from fleet.policy.risk.paths import is_code
from fleet.policy.risk.rules import ruled
from risk.szz import blamed

LATEST = 3000
_MOST_FILES = 100
_MOST_LINES = 10_000
_TIME_TO_FIND_MS = 180 * 86_400_000
_VERSION = 1


@dataclass(slots=True)
class Row:
    """One commit. `ruled` are its points by the rules that need no data, `fixed_ms` is when the first fix of
    what it brought in was made, 0 where none was.
    """

    sha: str
    when_ms: int
    lines: int
    features: dict[str, float]
    ruled: float = 0.0
    fixed_ms: int = 0

    def is_defective(self, known_by_ms: int | None = None) -> bool:
        """Whether a fix blames it; with `known_by_ms`, one that was made before then."""
        return self.fixed_ms > 0 and (known_by_ms is None or self.fixed_ms < known_by_ms)


def rows_of(git_dir: Path, *, latest: int = LATEST, cache: Path | None = None) -> list[Row]:
    """The newest commits of HEAD that change code, oldest first. With `cache` (a folder) they are kept."""
    tip = git(git_dir, "rev-parse", "HEAD")
    kept = cache / f"{tip}-{latest}-{_VERSION}.json" if cache else None
    if kept is not None and kept.is_file():
        return [Row(**each) for each in json.loads(kept.read_text())]
    rows = _made(git_dir, tip, latest)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps([asdict(row) for row in rows]))
    return rows


def settled(rows: Sequence[Row]) -> list[Row]:
    """The rows but for the last half year, whose defects nobody has had the time to find."""
    return [row for row in rows if row.when_ms < rows[-1].when_ms - _TIME_TO_FIND_MS]


def _made(git_dir: Path, tip: str, latest: int) -> list[Row]:
    commits = commits_after(git_dir, "", tip)
    from_here = max(0, len(commits) - latest)
    rows, fixes = [], []
    with closing(in_memory()) as history:
        for number, step in enumerate(walk(git_dir, commits)):
            if number >= from_here:
                if is_fix(step.message):
                    fixes.append(step)
                if _counts(step):
                    touched, past = known(history, step.files, step.author, step.when_ms)
                    found = features(touched, past, fix=is_fix(step.message))
                    lines = sum(file.added + file.deleted for file in step.files)
                    points = sum(factor.points for factor in ruled(touched))
                    rows.append(Row(step.sha, step.when_ms, lines, found, points))
            learn(history, [step])
    first_fix = _first_fixes(git_dir, fixes)
    for row in rows:
        row.fixed_ms = first_fix.get(row.sha, 0)
    return rows


def _first_fixes(git_dir: Path, fixes: list[Step]) -> dict[str, int]:
    """The commits that brought in what these mend → when the first fix was made."""
    when: dict[str, int] = defaultdict(int)
    with ThreadPoolExecutor(2) as threads:
        for found in threads.map(lambda step: list(blamed(git_dir, step)), fixes):
            for each in found:
                when[each.inducing] = min(when[each.inducing] or each.fixed_ms, each.fixed_ms)
    return when


def _counts(step: Step) -> bool:
    """Commits that change code; not those so large that they are imports or reformatting."""
    lines = sum(file.added + file.deleted for file in step.files)
    changes_code = any(is_code(file.path) and file.added + file.deleted for file in step.files)
    return changes_code and len(step.files) <= _MOST_FILES and lines <= _MOST_LINES
