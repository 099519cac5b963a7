"""Whether a command did what it was for, which its exit code alone does not tell: who searches and finds
nothing has an answer, and tests whose output went through a pipe may have failed.
"""

from __future__ import annotations

import re

from fleet.model.acts import ActKind
from fleet.policy.commands import only_looks, parts

_SEARCHES = re.compile(
    r"(?:[efz]?grep|rg|ag|ack|git (?:-\S+ )*(?:grep|diff)|diff|cmp|test|\[|which|type|command -v|pgrep)"
    r"(?:\s|$)"
)
_EXIT_WORDS = re.compile(
    r"(?:\w+ )?(?:exit(?:ed)?|ended|return(?:ed)?)(?: with)?(?: exit)?(?: code| status)?[: ]*\d+:?"
    r"|\(?\bno output\)?|\(?bash completed with\b|\(empty\)|error:?",
    re.IGNORECASE,
)
_CRASH = (
    r"^(?:\w+\.)*\w+(?:Error|Exception)\b(?:: |$)|command not found$|^npm (?:ERR!|error)"
    r"|^make(?:\[\d+\])?: \*\*\*"
)
_CRASHED = re.compile(rf"{_CRASH}|^(?:fatal|error|ERROR): ")
_FAILED = re.compile(
    r"\b[1-9]\d*(?: \w+)? (?:failed|failures?|failing|errors?|problems?)\b|\b(?:failures|errors)=[1-9]"
    r"|^(?:\S+ )?FAIL(?:ED)?\b|\bFAILED\b|\bBUILD FAIL|\bnot ok \d|\berror(?:\[\w+\])?: |: error\b|^\[ERROR\]"
    rf"|^Traceback \(most recent|panicked at|\bexited with (?:code )?[1-9]|{_CRASH}"
)
_NOTHING_DONE = re.compile(
    r"\bnothing (?:added )?to commit\b|\bno changes added to commit\b|^Already up to date", re.MULTILINE
)
_LONGEST, _LAST, _VERY_LAST = 4096, 12, 3


def succeeded(kind: ActKind, command: str, ok: bool, text: str) -> bool:
    """Whether it did, by its exit code and what it printed."""
    if not ok:
        each = parts(command)
        searches = bool(each) and bool(_SEARCHES.match(each[0]) or _SEARCHES.match(each[-1]))
        return searches and not _EXIT_WORDS.sub("", text).strip(" \n:<>.")
    if kind == "commit":
        return not _NOTHING_DONE.search(text)
    if kind in ("test", "build"):
        return not any(_FAILED.search(line) for line in _last(text))
    if kind in ("run", "edit") and not only_looks(command):
        return not any(_CRASHED.search(line) for line in _last(text)[-_VERY_LAST:])
    return True


def _last(text: str) -> list[str]:
    return [line.strip() for line in text[-_LONGEST:].splitlines() if line.strip()][-_LAST:]
