"""Which calls do nothing, whatever they say of themselves: they print what the agent wrote itself, sleep, or
tidy a plan of what is to be done. One of them is no sign of anything; many with nothing between are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fleet.policy.commands import parts

_COMMENT = re.compile(r"(?:^|\s)#[^\n]*")
_EXPANDS_OR_WRITES = re.compile(r"[$`<>]")
_QUOTED = re.compile(r"'[^']*'")
_PRINTS = re.compile(r"(?:echo|printf|true|:|clear|sleep|wait|done|pwd)(?:\s|$)")
_SLEEPS = re.compile(r"(?:sleep|wait)(?:\s|$)")
_LISTS = re.compile(r"^(?:todo_?write|write_?todos?|todo_?list|update_?(?:plan|todos?))$", re.IGNORECASE)
_PLAN = re.compile(
    r"(?:^|[/_-])(?:plans?|todos?|road-?map|next-?steps)(?:[-_ .][\w-]*|\d*)\.(?:md|txt|rst|adoc)$",
    re.IGNORECASE,
)
_PATHS = ("file_path", "filePath", "path", "filename", "file")

MUCH, LITTLE = 3, 2
"""What one of them weighs, and what a pause or a plan does that is written to a file."""


def lists_work(tool: str) -> bool:
    """Whether the tool writes the list of what is to be done, all of it each time."""
    return bool(_LISTS.match(tool.rpartition("__")[2] or tool))


def hollow(tool: str, given: Mapping[str, Any], command: str | None, edits: bool) -> int:
    """How much this call weighs as one that does nothing, 0 for one that may do something. `command`: what it
    gives to a shell, None for any other tool, of which some change files (`edits`).
    """
    if lists_work(tool):
        return MUCH
    if command is None:
        paths = _paths(given) if edits else []
        return LITTLE if paths and all(_PLAN.search(path) for path in paths) else 0
    bare = _COMMENT.sub("", command)
    each = parts(bare)
    if _EXPANDS_OR_WRITES.search(_QUOTED.sub("", bare)) or not all(_PRINTS.match(part) for part in each):
        return 0
    return LITTLE if any(_SLEEPS.match(part) for part in each) else MUCH


def _paths(given: Mapping[str, Any]) -> list[str]:
    changes = given.get("changes")
    each = [given, *(changes if isinstance(changes, list) else ())]
    return [str(one[name]) for one in each if isinstance(one, Mapping) for name in _PATHS if one.get(name)]
