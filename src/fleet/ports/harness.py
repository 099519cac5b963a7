"""The harness port: a program that is an agent, how it is started and how its output is read.

Law (checked by `fleet.testing.harness_law`, which every harness passes):

* `plan` is pure: the same `Launch` gives the same `Plan`, no file is touched, nothing is started.
* The run's token and the prompt never stand in argv, where every user of the machine can read them.
* The environment is an allowlist: a plan names what it adds (`env`) and what of the user's own it may see
  (`passthrough`); neither ever carries a forge token or an SSH agent.
* Every path in `files` stays inside the run's own directory.
* A `Reader` never raises, whatever it is fed, and holds bounded memory: what it cannot read becomes a short
  `Note`. It is deterministic: a fresh reader fed the same lines gives the same events, so a transcript can be
  parsed again from its start at any time.
* `Usage` is cumulative for the run and never decreases, so the last one seen is the run's total.
* A run is over when its process is: `Finished` says how the harness itself saw its end, and a harness that
  was steered at its last moment may report more than one; the last one counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

Stream: TypeAlias = Literal["out", "err"]

OUTPUT_KEPT = 8_000
"""So many characters of what a tool brought are kept: enough to know a failure again."""

FinishKind: TypeAlias = Literal[
    "ok",  # the agent came to its end by itself
    "error",  # the harness gave up for a reason that is none of those below
    "limit",  # the harness's own ceiling on turns or length was reached
    "budget",  # the cost ceiling given at the start was reached
    "auth",  # the model's provider refused the credentials: a person has to log in
    "overloaded",  # the provider is overloaded, rate limits or fails: the same run may work later
    "crash",  # the harness died or broke inside
]


@dataclass(frozen=True, slots=True)
class Launch:
    """What one run needs from its harness. Paths are absolute; `workspace` is also the working directory."""

    run: str
    workspace: str
    prompt: str
    system_prompt: str
    model: str  # "" leaves the choice to the user's own configuration
    tools: tuple[
        str, ...
    ]  # the harness's own tool names or rules; empty asks for its full set for unattended work
    conversation: str  # "" begins a new one, else the id of the one to go on with
    cost_limit_micros: int  # micro-dollars, 0 for none
    gateway_url: str  # the MCP endpoint over HTTP, "" for none
    gateway_token: str
    run_dir: str
    environment: Mapping[str, str] = field(default_factory=dict)  # the user's environment, to look at only
    options: Mapping[str, str] = field(default_factory=dict)  # the agent's own, from fleet.yaml
    root: str = ""  # the folder of fleet.yaml, from which the operator's relative paths count
    hook: tuple[str, ...] = ()  # what asks about each call of a tool, before and after; () for an agent that
    # is asked nothing. It is given `before` or `after` as one more word, and the call on its stdin.
    hook_seconds: int = 0  # how long it may take to answer


@dataclass(frozen=True, slots=True)
class Plan:
    """How to start a harness: everything that is needed, nothing done yet.

    The session's environment is composed by the engine: its own base (PATH, HOME, locale…), the user's
    variables named in `passthrough` (a name ending in `*` is a prefix), then `env`, which wins.
    `files` (path relative to the run's directory → text) are written with mode 0600 before the start.
    `stdin` is written at the start; with `keep_stdin` it stays open for steering until a line of the
    output is `last_line` (or the harness ends), else it is closed at once. Such a line begins with it, or,
    where it is a JSON object (`{"type": "result"}`), has all of it: programs change the order of their names.

    In a sandbox the harness finds, of the user's own files, only what it names here by absolute paths, none
    of which has to exist: `reads`, `writes` (what it has to keep: a folder, made when it is missing, if the
    path ends in `/`), and `copies`, files which it gets a copy of, to write to, that is gone with the run.
    Nothing that makes other programs of the user's do something belongs into `writes`. `programs` are those
    it starts besides the first word of `argv`, to be found on PATH.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    passthrough: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    stdin: str = ""
    keep_stdin: bool = False
    last_line: str = ""
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """The harness opened (or went on with) a conversation; `id` is what resumes it later."""

    id: str
    model: str
    version: str


@dataclass(frozen=True, slots=True)
class Message:
    """The agent said something."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """The agent called a tool. `summary` is one short line; `input` is the call as the model made it."""

    id: str
    name: str
    summary: str
    input: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolReturned:
    """A tool came back. `id` is that of its `ToolCalled`; `summary` is a short, bounded text, and `output`
    more of what it brought: its last `OUTPUT_KEPT` characters, "" where the summary is all.
    """

    id: str
    ok: bool
    summary: str
    output: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class ModelUsage:
    """The tokens of one model among several that a run used."""

    model: str
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """Totals of this run so far: tokens, micro-dollars (None while the harness has not said) and model turns.

    Only what this run spent: a resumed conversation's earlier runs are not in it. `by_model` has the same
    tokens by model, where the harness tells that: a price is found by it where no cost is told.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_micros: int | None = None
    turns: int = 0
    by_model: tuple[ModelUsage, ...] = ()


@dataclass(frozen=True, slots=True)
class Retrying:
    """The harness waits `wait_ms` before it asks its model again."""

    reason: str
    wait_ms: int


@dataclass(frozen=True, slots=True)
class Finished:
    """How the harness saw its own end. `text` is its last words, `error` why it failed ("" when ok)."""

    ok: bool
    text: str
    error: str
    kind: FinishKind


@dataclass(frozen=True, slots=True)
class Note:
    """A line worth showing that is none of the others: a warning, or something unreadable (cut)."""

    text: str


AgentEvent: TypeAlias = (
    Conversation | Message | ToolCalled | ToolReturned | Usage | Retrying | Finished | Note
)


Feature: TypeAlias = Literal["permissions", "tools"]
"""What an agent may have in fleet.yaml that not every version of a program can be held to."""


@dataclass(frozen=True, slots=True)
class Lack:
    """A feature that the version which is there does not have: why, and what to do about it."""

    feature: Feature
    problem: str
    fix: str


@dataclass(frozen=True, slots=True)
class Detected:
    """Whether a harness is there. `problem` and `fix` (both "" when all is well) are for the reader.

    With a problem no run begins, unless its version is "": then it could not be asked, which may pass. An
    agent that has one of the features that it `lacks` does not begin either.
    """

    found: bool
    version: str
    problem: str
    fix: str
    lacks: tuple[Lack, ...] = ()


@runtime_checkable
class Reader(Protocol):
    """Turns the recorded output of one run into agent events, line by line."""

    def feed(self, stream: Stream, line: str) -> list[AgentEvent]:
        """The events that this line brings (often none). Never raises; a line end is not needed."""
        ...


@runtime_checkable
class Permitting(Protocol):
    """A harness that asks `Launch.hook` about every call of a tool, and refuses what it does not allow."""

    @property
    def permits(self) -> bool:
        """Whether it can do so."""
        ...


@runtime_checkable
class Interactive(Protocol):
    """A harness whose conversations a person can go on with by hand. Not every one has that."""

    def interactive(self, conversation: str) -> tuple[str, ...]:
        """The program with its own screen, in that conversation; () for one that it can't go on with."""
        ...


@runtime_checkable
class Harness(Protocol):
    """One kind of agent program."""

    @property
    def name(self) -> str:
        """The name it has in fleet.yaml."""
        ...

    def plan(self, launch: Launch) -> Plan:
        """How to start it for this run. Pure."""
        ...

    def reader(self) -> Reader:
        """A fresh reader for one run's output."""
        ...

    def steer(self, text: str) -> str | None:
        """What to write to a live run's stdin so that the agent hears `text`; None when it never listens.

        A run whose plan did not keep its stdin open is not told anything, whatever this gives.
        """
        ...

    def detect(self, path: str) -> Detected:
        """Look for the program along `path` (a PATH value) and ask its version. Starts a process, bounded in
        time.
        """
        ...
