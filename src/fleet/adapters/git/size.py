"""How many files a commit may have, which a few small objects can make millions of."""

from __future__ import annotations

from pathlib import Path

from fleet.adapters.git.command import Place, run
from fleet.model.errors import Permanent

MOST_NAMES = 64 * 1024**2
"""Bytes of all their names together: about a million files."""


def check_size(place: Place | Path, head: str) -> None:
    """Raises Permanent for more files than could be checked out or compared, as a tree can be in the next one
    many times, and that again. Of git's ways to list them this one alone holds none back.
    """
    if run(place, "ls-tree", "-r", "-z", "--name-only", head, limit=MOST_NAMES).cut:
        raise Permanent(
            f"the commit {head[:12]} has too many files",
            why=f"their names are longer than {MOST_NAMES} bytes",
            do="take out what was made by a program",
        )
