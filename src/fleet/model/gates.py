"""What the lines of a gate may ask for beyond a kind: when it is open, and how a person is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

KINDS = ("push", "pull-request", "review", "merge", "release")
"""The kinds of action that may have a gate."""

RUN = "run"
"""The action of a job whose command is run with what was merged, under a gate of the job's own name."""

CODEOWNERS = "codeowners"
"""In the place of a person: whoever the CODEOWNERS of the base branch names for the files of the change."""

Different = Literal["", "model", "harness"]


@dataclass(frozen=True, slots=True)
class Window:
    """When a gate may open. `days` are 0 (Monday) to 6; `start` and `end` minutes of the day in `zone`, an
    IANA name. Where `end` is not after `start`, it lies on the day after.
    """

    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    start: int = 0
    end: int = 24 * 60
    zone: str = "UTC"


ALWAYS = Window()


@dataclass(frozen=True, slots=True)
class Asking:
    """How a person is asked, in ms; 0 for never. An approval counts for `expires_ms` after it was given;
    whoever is asked is reminded every `remind_ms`; after `escalate_ms` those in `escalate_to` are told.
    """

    expires_ms: int = 0
    remind_ms: int = 0
    escalate_ms: int = 0
    escalate_to: tuple[str, ...] = ()


UNTIMED = Asking()
