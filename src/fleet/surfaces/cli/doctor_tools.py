"""Programs on the machine: looked for, asked their version, and what is said of each."""

from __future__ import annotations

import re
import subprocess
import tempfile
from dataclasses import dataclass
from shutil import which

SECONDS = 10
_VERSION = re.compile(r"\d+(?:\.\d+)+")


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that Fleet or an agent uses."""

    name: str
    ask: tuple[str, ...]
    purpose: str
    get: str
    required: bool = False
    oldest: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one thing. `problem` is "" when all is well, `get` how to get it or mend it."""

    name: str
    kind: str
    found: bool
    version: str
    required: bool
    purpose: str
    problem: str
    get: str

    @property
    def ok(self) -> bool:
        """Whether it is there and fit."""
        return self.found and not self.problem


def look_for(tool: Tool, path: str) -> Finding:
    """Look for one program along `path` and ask its version."""
    program = which(tool.name, path=path)
    if program is None:
        return _finding(tool, False, "", f"there is no {tool.name} on PATH")
    said = _answer([program, *tool.ask])
    version = _VERSION.search(said)
    if version is None:
        return _finding(tool, True, "", f"{program} {' '.join(tool.ask)} says no version")
    number = tuple(int(part) for part in version[0].split("."))
    if number < tool.oldest:
        least = ".".join(map(str, tool.oldest))
        return _finding(tool, True, version[0], f"it is older than {least}")
    return _finding(tool, True, version[0], "")


def _finding(tool: Tool, found: bool, version: str, problem: str) -> Finding:
    get = tool.get if problem else ""
    return Finding(tool.name, "tool", found, version, tool.required, tool.purpose, problem, get)


def _answer(argv: list[str]) -> str:
    """What a program prints, bounded in time and size; a process that it leaves behind can't hold us up."""
    with tempfile.TemporaryFile() as answer:
        try:
            subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=answer,
                stderr=subprocess.STDOUT,
                timeout=SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        answer.seek(0)
        return answer.read(2000).decode("utf-8", "replace")
