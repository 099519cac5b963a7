"""What an agent may do with its tools, as plain frozen data: rules in the words that Claude Code's own
settings have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Permit = Literal["allow", "deny", "ask"]


@dataclass(frozen=True, slots=True)
class Permissions:
    """Rules such as `Bash(git push *)`, `Edit(.github/**)`, `WebFetch(domain:example.org)`, `mcp__db`.

    A rule of `deny` goes before all of `always`, these before all of `ask`, and these before all of `allow`;
    `otherwise` is for what no rule names. `wait_ms` is how long a call waits for a person before it is
    refused.
    """

    deny: tuple[str, ...] = ()
    always: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    otherwise: Permit = "deny"
    wait_ms: int = 10 * 60_000


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a tool as the rules see it: `command` for the shell ("" for none), `paths` it reads or
    writes, `hosts` it talks to.

    Paths are absolute and without links or `..`, made so by the caller; so are `workspace` and `home`, from
    which relative rules count.
    """

    tool: str
    command: str = ""
    paths: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    workspace: str = ""
    home: str = ""
    cwd: str = ""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is decided about a call; `rule` is the one that decided ("" for none), `why` is for the agent."""

    permit: Permit
    rule: str
    why: str
