"""Which lines of the new files a diff shows: GitHub takes remarks at those alone."""

from __future__ import annotations

import re

_HUNK = re.compile(r"^@@ -\d+(?:,\d+)? \+(\d+)(?:,\d+)? @@")


def shown_lines(patch: str) -> set[int]:
    """The numbers of the lines on the right side, of a file's `patch` as GitHub gives it."""
    lines: set[int] = set()
    number = 0
    for line in patch.split("\n"):
        hunk = _HUNK.match(line)
        if hunk is not None:
            number = int(hunk[1])
        elif number and not line.startswith(("-", "\\")):
            lines.add(number)
            number += 1
    return lines
