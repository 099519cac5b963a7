"""Commands in comments: lines that begin with `/fleet`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_COMMAND = re.compile(r"^[ \t]*/fleet(?:[ \t]+(\S+)[ \t]*(.*))?$", re.IGNORECASE)
_FENCE = re.compile(r"^\s*(```|~~~)")
_MOST = 10


@dataclass(frozen=True, slots=True)
class Command:
    """`/fleet VERB args`. Lines below it, up to the next command, belong to its `args`."""

    verb: str
    args: str


@dataclass(frozen=True, slots=True)
class Said:
    """A comment taken apart: what comes before the first command, and the commands."""

    text: str
    commands: tuple[Command, ...]


def read_commands(body: str) -> Said:
    """The commands of a comment. What is quoted or in a code block is none."""
    text: list[str] = []
    found: list[tuple[str, list[str]]] = []
    fenced = False
    for line in body.replace("\r\n", "\n").split("\n"):
        fenced = fenced != bool(_FENCE.match(line))
        command = None if fenced else _COMMAND.match(line)
        if command is not None:
            found.append(((command[1] or "").lower(), [command[2] or ""]))
        elif found:
            found[-1][1].append(line)
        else:
            text.append(line)
    commands = tuple(Command(verb, "\n".join(args).strip()) for verb, args in found[:_MOST])
    return Said("\n".join(text).strip(), commands)
