"""Which commits mend something that was wrong, by what they say of themselves."""

from __future__ import annotations

import re

_MENDS = re.compile(
    r"(?i)\b(fix(es|ed|ing)?|bug(s|gy|fix(es)?)?|defects?|fault(s|y)?|crash(es|ed|ing)?|regress(ion|ions|ed)"
    r"|broken|breakage|incorrect(ly)?|wrong(ly)?|leak(s|ed|ing)?|deadlocks?|segfaults?|overflows?|panics?"
    r"|race conditions?|hot-?fix|patch(es)? (a|the)|resolv(e|es|ed) #\d+|clos(e|es|ed) #\d+)\b"
)
# What is mended here is no code: text, style, the way it is built or tested.
_ELSEWHERE = re.compile(
    r"(?i)\b(typos?|spelling|grammar|misspell\w*|docs?|documentation|docstrings?|readme|changelog|comments?"
    r"|wording|links?|lint(er|ing)?|formatting|whitespace|indent(ation)?|style|flake8|mypy|clippy|eslint"
    r"|rubocop|ruff|gofmt|rustfmt|checkstyle|warnings?|ci|travis|appveyor|github actions?|workflows?"
    r"|(flaky|failing|broken) tests?|tests?|specs?|builds?|release|version|deps?|dependenc(y|ies)|bump)\b"
)


def is_fix(message: str) -> bool:
    """Whether the commit with this message mends a defect of the code. The first line decides; where it says
    nothing, a reference such as "Fixes #12" in the rest does.
    """
    first, _, rest = message.partition("\n")
    if first.startswith(("Merge ", "Revert ")):
        return False
    if _MENDS.search(first):
        return not _ELSEWHERE.search(first)
    return re.search(r"(?i)\b(fix(es|ed)?|clos(es|ed)|resolv(es|ed)) (#|gh-)\d+", rest) is not None and (
        not _ELSEWHERE.search(first)
    )
