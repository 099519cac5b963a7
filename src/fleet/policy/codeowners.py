"""CODEOWNERS, as GitHub reads it: which people answer for which files. The last line that matches counts.

A line is a pattern and its owners. Patterns are those of .gitignore without `!`, `[…]` and a `#` that is
escaped; `docs/*` means the files of that folder and not of those below it. A line without owners takes them
away again. What can't be read is left out, as GitHub does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where the file may lie, on the base branch; the first one counts."""

MOST_BYTES = 3 * 1024 * 1024

_OWNER = re.compile(r"@[A-Za-z0-9][A-Za-z0-9_-]*(/[A-Za-z0-9][A-Za-z0-9_.-]*)?|[^@\s]+@[^@\s]+")
_UNKNOWN = re.compile(r"^!|^\\#|(?<!\\)\[")
_WORDS = re.compile(r"(?:\\.|[^\s\\])+")


@dataclass(frozen=True, slots=True)
class Rule:
    """One line: the files that it is about, and who owns them (nobody, where it takes owners away)."""

    pattern: re.Pattern[str]
    owners: tuple[str, ...]


def read(text: str) -> tuple[Rule, ...]:
    """The lines that say something, in their order."""
    return tuple(rule for line in text.splitlines() if (rule := _rule(line)) is not None)


def owners_of(rules: tuple[Rule, ...], path: str) -> tuple[str, ...]:
    """Who owns the file: `@login`, `@org/team` or an e-mail address; nobody where no line says so."""
    return next((rule.owners for rule in reversed(rules) if rule.pattern.match(path)), ())


def ownership(rules: tuple[Rule, ...], paths: Iterable[str]) -> list[dict[str, Any]]:
    """The owners of these files: `owners`, how many `files` they own, and the first `path`. Files that nobody
    owns are left out.
    """
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for path in paths:
        owners = owners_of(rules, path)
        if owners:
            group = found.setdefault(owners, {"owners": list(owners), "path": path, "files": 0})
            group["files"] += 1
    return list(found.values())


def is_team(owner: str) -> bool:
    """Whether an owner is a team of a forge, whose people are not known here."""
    return owner.startswith("@") and "/" in owner


def _rule(line: str) -> Rule | None:
    words = _WORDS.findall(re.sub(r"(^|\s)#.*$", "", line))
    if not words or _UNKNOWN.search(words[0]):
        return None
    pattern = _pattern(words[0])
    if pattern is None or not all(_OWNER.fullmatch(word) for word in words[1:]):
        return None
    return Rule(pattern, tuple(dict.fromkeys(words[1:])))


def _pattern(written: str) -> re.Pattern[str] | None:
    """The pattern for whole paths; None for one that matches nothing."""
    if written == "/" or "***" in written:
        return None
    parts = written.strip("/").split("/")
    anchored = "/" in written.rstrip("/")
    found = "" if anchored else "(?:.*/)?"
    for at, part in enumerate(parts):
        is_last = at == len(parts) - 1
        if part == "**":
            found += ".*" if is_last else "(?:.*/)?"
        else:
            found += _part(part) + ("" if is_last else "/")
    if written.endswith("/"):
        found += "/.*"  # a folder: all that is in it
    elif parts[-1] not in ("*", "**"):
        found += "(?:/.*)?"
    return re.compile(rf"{found}\Z", re.DOTALL)


def _part(part: str) -> str:
    """One part of a path: `*` and `?` stand for anything within it, a backslash takes that away."""
    found = ""
    for sign in re.findall(r"\\.|.", part):
        if sign == "*":
            found += "[^/]+" if part == "*" else "[^/]*"
        else:
            found += "[^/]" if sign == "?" else re.escape(sign[-1])
    return found
