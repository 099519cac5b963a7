"""The harness `acp`: any agent that speaks the Agent Client Protocol over its stdin and stdout.

The run's process is a small program of ours, `acp_drive`, that starts the agent, tells it the task, answers
what it asks for and prints what it does, one JSON record a line. What the agent is told and the gateway's
address go to that program over stdin, the gateway's token by its variable. What it prints is read by
`acp_reader`.

The protocol has no list of tools; an agent asks before it uses one, if it cares to. Without `tools` in
fleet.yaml all that it asks for is allowed. With `tools` (the protocol's kinds: read, edit, execute …) these
are, and all else is refused, or a person is asked, as the option `permissions` says. With `permissions` in
fleet.yaml each call that it asks for goes by these; one that it made without asking is looked at when it is
told, and ends the run where it is not allowed.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import PurePosixPath

from fleet.adapters.harnesses.acp_reader import AcpReader
from fleet.adapters.harnesses.options import only_known, variables
from fleet.model.errors import UsageError
from fleet.ports.harness import Detected, Launch, Plan

KINDS = ("read", "edit", "delete", "move", "search", "execute", "think", "fetch", "switch_mode", "other")
"""What a tool can be in the protocol."""

_OPTIONS = ("argv", "env", "files", "permissions", "wait")
_PERMISSIONS = ("refuse", "ask")
_FILES = ("fleet", "own")
_OWN_FILES = ("gemini",)  # they don't understand the protocol's answer that a file is not there
_TOKEN = "FLEET_TOKEN"  # noqa: S105  # a variable's name: the engine gives it to every session
_PLACE = re.compile(r"\{(workspace|root|model)\}")
_CONVERSATION = re.compile(r"[\w.:-]{1,200}")
_WAIT = 600  # seconds


class AcpHarness:
    """Starts the program that an agent's option `argv` names."""

    @property
    def name(self) -> str:
        """The name it has in fleet.yaml."""
        return "acp"

    def plan(self, launch: Launch) -> Plan:
        """How to start it. Raises `UsageError` when the options or tools can't be followed."""
        options = launch.options
        only_known(options, _OPTIONS)
        words = _words(options.get("argv", ""))
        named = any("{model}" in word for word in words)
        if named and not launch.model:
            raise _wrong("its argv asks for {model}, and the agent has none")
        told = [text.strip() for text in (launch.system_prompt, launch.prompt) if text.strip()]
        begin = {
            "type": "begin",
            "prompt": "\n\n".join(told),
            "workspace": launch.workspace,
            "conversation": launch.conversation if _CONVERSATION.fullmatch(launch.conversation) else "",
            "model": "" if named else launch.model,
            "gateway": launch.gateway_url,
            "allowed": _kinds(launch.tools) if launch.tools else list(KINDS),
            "files": _files(options, words[0]),
            "ask": _asks(options),
            "wait": _wait(options),
            "hook": list(launch.hook),
            "hook_seconds": launch.hook_seconds,
        }
        # -P: the workspace is the agent's to write, so nothing is imported from there.
        driver = (sys.executable, "-P", "-m", "fleet.adapters.harnesses.acp_drive")
        return Plan(
            argv=(*driver, "--", *_argv(words, launch)),
            env={_TOKEN: launch.gateway_token} if launch.gateway_url else {},
            passthrough=variables(options),
            stdin=json.dumps(begin) + "\n",
            keep_stdin=True,
            last_line='{"type": "result"',
            programs=(words[0], "node") if "/" not in words[0] else ("node",),
        )

    @property
    def permits(self) -> bool:
        """The program between asks about every call, as far as the agent tells of it."""
        return True

    def reader(self) -> AcpReader:
        """A fresh reader for one run's output."""
        return AcpReader()

    def steer(self, text: str) -> str | None:
        """A line for the program between: the agent's turn is broken off, and goes on with these words."""
        return json.dumps({"type": "say", "text": text}) + "\n"

    def detect(self, path: str) -> Detected:  # which program it is stands in each agent's options
        """Whether the protocol's library is there; that of a program is seen when it is started."""
        from importlib.metadata import PackageNotFoundError, version

        try:
            return Detected(True, version("agent-client-protocol"), "", "")
        except PackageNotFoundError:
            fix = "Install it beside Fleet: pip install agent-client-protocol"
            return Detected(False, "", "The library of the Agent Client Protocol is not there", fix)


def _words(argv: str) -> list[str]:
    try:
        words = shlex.split(argv)
    except ValueError as error:
        raise _wrong(f"its argv {argv!r} can't be split into words: {str(error).lower()}") from error
    if not words or not words[0]:
        raise _wrong("its argv is empty")
    return words


def _argv(words: list[str], launch: Launch) -> tuple[str, ...]:
    """The words with their places filled. A relative path of a program counts from fleet.yaml's folder."""
    filled = {"workspace": launch.workspace, "root": launch.root, "model": launch.model}
    program, *rest = (_PLACE.sub(lambda hit: filled[hit[1]], word) for word in words)
    return str(PurePosixPath(launch.root) / program) if "/" in program else program, *rest


def _kinds(tools: tuple[str, ...]) -> list[str]:
    for tool in tools:
        if tool.lower() not in KINDS:
            raise UsageError(
                f"The Agent Client Protocol has no kind of tool {tool!r}",
                do=f"In fleet.yaml name some of: {', '.join(KINDS)}.",
            )
    return [tool.lower() for tool in tools]


def _asks(options: Mapping[str, str]) -> bool:
    found = options.get("permissions", "refuse")
    if found not in _PERMISSIONS:
        raise _wrong(f"its permissions are {found!r}: there are refuse and ask")
    return found == "ask"


def _files(options: Mapping[str, str], program: str) -> bool:
    """Whether files are read and written by us, who keep to the workspace, or by the agent itself."""
    usual = "own" if PurePosixPath(program).name in _OWN_FILES else "fleet"
    found = options.get("files", usual)
    if found not in _FILES:
        raise _wrong(f"its files are {found!r}: there are fleet and own")
    return found == "fleet"


def _wait(options: Mapping[str, str]) -> int:
    found = options.get("wait", str(_WAIT))
    if not found.isdecimal() or not 0 < int(found) <= 86_400:
        raise _wrong(f"its wait is {found!r}: it is a number of seconds")
    return int(found)


def _wrong(why: str) -> UsageError:
    return UsageError(
        "An agent that speaks the Agent Client Protocol can't be started",
        why=why,
        do='Give the agent options: {argv: "program --acp"} in fleet.yaml.',
    )
