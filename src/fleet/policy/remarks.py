"""Remarks at lines, as agents write them into their verdict: `src/shop.py:12: this is never closed`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_REMARK = re.compile(
    r"^\s*(?:[-*]\s+)?`?(?P<path>[\w./+@-]+\.?[\w/-]+):(?P<line>\d{1,7})`?\s*[:\u2013\u2014-]\s+(?P<text>\S.*)$"
)
_MOST = 50


@dataclass(frozen=True, slots=True)
class Remark:
    """Words about one line of a file."""

    path: str
    line: int
    text: str


def remarks_in(text: str) -> tuple[str, list[Remark]]:
    """The text without its remarks at lines, and those. Lines that go on indented belong to the remark."""
    rest: list[str] = []
    found: list[Remark] = []
    goes_on = False
    for line in text.splitlines():
        match = _REMARK.match(line)
        if match and "/" * 2 not in match["path"] and int(match["line"]) and len(found) < _MOST:
            found.append(Remark(match["path"].removeprefix("./"), int(match["line"]), match["text"].strip()))
            goes_on = True
        elif goes_on and line.startswith("  ") and line.strip():
            last = found.pop()
            found.append(Remark(last.path, last.line, f"{last.text}\n{line.strip()}"))
        else:
            goes_on = False
            rest.append(line)
    return "\n".join(rest).strip(), found
