"""What a fresh scenario is made of, and the words to write one with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fleet.testing.model_script import Fault


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the model: what it says, what it calls, how long it thought (seconds, before stretching),
    how many tokens it had read, and what went wrong at its provider first.
    """

    say: str = ""
    do: tuple[Mapping[str, Any], ...] = ()
    think: float = 0.4
    tokens: int = 0
    fault: Fault | None = None


@dataclass(frozen=True)
class Fresh:
    """A scenario. A careful person calls it stuck from its turn `since` on (counted from 1).

    `files` lie in the workspace at the start, `programs` on the agent's PATH, and `setup` was run. `subs`
    are the turns of its subagents. Times are stretched, all of them or those of the turns that are `slow`.
    Where a command of the last turn hangs, the recording ends `cut` seconds after it.
    """

    name: str
    stuck: bool
    why: str
    task: str
    turns: list[Turn]
    by: tuple[str, ...]
    since: int = 0
    files: Mapping[str, str] = field(default_factory=dict)
    programs: Mapping[str, str] = field(default_factory=dict)
    setup: str = ""
    subs: list[Turn] = field(default_factory=list)
    stretch: int = 20
    slow: tuple[int, ...] = ()
    cut: float = 0
    duty: str = "change"
    cost_limit: int = 0

    @property
    def inside(self) -> bool:
        """Whether it is a subagent that is stuck, whose turns are counted then."""
        return self.stuck and bool(self.subs) and len(self.turns) == 1


def turn(say: str, *do: Mapping[str, Any], think: float = 0.4, tokens: int = 0) -> Turn:
    return Turn(say, do, think, tokens)


def after(fault: Fault, then: Turn) -> Turn:
    """The turn, once the provider has got over this."""
    return replace(then, fault=fault)


def sh(command: str, seconds: int = 0) -> dict[str, Any]:
    return {"run": {"command": command, "seconds": seconds}}


def wait(seconds: float) -> dict[str, Any]:
    return {"wait": seconds}


def read(path: str, offset: int = 0, limit: int = 60) -> dict[str, Any]:
    return {"read": {"path": path, "offset": offset, "limit": limit}}


def grep(pattern: str) -> dict[str, Any]:
    return {"grep": pattern}


def write(path: str, content: str) -> dict[str, Any]:
    return {"write": {"path": path, "content": content}}


def edit(path: str, find: str, replace: str) -> dict[str, Any]:
    return {"edit": {"path": path, "find": find, "replace": replace}}


def todo(*items: str) -> dict[str, Any]:
    """`x …` is done, `> …` is being done, anything else is to do."""
    kinds = {"x": "completed", ">": "in_progress"}
    return {"todo": [(it[2:], kinds[it[0]]) if it[:2] in ("x ", "> ") else (it, "pending") for it in items]}


def sub(description: str, prompt: str) -> dict[str, Any]:
    return {"sub": {"description": description, "prompt": prompt}}


def fetch(url: str) -> dict[str, Any]:
    return {"fetch": url}
