"""The figures of a change that were found to predict defects, by name.

After Kamei et al., "A Large-Scale Empirical Study of Just-in-Time Quality Assurance" (IEEE TSE 39(6), 2013):
size, diffusion, history, experience and purpose; and after what came later: how often its files were mended,
how much of it is code, and whether tests go with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from fleet.model.touched import Past, Touched
from fleet.policy.guarded import guarded
from fleet.policy.risk.paths import (
    is_auth,
    is_code,
    is_dependencies,
    is_infrastructure,
    is_lock,
    is_migration,
    is_test,
)

_DAY_MS = 86_400_000

GROUPS: dict[str, str] = {
    "la": "size",
    "ld": "size",
    "lt": "size",
    "code_la": "size",
    "code_ld": "size",
    "ns": "spread",
    "nd": "spread",
    "nf": "spread",
    "code_nf": "spread",
    "entropy": "spread",
    "ndev": "history",
    "age": "history",
    "nuc": "history",
    "commits": "history",
    "fixes": "history",
    "new_files": "history",
    "exp": "author",
    "rexp": "author",
    "sexp": "author",
    "exp_share": "author",
    "fix": "purpose",
    "no_tests": "untested",
}
"""Which factor of the score each feature belongs to."""

CONTROLS = (
    "tests_removed",
    "auth",
    "migration",
    "infrastructure",
    "dependencies",
    "lock",
    "guarded",
    "binary",
)
"""Features that are there while the weights are learned, so that the others do not speak for them. The rules
have points for them, since a defect in such files is rare in any history, and dear.
"""


def features(files: Sequence[Touched], past: Past, *, fix: bool) -> dict[str, float]:
    """All figures, none of them for a change of no files. Counts are logarithms (of 1 + n): the step from 1
    to 10 lines says as much as that from 100 to 1,000.
    """
    code = [file for file in files if is_code(file.path)]
    tests = [file for file in files if is_test(file.path)]
    added, deleted = sum(file.added for file in files), sum(file.deleted for file in files)
    code_added, code_deleted = sum(file.added for file in code), sum(file.deleted for file in code)
    count = max(1, len(files))
    code_count = max(1, len(code))
    known = [file for file in files if file.commits]
    return {
        "la": _log(added),
        "ld": _log(deleted),
        "lt": _log(sum(file.lines for file in code) / code_count),
        "code_la": _log(code_added),
        "code_ld": _log(code_deleted),
        "ns": _log(len({top(file.path) for file in files})),
        "nd": _log(len({file.path.rpartition("/")[0] for file in files})),
        "nf": _log(len(files)),
        "code_nf": _log(len(code)),
        "entropy": entropy(files),
        "ndev": _log(past.developers),
        "age": _log(past.age_ms / _DAY_MS),
        "nuc": past.last_changes / max(1, len(known)),
        "commits": _log(sum(file.commits for file in code) / code_count),
        "fixes": _log(sum(file.fixes for file in code) / code_count),
        "new_files": (count - len(known)) / count if files else 0.0,
        "exp": _log(past.experience),
        "rexp": _log(past.recent),
        "sexp": _log(past.nearby),
        "exp_share": past.experience / max(1, past.commits),
        "fix": float(fix),
        "no_tests": float(bool(code_added) and not any(file.added for file in tests)),
        "tests_removed": _log(max(0, sum(file.deleted - file.added for file in tests))),
        "auth": _any(files, is_auth),
        "migration": _any(files, is_migration),
        "infrastructure": _any(files, is_infrastructure),
        "dependencies": _any(files, is_dependencies),
        "lock": _any(files, is_lock),
        "guarded": _any(files, guarded),
        "binary": float(any(file.binary for file in files)),
    }


def entropy(files: Sequence[Touched]) -> float:
    """How evenly the change is spread over its files: 0 all in one, 1 the same everywhere."""
    sizes = [size for file in files if (size := file.added + file.deleted)]
    if len(sizes) < 2:
        return 0.0
    total = sum(sizes)
    return -sum(size / total * math.log2(size / total) for size in sizes) / math.log2(len(sizes))


def top(path: str) -> str:
    """The folder at the top of the repository, "" for a file that lies there itself."""
    return path.partition("/")[0] if "/" in path else ""


def _any(files: Sequence[Touched], is_one: Callable[[str], object]) -> float:
    return float(any(is_one(file.path) for file in files if not is_test(file.path)))


def _log(number: float) -> float:
    return math.log2(1 + number)
