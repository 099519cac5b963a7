"""Whether a text fits a pattern in which `*` stands for anything. Linear in the text, whoever wrote it."""

from __future__ import annotations

from fleet.policy.shell import UNKNOWN

_LONGEST = 2000


def fits(pattern: str, text: str) -> bool:
    """Whether the text fits for certain: what is unknown of it is covered by a `*`."""
    parts = pattern.split("*")
    if len(parts) == 1:
        return pattern == text
    first, *middle, last = parts
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def may_fit(pattern: str, text: str) -> bool:
    """Whether the text could fit, whatever its unknown parts turn out to be."""
    if UNKNOWN not in text:
        return fits(pattern, text)
    before, known = pattern.partition("*")[0], text.partition(UNKNOWN)[0]
    if not (before.startswith(known) or known.startswith(before)):
        return False
    if len(text) > _LONGEST:
        return True
    row = [True] + [False] * len(text)
    for at, sign in enumerate(text, 1):
        row[at] = row[at - 1] and sign == UNKNOWN
    for wanted in pattern:
        above, row = row, [row[0] and wanted == "*"] + [False] * len(text)
        for at, sign in enumerate(text, 1):
            if wanted == "*" or sign == UNKNOWN:
                row[at] = above[at] or row[at - 1] or (sign == UNKNOWN and above[at - 1])
            else:
                row[at] = above[at - 1] and wanted == sign
    return row[-1]


def command_patterns(wanted: str) -> tuple[str, ...]:
    """A rule for commands as patterns: `git push *` and `git push:*` are for `git push` alone, too."""
    if wanted.endswith(":*"):
        wanted = f"{wanted[:-2]} *"
    return (wanted, wanted[:-2]) if wanted.endswith(" *") and wanted != " *" else (wanted,)
