"""What can be told of a line for `sh -c` without running it."""

from __future__ import annotations

import shlex

_SPECIAL = frozenset("=/$`~{([!:.;&|<>")


def program_of(line: str) -> str:
    """The program on PATH that a line begins with; "" where it begins with something else, such as a path, a
    variable or a group, or where that can't be told.
    """
    try:
        first = next(iter(shlex.split(line, comments=True)), "")
    except ValueError:
        return ""
    return "" if _SPECIAL & set(first) else first
