"""What a change touches, and what the history of its files and its author say of it: the figures that a risk
is worked out from.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Touched:
    """One file of a change, as a diff has it: `status` is git's letter, `mode` the new mode in octal.

    `commits`, `authors` and `fixes` count those that touched it before: all, by how many people, and which
    of them mended something. `lines` is how long it was.
    """

    path: str
    added: int
    deleted: int
    binary: bool = False
    status: str = "M"
    mode: str = "100644"
    commits: int = 0
    authors: int = 0
    fixes: int = 0
    lines: int = 0


@dataclass(frozen=True, slots=True)
class Past:
    """The history of a change's files taken together, and of its author, before the change.

    `developers` ever touched any of the files; `last_changes` is how many different commits touched them
    last, `age_ms` how long ago that was on average. `commits` are all that the history has, `experience` the
    author's own among them, `recent` the same with those of a year ago counted half, of two years a third …,
    `nearby` those in the top-level folders of the change.
    """

    developers: int = 0
    last_changes: int = 0
    age_ms: int = 0
    commits: int = 0
    experience: int = 0
    recent: float = 0.0
    nearby: int = 0


NOTHING_KNOWN = Past()
