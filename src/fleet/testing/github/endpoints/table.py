"""All endpoints in one table. Of two that fit a path, the first one here answers."""

from __future__ import annotations

from fleet.testing.github.endpoints import (
    branches,
    checks,
    comments,
    commits,
    general,
    history,
    issues,
    labels,
    merges,
    pulls,
    releases,
    remarks,
    reviews,
    statuses,
)
from fleet.testing.github.routes import Table

_SUBJECTS = (
    general, labels, comments, history, issues, remarks, reviews, merges, pulls, statuses, checks, branches,
    releases, commits,
)  # fmt: skip


def table() -> Table:
    """The endpoints, to be asked."""
    return Table(subject.routes for subject in _SUBJECTS)
