"""Text that may hold a diff, line by line: what comes is green with a plus, what goes red with a minus."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fleet.surfaces.tui.look import Line, shown, wrapped

_STYLES = {"+": "good", "-": "bad", "@": "place"}
_PATCH = re.compile(r"(?m)^(@@ -|diff --git )")
_SPLIT = re.compile(r"(?m)^(?=diff --git )")
_MOST_LINES = 5000


def is_patch(text: str) -> bool:
    """Whether the text holds a diff."""
    return _PATCH.search(text) is not None


def patch_line(line: str) -> str:
    """The style of a line of a diff."""
    if line.startswith(("+++", "---", "diff ", "index ")):
        return "dim"
    return _STYLES.get(line[:1], "")


def patch_lines(text: str, order: Sequence[str], room: int) -> list[Line]:
    """A diff, its files in the order of their paths in `order`."""
    chunks = [chunk for chunk in _SPLIT.split(text) if chunk]
    place = {path: at for at, path in enumerate(order)}
    chunks.sort(key=lambda chunk: place.get(_path(chunk), len(place)))
    lines: list[Line] = []
    for chunk in chunks:
        lines += [(), ((f"── {shown(_path(chunk))} ", "bold"),)]
        within = False
        for line in chunk.splitlines():
            within = within or line.startswith("@@")
            if within:
                style = patch_line(line)
                lines += [((part, style),) for part in wrapped(line, room)]
        if len(lines) > _MOST_LINES:
            return [*lines[:_MOST_LINES], (("… more: fleet pr diff", "dim"),)]
    return lines


def _path(chunk: str) -> str:
    """The path that a file's diff is about, its new one."""
    found = re.search(r"(?m)^\+\+\+ b/(.+)$", chunk) or re.search(r"(?m)^--- a/(.+)$", chunk)
    if found is None:
        found = re.match(r"diff --git a/.+ b/(.+)", chunk)
    return found[1].strip() if found else ""
