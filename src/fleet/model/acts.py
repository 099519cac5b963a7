"""What an agent did, as far as rules look at it: its recent acts, and how the machine sees its processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ActKind = Literal["edit", "commit", "test", "build", "run", "read", "report", "say", "other"]

KEPT_ACTS = 48
"""So many acts of a run are kept for the rules; older ones are forgotten."""

KEPT_DEEDS = 24
"""So many different deeds of a run are kept for whoever goes on after it."""


@dataclass(slots=True)
class Act:
    """One call of a tool, or one message. Times are ms since the epoch, 0 while it is not back.

    `call` tells calls apart, `out` what came back of them: both are short hashes, of the texts without what
    changes by itself (durations, addresses, line numbers). `polls`: it looks whether something is there yet.
    """

    id: str
    kind: ActKind
    call: str
    text: str
    at: int
    polls: bool = False
    back: int = 0
    ok: bool = True
    out: str = ""
    said: str = ""


@dataclass(slots=True)
class Deed:
    """One kind of act of a run, for a summary: how often it was done, how often it failed, and the last
    failure's words.
    """

    text: str
    times: int = 0
    failed: int = 0
    said: str = ""


@dataclass(slots=True)
class Look:
    """How the machine sees a session: the processor time of all its processes (ms, those that ended
    included), what they have read and written (bytes), how many there are, when it last said anything, and a
    digest of its workspace ("" where it could not be told). `at` is when somebody looked.
    """

    at: int
    cpu_ms: int = 0
    io_bytes: int = 0
    processes: int = 0
    output_at: int = 0
    work: str = ""


@dataclass(frozen=True, slots=True)
class Measures:
    """How often the latest acts of a run were the same. `cycles`: the last act, the last two … in a row;
    `same`: the last one since anything new was changed; `fails`: it failed alike; `failing`: calls that
    failed in a row; `talks`: the same words in a row.
    """

    cycles: tuple[int, ...] = ()
    same: int = 0
    fails: int = 0
    failing: int = 0
    talks: int = 0


UNMEASURED = Measures()
"""Of a run that has done nothing yet."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """When a run counts as stuck, and what then. Times in ms; zero switches that sign off.

    `silence_ms`: no output and nothing under way. `command_ms`: a command is under way, and neither says
    anything nor uses the processor or the disk. `repeats`: so often the same call with the same result, or
    the same failure. `idle_ms`: many calls and no file changed. `context_percent` of the model's window are
    full. `spend_percent` of the run's ceiling were spent since a file changed. `nudges`: so often it is told
    before it is stopped.
    """

    silence_ms: int = 10 * 60_000
    command_ms: int = 30 * 60_000
    repeats: int = 4
    idle_ms: int = 30 * 60_000
    context_percent: int = 85
    spend_percent: int = 60
    nudges: int = 1


STANDARD = Stuck()
"""What holds where fleet.yaml says nothing."""

NEVER_STUCK = Stuck(0, 0, 0, 0, 0, 0, 0)
"""What `stuck: off` is."""
