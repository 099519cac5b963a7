"""The harness `command`: any program that reads a prompt, edits files, and ends.

    options: {argv: "my-agent --model {model}", env: "MY_API_KEY"}

`argv` is split into words as a shell would, but no shell is asked: what the words hold is handed on as it is.
The prompt goes to stdin, or into a file of mode 0600 where `{prompt_file}` stands in `argv`. The program's
lines are its messages, its exit code tells whether it came to its end; what it costs is not known.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import PurePosixPath

from fleet.adapters.harnesses.command_reader import CommandReader
from fleet.adapters.harnesses.options import only_known, variables
from fleet.model.errors import UsageError
from fleet.ports.harness import Detected, Launch, Plan

_OPTIONS = ("argv", "env", "last_line", "steer")
_PROMPT, _SYSTEM = "prompt.md", "system.md"
_PLACE = re.compile(r"\{(prompt_file|system_file|workspace|root|model)\}")


class CommandHarness:
    """Starts what the agent's options say."""

    @property
    def name(self) -> str:
        """The name it has in fleet.yaml."""
        return "command"

    def plan(self, launch: Launch) -> Plan:
        """How to start it. Raises `UsageError` when the options can't be followed."""
        options = launch.options
        only_known(options, _OPTIONS)
        words = _words(options.get("argv", ""))
        asked = {place for word in words for place in _PLACE.findall(word)}
        told = [launch.prompt] if "system_file" in asked else [launch.system_prompt, launch.prompt]
        prompt = "\n\n".join(text.strip() for text in told if text.strip()) + "\n"
        files = {_SYSTEM: launch.system_prompt} if "system_file" in asked else {}
        if "prompt_file" in asked:
            files[_PROMPT] = prompt
        steered = _is_steered(options, asked)
        return Plan(
            argv=_argv(words, launch),
            env={"FLEET_MCP_URL": launch.gateway_url} if launch.gateway_url else {},
            passthrough=variables(options),
            files=files,
            stdin="" if "prompt_file" in asked else prompt,
            keep_stdin=steered,
            last_line=options.get("last_line", "") if steered else "",
        )

    def reader(self) -> CommandReader:
        """A fresh reader for one run's output."""
        return CommandReader()

    def steer(self, text: str) -> str | None:
        """The text itself, as a line; heard only by a program whose options say `steer: stdin`."""
        return " ".join(text.split()) + "\n"

    def detect(self, path: str) -> Detected:  # which program it is stands in each agent's options
        """There is nothing to look for: whether a program is there is seen when it is started."""
        return Detected(True, "", "", "")


def _words(argv: str) -> list[str]:
    try:
        words = shlex.split(argv)
    except ValueError as error:
        raise _wrong(f"its argv {argv!r} can't be split into words: {str(error).lower()}") from error
    if not words or not words[0]:
        raise _wrong("its argv is empty")
    return words


def _argv(words: list[str], launch: Launch) -> tuple[str, ...]:
    """The words with their places filled. A relative path of a program counts from fleet.yaml's folder: in
    the workspace it would name a file of the repository under work, which is data.
    """
    folder = PurePosixPath(launch.run_dir)
    filled = {
        "prompt_file": str(folder / _PROMPT),
        "system_file": str(folder / _SYSTEM),
        "workspace": launch.workspace,
        "root": launch.root,
        "model": launch.model,
    }
    if not launch.model and any("{model}" in word for word in words):
        raise _wrong("its argv asks for {model}, and the agent has none")
    program, *rest = (_PLACE.sub(lambda hit: filled[hit[1]], word) for word in words)
    if "/" in program:
        program = str(PurePosixPath(launch.root) / program)
    return program, *rest


def _is_steered(options: Mapping[str, str], asked: set[str]) -> bool:
    steer = options.get("steer", "")
    if steer not in ("", "stdin"):
        raise _wrong(f"its steer is {steer!r}: only stdin is known")
    if steer and "prompt_file" not in asked:
        raise _wrong("with steer: stdin the prompt has no end on stdin: its argv has to name {prompt_file}")
    return bool(steer)


def _wrong(why: str) -> UsageError:
    return UsageError(
        "The command of an agent can't be started",
        why=why,
        do='Give the agent options: {argv: "program --flag"} in fleet.yaml.',
    )
