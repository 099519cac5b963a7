"""A change's diff, file by file, the risky ones first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fleet.ports.repository import FileChange
from fleet.surfaces.risky import risk_of
from fleet.surfaces.web.draw.parts import badge
from fleet.surfaces.web.html import NOTHING, Html, tag

_FILE = re.compile(r"^diff --git ", re.MULTILINE)
_MOST_LINES = 400
_OPEN_LINES = 200  # a file with more is shown folded
_MOST_OPEN = 8
_KINDS = {"+": "added", "-": "gone", "@": "place"}
_STATUS = {"A": "new", "D": "deleted", "R": "renamed", "T": "another type"}


@dataclass(frozen=True, slots=True)
class PatchFile:
    """One file of a diff: its patch, and what its path and size alone say of its risk."""

    change: FileChange
    patch: str
    score: int
    reasons: tuple[str, ...]


def by_risk(changes: Sequence[FileChange], patch: str) -> list[PatchFile]:
    """The files, the riskiest first, and else in git's order. A patch that was cut has none for the last."""
    starts = [found.start() for found in _FILE.finditer(patch)]
    chunks = iter([patch[at:to] for at, to in zip(starts, [*starts[1:], len(patch)], strict=True)])
    files = []
    for change in changes:
        text = next(chunks, "")
        if change.status == "T":  # git shows another type as one file that goes and one that comes
            text += next(chunks, "")
        files.append(PatchFile(change, text, *risk_of(change)))
    return sorted(files, key=lambda file: -file.score)


def patch_files(files: Sequence[PatchFile], number: int) -> Html:
    """The files with their lines."""
    if not files:
        return tag("p", "It changes no file.", class_="dim")
    return tag("div", [_file(file, number, at) for at, file in enumerate(files)], class_="files")


def _file(file: PatchFile, number: int, at: int) -> Html:
    change = file.change
    lines = list(_lines(file.patch))
    old = tag("span", f" from {change.old_path}", class_="dim") if change.old_path else None
    head = tag(
        "summary",
        tag("span", change.path, class_="path"),
        old,
        badge(_STATUS[change.status], "quiet") if change.status in _STATUS else None,
        tag(
            "span",
            tag("span", f"+{change.added}", class_="added"),
            " ",
            tag("span", f"−{change.deleted}", class_="gone"),
            class_="counts",
        ),
        [badge(reason, "warn") for reason in file.reasons],
    )
    shown = lines[:_MOST_LINES]
    rest = len(lines) - len(shown)
    more = tag("p", f"{rest} lines more: fleet pr diff {number}", class_="dim") if rest else NOTHING
    body = (
        tag("pre", shown, class_="patch", tabindex=0, aria_label=f"The changes of {change.path}")
        if shown
        else tag("p", "Nothing to show as text.", class_="dim")
    )
    return tag(
        "details",
        head,
        body,
        more,
        class_="file",
        id=f"file-{at}",
        open=at < _MOST_OPEN and len(lines) <= _OPEN_LINES,
    )


def _lines(patch: str) -> Iterator[Html]:
    """From the first place on: what stands above names the file, which the head does already."""
    within = False
    for line in patch.splitlines():
        within = within or line.startswith("@@")
        if within:
            yield tag("span", line or " ", class_=_KINDS.get(line[:1], "same"))


def text_lines(text: str) -> Html:
    """A text that may hold a diff, with its lines coloured where it does."""
    is_patch = "\n@@ " in text or text.startswith(("@@ ", "diff --git "))
    kinds = _KINDS if is_patch else {}
    return tag(
        "pre",
        [tag("span", line or " ", class_=kinds.get(line[:1], "same")) for line in text.splitlines()],
        class_="patch",
        tabindex=0,
    )
