"""The lines that commits add, each commit by itself: what a later one takes away again is published too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from fleet.adapters.git.command import run
from fleet.adapters.git.names import commit_id, shown
from fleet.ports.repository import Added

MOST_BYTES = 64 * 1024 * 1024
_FORMAT = "%x01%H%n%an <%ae> %cn <%ce>%n%B%x02"
_HUNK = re.compile(rb"@@+ .*?\+(\d+)(?:,\d+)? @@+")
_MESSAGE, _PEOPLE = "the commit's message", "the commit's author"


def added(git_dir: Path, head: str, known: Iterable[str]) -> tuple[Added, ...]:
    """Blocks of lines that the commits of `head` add, but for those in `known`, their messages, and whom they
    are by.

    A block that is incomplete (there was more than is looked at) has `cut` set; it is the last one.
    """
    command = (
        *("log", "-p", "-U0", "--cc", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color"),
        *(
            "--ignore-submodules=all",
            "--no-notes",
            "--encoding=UTF-8",
            f"--format={_FORMAT}",
        ),
    )
    without = [f"^{commit_id(each)}" for each in known]
    found = run(git_dir, *command, commit_id(head), *without, "--", limit=MOST_BYTES)
    blocks = list(_blocks(found.out))
    if found.cut:
        blocks.append(Added(head, "", 0, "", cut=True))
    return tuple(blocks)


def _blocks(out: bytes) -> Iterator[Added]:
    for record in out.split(b"\n\x01" if not out.startswith(b"\x01") else b"\x01"):
        top, _, patch = record.partition(b"\x02")
        commit, _, rest = top.removeprefix(b"\x01").partition(b"\n")
        people, _, message = rest.partition(b"\n")
        name = commit.decode("ascii", "replace").strip()
        if not name:
            continue
        yield Added(name, _PEOPLE, 1, people.decode("utf-8", "replace"))
        yield Added(name, _MESSAGE, 1, message.decode("utf-8", "replace"))
        yield from _of_patch(name, patch)


def _of_patch(commit: str, patch: bytes) -> Iterator[Added]:
    path, start, lines, signs = "", 0, list[str](), 1
    for line in patch.split(b"\n"):
        hunk = _HUNK.match(line)
        if hunk or line.startswith((b"diff --git ", b"diff --cc ", b"diff --combined ")):
            if lines:
                yield Added(commit, path, start, "\n".join(lines))
            lines = []
            start = int(hunk[1]) if hunk else 0
            signs = max(1, len(line) - len(line.lstrip(b"@")) - 1)
        elif not start and line.startswith(b"+++ "):
            path = shown(line[4:].decode("utf-8", "replace").strip().strip('"').removeprefix("b/"))
        elif start and line[:signs] == b"+" * signs:
            lines.append(line[signs:].decode("utf-8", "replace"))
    if lines:
        yield Added(commit, path, start, "\n".join(lines))
