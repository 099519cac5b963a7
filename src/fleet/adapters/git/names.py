"""Names that go into git commands and files: commits, branches, paths. Checked here, so nothing looks like an
option.
"""

from __future__ import annotations

import re

from fleet.model.errors import Permanent

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_NEVER = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")
FLEET = "fleet/"


def commit_id(sha: str) -> str:
    """The same, if it is a full object id. Raises Permanent otherwise."""
    if not _SHA.fullmatch(sha):
        raise Permanent(f"{sha[:80]!r} is not a commit id", do="give all 40 (or 64) hexadecimal digits")
    return sha


def branch_ref(branch: str) -> str:
    """The ref of a branch, `refs/heads/<branch>`. Raises Permanent for a name that git would not allow."""
    parts = branch.split("/")
    wrong = (
        not branch
        or branch.startswith("-")
        or branch == "HEAD"
        or branch.endswith(".")
        or "@" in parts
        or _NEVER.search(branch) is not None
        or any(not part or part.startswith(".") or part.endswith(".lock") for part in parts)
    )
    if wrong:
        raise Permanent(f"{branch[:80]!r} is not a name for a branch", why="git would not allow it")
    return f"refs/heads/{branch}"


def shown(path: str) -> str:
    r"""A file name as it may stand in an event: bytes that are no UTF-8 become `\xNN`."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def zero(like: str) -> str:
    """The id that means "no object", as long as `like`."""
    return "0" * len(like)
