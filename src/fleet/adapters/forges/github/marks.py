"""Marks in what Fleet writes, by which it knows its texts again: `<!-- fleet:status -->` as the last line.

GitHub shows no HTML comments. A mark counts only where Fleet's own login wrote the text, and only as its very
last line: nobody can put one into Fleet's mouth, not an agent's text either.
"""

from __future__ import annotations

import re

MOST = 60_000  # of a text in GitHub's characters, which allows 65,536
_LAST = re.compile(r"<!-- fleet:([^\s>]+) -->\s*\Z")
_ANY = re.compile(r"<!--\s*fleet:", re.IGNORECASE)
_CUT = "\n\n… (cut: GitHub takes no longer text)"


def marked(text: str, mark: str) -> str:
    """The text with this mark (no space in it), cut to what GitHub takes. Marks in the text itself lose their
    meaning.
    """
    return f"{fitted(text)}\n\n<!-- fleet:{_name(mark)} -->"


def fitted(text: str) -> str:
    """The text without marks, in GitHub's limits, its lines ended as GitHub does."""
    plain = _ANY.sub("<!-- ", text.replace("\r\n", "\n")).strip()
    return plain if len(plain) <= MOST else plain[:MOST] + _CUT


def mark_of(text: str | None) -> str:
    """The mark that a text ends with, "" without one."""
    found = _LAST.search(text or "")
    return found[1] if found else ""


def same_text(one: str | None, other: str | None) -> bool:
    """Whether GitHub would show both alike."""
    return (one or "").replace("\r\n", "\n").strip() == (other or "").replace("\r\n", "\n").strip()


def is_mark(text: str | None, mark: str) -> bool:
    """Whether the text carries exactly this mark."""
    return mark_of(text) == _name(mark)


def _name(mark: str) -> str:
    return re.sub(r"[\s>]+", "-", mark.strip()).replace("--", "-") or "note"
