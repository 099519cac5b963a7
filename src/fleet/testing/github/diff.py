"""What a pull request changes, and which of its lines can be commented on."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fleet.testing.github.bare import Bare

_STATUS = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One file of a diff. `patch` is None for binary files."""

    path: str
    status: str
    additions: int
    deletions: int
    blob: str
    patch: str | None
    previous: str = ""


def changed_files(bare: Bare, base: str, head: str) -> list[ChangedFile]:
    """The files that head changes since it left base."""
    since = bare.merge_base(base, head) or base
    return bare.once(("files", since, head), lambda: _changed(bare, since, head))


def diff_text(bare: Bare, base: str, head: str) -> str:
    """The whole diff since head left base, as `git diff` prints it."""
    return bare.git("diff", "-M", bare.merge_base(base, head) or base, head).decode(errors="replace")


def hunk_at(patch: str | None, line: int, side: str) -> str:
    """The patch's hunk as far as this line of that side; "" when the diff does not show it."""
    taken: list[str] = []
    left = right = 0
    for text in (patch or "").splitlines():
        if found := _HUNK.match(text):
            taken, left, right = [text], int(found[1]) - 1, int(found[3]) - 1
            continue
        taken.append(text)
        left += text[:1] in (" ", "-")
        right += text[:1] in (" ", "+")
        here = right if side == "RIGHT" else left
        if here == line and text[:1] in ((" ", "+") if side == "RIGHT" else (" ", "-")):
            return "\n".join(taken)
    return ""


def line_at_position(patch: str | None, position: int) -> int:
    """The line of the head that an old-style position (lines below the first hunk header) means; 0: none."""
    right = 0
    for count, text in enumerate((patch or "").splitlines()):
        if found := _HUNK.match(text):
            right = int(found[3]) - 1
            continue
        right += text[:1] in (" ", "+")
        if count == position:
            return right
    return 0


def _changed(bare: Bare, since: str, head: str) -> list[ChangedFile]:
    raw = bare.git("diff", "--raw", "--numstat", "--abbrev=40", "-z", "-M", since, head).decode(
        errors="replace"
    )
    patches = _patches(bare.git("diff", "-M", "--no-color", since, head).decode(errors="replace"))
    fields = raw.split("\0")
    named: list[tuple[str, str, str, str]] = []
    counts: list[tuple[int, int]] = []
    place = 0
    while place < len(fields):
        text = fields[place]
        place += 1
        if text.startswith(":"):
            letter, blob = text.split()[4][:1], text.split()[3]
            old = fields[place] if letter in "RC" else ""
            place += letter in "RC"
            named.append((fields[place], letter, blob, old))
            place += 1
        elif text:
            added, removed, name = text.split("\t")
            place += 0 if name else 2
            counts.append((_number(added), _number(removed)))
    return [
        ChangedFile(path, _STATUS.get(letter, "modified"), *count, blob, patch, old)
        for (path, letter, blob, old), count, patch in zip(named, counts, patches, strict=True)
    ]


def _patches(text: str) -> list[str | None]:
    """The hunks of each file, in the order of the diff."""
    found: list[str | None] = []
    for part in re.split(r"(?m)^diff --git ", text)[1:]:
        start = re.search(r"(?m)^@@ ", part)
        found.append(part[start.start() :].rstrip("\n") if start else None)
    return found


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0
