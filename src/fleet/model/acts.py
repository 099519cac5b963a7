"""What an agent did, as far as rules look at it: its recent acts, and how the machine sees its processes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

ActKind = Literal["edit", "commit", "test", "build", "run", "read", "report", "say", "other"]

KEPT_ACTS = 32
"""So many acts of a run are kept for the rules; older ones are forgotten."""

KEPT_DEEDS = 24
"""So many different deeds of a run are kept for whoever goes on after it."""


@dataclass(slots=True)
class Act:
    """One call of a tool, or one message. Times are ms since the epoch, 0 while it is not back.

    `call` tells calls apart, `form` does so too but for small numbers and trimmings, `out` tells apart what
    came back, `file` what is changed: short hashes, of texts without what changes by itself (durations,
    addresses, line numbers). So many `lines` came back, of which `fresh` were never seen before in this run
    (-1: not known). `polls`: it looks whether something is there yet. `rests`: it cannot be at work while it
    lasts (it sleeps, serves, follows a file). `moves`: it goes to another commit. `hollow`: how much it
    weighs as one that does nothing at all. `serves`: it does not end by itself.
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
    form: str = ""
    file: str = ""
    rests: bool = False
    moves: bool = False
    lines: int = -1
    fresh: int = -1
    hollow: int = 0
    serves: bool = False


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
    digest of its workspace ("" where it could not be told). `at` is when somebody looked. `below` are the
    processes below the agent's own, -1 where there are none.
    """

    at: int
    cpu_ms: int = 0
    io_bytes: int = 0
    processes: int = 0
    output_at: int = 0
    work: str = ""
    below_cpu_ms: int = -1
    below_io_bytes: int = -1


@dataclass(slots=True)
class Course:
    """Whether a run gets on, folded from its acts one by one. See `fleet.policy.course` for how.

    `level` says how far the worst of its signs has come, so that it is stuck when that reaches the rules'
    `repeats`; `sign` names it, `times` and `among` are its figures, for words.
    """

    level: int = 0
    sign: str = ""
    times: int = 0
    among: int = 1
    open: int = 0  # calls that are not back
    resting: int = 0  # those of them that cannot be at work
    known: dict[str, int] = field(default_factory=dict)  # calls with their results, since a file changed
    made: dict[str, None] = field(default_factory=dict)  # what was changed, by call
    files: dict[str, None] = field(default_factory=dict)  # where
    failed: dict[str, str] = field(
        default_factory=dict
    )  # failures, and what failed so and has not passed since
    last: str = ""  # the last call with its result
    row: int = 0  # how often that came in a row, and how long (ms) these calls took
    row_ms: int = 0
    stale: int = 0  # calls with results that were known, since anything new was learned or done
    stale_ms: int = 0
    circle: list[str] = field(default_factory=list)  # those of them that differ
    patient: bool = False  # one of them only looks whether something is there yet
    returns: int = 0  # changes since then that were made before
    barren: int = 0  # how much was looked at since then in vain
    error: str = ""  # the last failure, and how often it came since anything new was learned or done
    alike: int = 0
    vain: int = (
        0  # twice how often a known failure came again, whatever was changed; once where more was told
    )
    edits: int = 0  # changes since the last failure, and how many of them began another file
    begun: int = 0
    moved: bool = False  # another commit was gone to since then
    failing: int = 0  # calls in a row that failed
    words: list[str] = field(default_factory=list)  # of its last message
    talks: int = 0  # messages in a row that say about the same
    prints: bool = False  # they are lines that a plain program prints
    promises: int = 0  # and such as only say what it will do
    asks: bool = False  # its last word was a question
    sayings: list[str] = field(default_factory=list)  # its messages since a call came back
    resaid: int = 0  # how many of them had been said then already
    counted: int = 0  # its last message said that this is the third of ten, say
    hollow: int = 0  # the weight of its calls in a row that do nothing, and how many they are
    hollows: int = 0
    worn: int = 0  # calls for at least the third time since a file changed, that told nothing new
    served: int = 0  # how often it started in the foreground, since then, what does not end by itself
    took: dict[str, int] = field(default_factory=dict)  # how long (ms) tests took at most


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
