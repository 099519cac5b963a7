"""The harness `scripted`: a small real program that plays a YAML script, for the demo, tests and load.

The program is `fleet.testing.scripted_agent`; between it and this file there are JSON lines. To it: one
`prompt`, then a `say` for each word from outside. From it: `conversation`, `message`, `tool`, `tool_result`,
`usage`, and a `result` at the end.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from typing import Any

import fleet
from fleet.model.errors import UsageError
from fleet.ports.harness import (
    OUTPUT_KEPT,
    AgentEvent,
    Conversation,
    Detected,
    Finished,
    FinishKind,
    Launch,
    Message,
    Note,
    Plan,
    Stream,
    ToolCalled,
    ToolReturned,
    Usage,
)

_PASSED_ON = ("FLEET_ROUND", "FLEET_ITEM")
_LONGEST_LINE = 1_000_000
_NOTE, _SUMMARY, _TEXT = 300, 200, 64 * 1024
_KINDS: Mapping[str, FinishKind] = {
    "ok": "ok",
    "error": "error",
    "limit": "limit",
    "budget": "budget",
    "auth": "auth",
    "overloaded": "overloaded",
    "crash": "crash",
}


class ScriptedHarness:
    """Plays the script that the agent's option `script` names."""

    @property
    def name(self) -> str:
        """The name it has in fleet.yaml."""
        return "scripted"

    def plan(self, launch: Launch) -> Plan:
        """How to start it. Raises `UsageError` when no script is named."""
        script = launch.options.get("script")
        if not script:
            raise UsageError(
                "The scripted agent has no script",
                why="nothing says which one to play",
                do="Give the agent options: {script: path/of/script.yaml} in fleet.yaml.",
            )
        prompt = {
            "type": "prompt",
            "run": launch.run,
            "text": launch.prompt,
            "system": launch.system_prompt,
            "model": launch.model,
            "conversation": launch.conversation,
        }
        path = str(PurePath(launch.root) / script)
        return Plan(
            # -P: the workspace is the agent's to write, so nothing is imported from there.
            argv=(sys.executable, "-P", str(_program())),
            env={
                "FLEET_SCRIPT": path,
                **{name: launch.environment[name] for name in _PASSED_ON if name in launch.environment},
            },
            stdin=json.dumps(prompt) + "\n",
            keep_stdin=True,
            last_line='{"type": "result"',
            reads=(path,),
        )

    def reader(self) -> ScriptedReader:
        """A fresh reader for one run's output."""
        return ScriptedReader()

    def steer(self, text: str) -> str | None:
        """A line that the program takes for words from outside."""
        return json.dumps({"type": "say", "text": text}) + "\n"

    def detect(self, path: str) -> Detected:  # it comes with Fleet, wherever PATH leads
        """It is part of Fleet, so it is there unless the installation is broken."""
        if _program().is_file():
            return Detected(True, "1", "", "")
        return Detected(False, "", f"{_program()} is missing", "Install Fleet again.")


class ScriptedReader:
    """Reads the program's JSON lines; everything else becomes a short note."""

    def __init__(self) -> None:
        self._usage = Usage()

    def feed(self, stream: Stream, line: str) -> list[AgentEvent]:
        """The events of this line."""
        if not line.strip():
            return []
        if stream == "err" or len(line) > _LONGEST_LINE or not line.startswith("{"):
            return [_note(line)]
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            return [_note(line)]
        if not isinstance(record, dict):
            return [_note(line)]
        if record.get("type") == "usage":
            return [self._spent(record)]
        read = _READERS.get(str(record.get("type")))
        return [read(record) if read else _note(line)]

    def _spent(self, record: Mapping[str, Any]) -> Usage:
        """The new totals; a total never goes down, whatever the line says."""
        seen = self._usage
        self._usage = Usage(
            input_tokens=max(seen.input_tokens, _count(record, "input_tokens")),
            output_tokens=max(seen.output_tokens, _count(record, "output_tokens")),
            cost_micros=max(seen.cost_micros or 0, _count(record, "cost_micros")),
            turns=max(seen.turns, _count(record, "turns")),
        )
        return self._usage


def _conversation(record: Mapping[str, Any]) -> AgentEvent:
    model, version = _string(record, "model", _SUMMARY), _string(record, "version", _SUMMARY)
    return Conversation(_string(record, "id", _SUMMARY), model, version)


def _message(record: Mapping[str, Any]) -> AgentEvent:
    return Message(_string(record, "text", _TEXT))


def _tool(record: Mapping[str, Any]) -> AgentEvent:
    given = record.get("input")
    return ToolCalled(
        id=_string(record, "id", _SUMMARY),
        name=_string(record, "name", _SUMMARY),
        summary=" ".join(_string(record, "summary", _SUMMARY).split()),
        input=given if isinstance(given, dict) else {},
    )


def _tool_result(record: Mapping[str, Any]) -> AgentEvent:
    summary = _string(record, "summary", _SUMMARY)
    output = _string(record, "output", OUTPUT_KEPT)
    return ToolReturned(_string(record, "id", _SUMMARY), record.get("ok") is True, summary, output)


def _result(record: Mapping[str, Any]) -> AgentEvent:
    ok = record.get("ok") is True
    if ok:
        return Finished(True, _string(record, "text", _TEXT), "", "ok")
    kind = _KINDS.get(_string(record, "kind", _SUMMARY), "error")
    error = _string(record, "error", _TEXT) or "it gave no reason"
    return Finished(False, _string(record, "text", _TEXT), error, "error" if kind == "ok" else kind)


_READERS: Mapping[str, Callable[[Mapping[str, Any]], AgentEvent]] = {
    "conversation": _conversation,
    "message": _message,
    "tool": _tool,
    "tool_result": _tool_result,
    "result": _result,
}


def _program() -> Path:
    """The program's file. It is started by its path, so that it runs however Fleet came here."""
    return Path(fleet.__file__).parent / "testing" / "scripted_agent.py"


def _note(line: str) -> Note:
    text = line[:_NOTE].encode("utf-8", "replace").decode("utf-8").strip()
    text = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
    return Note(text if len(line) <= _NOTE else f"{text} […] ({len(line)} characters)")


def _string(record: Mapping[str, Any], name: str, most: int) -> str:
    value = record.get(name)
    return value[:most] if isinstance(value, str) else ""


def _count(record: Mapping[str, Any], name: str) -> int:
    value = record.get(name)
    return value if type(value) is int and value > 0 else 0
