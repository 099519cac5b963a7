"""Every harness keeps the law of its port; for each law there is a broken harness that its check finds."""

from __future__ import annotations

import itertools
import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from fleet.adapters.harnesses.acp import AcpHarness
from fleet.adapters.harnesses.claude_code import ClaudeCodeHarness
from fleet.adapters.harnesses.codex import CodexHarness
from fleet.adapters.harnesses.command import CommandHarness
from fleet.adapters.harnesses.copilot import CopilotHarness
from fleet.adapters.harnesses.gemini import GeminiHarness
from fleet.adapters.harnesses.opencode import OpencodeHarness
from fleet.adapters.harnesses.scripted import ScriptedHarness
from fleet.ports.harness import Conversation, Detected, Finished, Harness, Note, Plan, Usage
from fleet.testing.harness_law import LAWS, LawBroken, Subject

HERE = Path(__file__).parent
CLAUDE_RUN = [("out", line) for line in (HERE / "claude_run.jsonl").read_text().splitlines()]
CODEX_RUN = [("out", line) for line in (HERE / "codex_run.jsonl").read_text().splitlines()]
SCRIPTED_RUN = [
    ("out", json.dumps(record))
    for record in (
        {"type": "conversation", "id": "scripted-r7", "model": "scripted", "version": "1"},
        {"type": "message", "text": "I start."},
        {"type": "tool", "id": "t1", "name": "Bash", "summary": "make test", "input": {"run": "make test"}},
        {"type": "tool_result", "id": "t1", "ok": True, "summary": "3 passed"},
        {"type": "usage", "input_tokens": 90, "output_tokens": 30, "cost_micros": 20_000, "turns": 1},
        {"type": "result", "ok": True, "text": "Done.", "error": "", "kind": "ok"},
    )
]
COPILOT_RUN = [("out", line) for line in (HERE / "copilot_run.jsonl").read_text().splitlines()]
GEMINI_RUN = [("out", line) for line in (HERE / "gemini_run.jsonl").read_text().splitlines()]
OPENCODE_RUN = [("out", line) for line in (HERE / "opencode_run.jsonl").read_text().splitlines()]
COMMAND_RUN = [("out", "I look."), ("out", "\x1b[1mdone\x1b[0m"), ("err", "a warning")]
STEERED = {
    "argv": "agent {prompt_file} {system_file}",
    "env": "MY_*",
    "steer": "stdin",
    "last_line": "I look.",
}
ACP_RUN = [("out", line) for line in (HERE / "acp_run.jsonl").read_text().splitlines()]
SUBJECTS = {
    "acp": Subject(AcpHarness, ACP_RUN, options={"argv": "agent --acp"}, tools=("read", "execute")),
    "claude-code": Subject(ClaudeCodeHarness, CLAUDE_RUN, {"ANTHROPIC_API_KEY": "dummy"}),
    "codex": Subject(CodexHarness, CODEX_RUN, {"OPENAI_API_KEY": "dummy"}, tools=("workspace-write",)),
    "command": Subject(
        CommandHarness, COMMAND_RUN, options={"argv": "agent --go"}, reports=False, listens=False
    ),
    "command, steered": Subject(CommandHarness, COMMAND_RUN, options=STEERED, reports=False),
    "copilot": Subject(CopilotHarness, COPILOT_RUN, {"COPILOT_MODEL": "x"}, tools=("write", "shell(git:*)")),
    "gemini": Subject(
        GeminiHarness,
        GEMINI_RUN,
        {"GEMINI_API_KEY": "dummy"},
        tools=("read_file", "run_shell_command(git *)"),
    ),
    "opencode": Subject(OpencodeHarness, OPENCODE_RUN, {"ANTHROPIC_API_KEY": "dummy"}),
    "scripted": Subject(ScriptedHarness, SCRIPTED_RUN, options={"script": "script.yaml"}),
}


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_the_harness_keeps_the_law(subject, law):
    assert isinstance(subject.make(), Harness)
    law(subject)


class Good:
    """A harness that keeps every law, to be broken in one place."""

    name = "good"

    def plan(self, launch):
        files = {"system.md": launch.system_prompt}
        return Plan(("good",), stdin=f"{launch.prompt}\n", keep_stdin=True, last_line="end", files=files)

    def reader(self):
        return GoodReader()

    def steer(self, text):
        return json.dumps(text) + "\n"

    def detect(self, path):
        return Detected(False, "", "There is none", "Install it.")


class GoodReader:
    def feed(self, stream, line):
        if line == "end 42":
            return [Usage(output_tokens=42), Finished(True, "", "", "ok")]
        return [Note(line[:100])] if line else []


def test_the_harness_that_the_broken_ones_are_made_from_keeps_every_law():
    for law in LAWS:
        law(Subject(Good, GOOD_RUN))


GOOD_RUN = [("out", "begin"), ("out", "end 42")]


def planning(change):
    """A harness whose plan is that of `Good`, changed."""

    class Broken(Good):
        def plan(self, launch):
            return change(super().plan(launch), launch)

    return Broken


def reading(feed):
    """A harness whose reader feeds by this function of (reader, stream, line)."""

    class BrokenReader(GoodReader):
        def __init__(self):
            self.held = []

        def feed(self, stream, line):
            return feed(self, super().feed(stream, line), line)

    class Broken(Good):
        def reader(self):
            return BrokenReader()

    return Broken


def detecting(answer):
    class Broken(Good):
        def detect(self, path):
            return answer

    return Broken


class Mute(Good):
    def steer(self, text):
        return "text\n"

    def plan(self, launch):
        return replace(super().plan(launch), keep_stdin=False)


class Deaf(Good):
    def steer(self, text):
        return None


def _starts_a_process(plan, _launch):
    subprocess.run(["true"], check=True)
    return plan


def _raises(_reader, events, line):
    return events if line.isascii() else line.encode("ascii")


def _holds(reader, events, line):
    reader.held.append(line + "!")
    return events


_numbers = itertools.count()

TWINS = [
    ("plan_is_pure", planning(lambda plan, _: replace(plan, env={"N": str(next(_numbers))}))),
    ("plan_is_pure", planning(_starts_a_process)),
    ("plan_is_pure", planning(lambda plan, _: Path(__file__).read_text() and plan)),
    ("secrets_stay_out_of_argv", planning(lambda plan, launch: replace(plan, argv=("good", launch.prompt)))),
    (
        "secrets_stay_out_of_argv",
        planning(lambda plan, launch: replace(plan, argv=("good", f"--t={launch.gateway_token}"))),
    ),
    ("the_prompt_arrives", planning(lambda plan, _: replace(plan, files={}))),
    ("environment_is_an_allowlist", planning(lambda plan, _: replace(plan, passthrough=("*",)))),
    ("environment_is_an_allowlist", planning(lambda plan, _: replace(plan, passthrough=("GH_*",)))),
    ("environment_is_an_allowlist", planning(lambda plan, _: replace(plan, passthrough=("SSH_AUTH_SOCK",)))),
    ("environment_is_an_allowlist", planning(lambda plan, launch: replace(plan, env=launch.environment))),
    (
        "environment_is_an_allowlist",
        planning(lambda plan, launch: replace(plan, env={"T": launch.environment["GH_TOKEN"]})),
    ),
    ("files_stay_in_the_run_directory", planning(lambda plan, _: replace(plan, files={"../x": ""}))),
    ("files_stay_in_the_run_directory", planning(lambda plan, _: replace(plan, files={"/etc/x": ""}))),
    ("who_is_steered_listens", Mute),
    ("who_is_steered_listens", Deaf),
    ("who_is_steered_listens", planning(lambda plan, _: replace(plan, last_line="never"))),
    ("a_good_run_is_read", reading(lambda _reader, events, _line: [e for e in events if type(e) is Usage])),
    (
        "a_good_run_is_read",
        reading(
            lambda _reader, events, _line: [
                replace(e, kind="error") if type(e) is Finished else e for e in events
            ]
        ),
    ),
    ("reader_never_raises", reading(_raises)),
    ("reader_never_raises", reading(lambda _reader, events, line: [*events, Note(line)])),
    (
        "reader_is_deterministic",
        reading(lambda _reader, events, _line: [*events, Conversation(str(next(_numbers)), "", "")]),
    ),
    ("reader_holds_bounded_memory", reading(_holds)),
    (
        "usage_never_decreases",
        reading(lambda _reader, events, line: [*events, Usage(output_tokens=len(line))]),
    ),
    (
        "usage_never_decreases",
        reading(lambda _reader, events, line: [*events, Usage(cost_micros=3 if "e" in line else None)]),
    ),
    ("detect_says_what_to_do", detecting(Detected(False, "", "", ""))),
    ("detect_says_what_to_do", detecting(Detected(True, "1", "It is old", ""))),
]


@pytest.mark.parametrize(
    ("name", "broken"), TWINS, ids=[f"{name}-{at}" for at, (name, _) in enumerate(TWINS)]
)
def test_the_law_finds_a_harness_that_breaks_it(name, broken):
    law = next(law for law in LAWS if law.__name__ == name)
    with pytest.raises(LawBroken):
        law(Subject(broken, GOOD_RUN))


def test_each_law_has_a_harness_that_breaks_it():
    assert {name for name, _ in TWINS} == {law.__name__ for law in LAWS}
