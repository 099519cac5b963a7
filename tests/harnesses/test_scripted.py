"""The scripted agent as the program it is: started as its plan says, read by its reader."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import fleet
from fleet.adapters.harnesses.scripted import ScriptedHarness
from fleet.model.errors import UsageError
from fleet.ports.harness import (
    Conversation,
    Finished,
    Harness,
    Launch,
    Message,
    Note,
    ToolCalled,
    ToolReturned,
    Usage,
)


class Stage:
    """A workspace (a real git repository) in which scripts are played."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workspace = folder / "workspace"
        self.bin = folder / "bin"
        self.workspace.mkdir()
        self.bin.mkdir()
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "agent")
        self.git("config", "user.email", "agent@fleet.invalid")

    def git(self, *words: str) -> str:
        done = subprocess.run(["git", *words], cwd=self.workspace, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def launch(
        self, script: str, *, prompt="Work.", conversation="", options=None, **environment: str
    ) -> Launch:
        path = self.folder / "script.yaml"
        path.write_text(script)
        return Launch(
            run="r7",
            workspace=str(self.workspace),
            prompt=prompt,
            system_prompt="You are a developer.",
            model="",
            tools=(),
            conversation=conversation,
            cost_limit_micros=0,
            gateway_url="",
            gateway_token="secret-token",
            run_dir=str(self.folder),
            environment=environment,
            options={"script": "script.yaml"} if options is None else options,
            root=str(self.folder),
        )

    def open(self, launch: Launch, **more: str) -> subprocess.Popen[bytes]:
        plan = ScriptedHarness().plan(launch)
        env = {"PATH": f"{self.bin}:{os.environ['PATH']}", "HOME": str(self.folder), **plan.env, **more}
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            plan.argv, cwd=self.workspace, env=env, stdin=pipe, stdout=pipe, stderr=pipe
        )
        process.stdin.write(plan.stdin.encode())
        process.stdin.flush()
        return process

    def play(self, script: str, **more):
        """Play it to its end: the exit code and the agent events of both streams."""
        process = self.open(self.launch(script, **more))
        out, err = process.communicate(timeout=60)
        return process.returncode, read(out.decode("utf-8", "surrogateescape"), err.decode())


def read(out: str, err: str = "") -> list:
    reader = ScriptedHarness().reader()
    found = [event for line in out.split("\n") for event in reader.feed("out", line)]
    return found + [event for line in err.split("\n") for event in reader.feed("err", line)]


def only(kind, found):
    return [event for event in found if isinstance(event, kind)]


def texts(found) -> list[str]:
    return [event.text for event in only(Message, found)]


@pytest.fixture
def stage(tmp_path) -> Stage:
    return Stage(tmp_path)


def test_it_is_a_harness_that_is_always_there():
    harness = ScriptedHarness()
    assert isinstance(harness, Harness)
    assert harness.name == "scripted"
    assert harness.detect("").found


def test_the_plan_is_pure_and_keeps_prompt_and_token_out_of_argv(stage):
    launch = stage.launch("steps: []", prompt="the secret plan")
    plan = ScriptedHarness().plan(launch)
    assert plan == ScriptedHarness().plan(launch)
    assert "secret" not in " ".join(plan.argv)
    assert "the secret plan" in plan.stdin
    assert plan.keep_stdin


def test_without_a_script_the_plan_says_how_to_name_one(stage):
    launch = stage.launch("steps: []", options={})
    with pytest.raises(UsageError) as caught:
        ScriptedHarness().plan(launch)
    assert "script" in caught.value.do


def test_it_edits_commits_and_tells_what_it_does(stage):
    code, found = stage.play("""
        steps:
          - say: I start.
          - write: {path: docs/note.txt, content: "one\\n"}
          - append: {path: docs/note.txt, content: "two\\n"}
          - edit: {path: docs/note.txt, find: one, replace: first}
          - run: test -f docs/note.txt && echo found
          - commit: Add a note
          - say: It is there.
        """)
    assert code == 0
    assert (stage.workspace / "docs/note.txt").read_text() == "first\ntwo\n"
    assert stage.git("log", "--format=%s %an") == "Add a note agent"
    assert stage.git("status", "--porcelain") == ""
    assert texts(found) == ["I start.", "It is there."]
    calls, returns = only(ToolCalled, found), only(ToolReturned, found)
    assert [call.name for call in calls] == ["Write", "Append", "Edit", "Bash", "Bash"]
    assert [call.id for call in calls] == [back.id for back in returns]
    assert returns[3].summary == "found"
    assert found[-1] == Finished(True, "It is there.", "", "ok")


def test_it_opens_a_conversation_and_goes_on_with_the_same_one(stage):
    _, first = stage.play("steps: []")
    (opened,) = only(Conversation, first)
    assert texts(first) == []
    _, second = stage.play("steps: []", conversation=opened.id)
    assert only(Conversation, second)[0].id == opened.id
    assert texts(second) == ["resumed"]


def test_what_it_spends_adds_up(stage):
    _, found = stage.play("steps: [{spend: {cost: 0.02, tokens: 1200}}, {spend: {cost: 0.07}}]")
    first, last = only(Usage, found)
    assert first.cost_micros == 20_000
    assert first.input_tokens + first.output_tokens == 1200
    assert (last.cost_micros, last.turns) == (90_000, 2)


CASES = """
    cases:
      - when: {prompt: "(?i)review", round: 2}
        steps: [{say: second review}]
      - when: {prompt: "(?i)review"}
        steps: [{say: first review}]
      - when: {item: "^13"}
        steps: [{say: thirteen}]
      - steps:
          - {say: only in round one, when: {round: 1}}
          - {say: otherwise}
"""


@pytest.mark.parametrize(
    ("prompt", "environment", "said"),
    [
        ("Review this.", {"FLEET_ROUND": "2"}, ["second review"]),
        ("Review this.", {"FLEET_ROUND": "1"}, ["first review"]),
        ("Implement", {"FLEET_ITEM": "13"}, ["thirteen"]),
        ("Implement", {}, ["only in round one", "otherwise"]),
        ("Implement", {"FLEET_ROUND": "3"}, ["otherwise"]),
    ],
)
def test_one_script_plays_by_prompt_round_and_item_the_first_case_that_fits(stage, prompt, environment, said):
    code, found = stage.play(CASES, prompt=prompt, **environment)
    assert (code, texts(found)) == (0, said)


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("steps: [{sya: hello}]", "did you mean 'say'"),
        ("steps: [{say: hello, run: ls}]", "expected one verb"),
        ("steps: [{write: {path: a}}]", "content"),
        ("steps: [{sleep: soon}]", "steps[0].sleep"),
        ("steps: [{agent: done}]", "expected a list"),
        ("steps: [{say: a, when: {prompt: '('}}]", "regular expression"),
        ("cases: [{when: {prompt: never}, steps: []}]", "no case fits"),
        ("cases: [{steps: []}, {steps: [{oops: 1}]}]", "cases[1].steps[0]"),
        ("steps: [", "can't be read"),
        ("hello", "expected steps"),
    ],
)
def test_a_bad_script_is_told_in_one_line_before_anything_is_played(stage, script, problem):
    code, found = stage.play(script)
    assert code == 2
    (note,) = only(Note, found)
    assert problem in note.text + only(Finished, found)[0].error
    assert only(Finished, found)[0].ok is False
    assert only(ToolCalled, found) == []


def test_a_step_that_fails_ends_it_unless_it_may(stage):
    code, found = stage.play(
        "steps: [{run: 'echo no >&2; exit 3', may_fail: true}, {say: further}, {run: 'false'}]"
    )
    assert code == 1
    assert texts(found) == ["further"]
    assert [back.ok for back in only(ToolReturned, found)] == [False, False]
    assert "ended with 3: no" in only(ToolReturned, found)[0].summary
    assert only(Finished, found)[0].kind == "error"


def test_it_exits_as_it_is_told_without_a_word(stage):
    code, found = stage.play("steps: [{exit: 41}, {say: never}]")
    assert code == 41
    assert only(Finished, found) == []


@pytest.mark.parametrize("which", ["SIGSEGV", "9"])
def test_it_crashes_by_a_signal(stage, which):
    code, _ = stage.play(f"steps: [{{crash: {which}}}]")
    assert -code in (signal.SIGSEGV, signal.SIGKILL)


def test_garbage_and_endless_lines_become_short_notes_and_the_rest_is_still_read(stage):
    code, found = stage.play("steps: [{garbage: 5000}, {line: 3}, {say: still here}]")
    assert code == 0
    assert texts(found) == ["still here"]
    notes = only(Note, found)
    assert any("3145728 characters" in note.text for note in notes)
    assert all(len(note.text) < 400 for note in notes)


def test_it_hears_words_from_outside(stage):
    process = stage.open(stage.launch("steps: [{say: ready}, {wait_input: 30}]"))
    process.stdin.write(ScriptedHarness().steer("use tabs\nplease").encode())
    process.stdin.flush()
    out, _ = process.communicate(timeout=60)
    assert texts(read(out.decode())) == ["ready", "use tabs\nplease"]


def test_it_says_so_when_nobody_speaks(stage):
    code, found = stage.play("steps: [{wait_input: 0.05}]")
    assert code == 1
    assert "nobody said anything" in only(Finished, found)[0].error


def test_it_can_refuse_to_end_when_it_is_asked(stage):
    process = stage.open(stage.launch("steps: [{ignore_sigterm: true}, {say: ready}, {sleep: 60}]"))
    try:
        while b"ready" not in process.stdout.readline():
            pass
        process.terminate()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == -signal.SIGKILL


def test_it_leaves_a_daemon_behind_when_it_is_told_to(stage):
    mark = str(60 + os.getpid() / 1e6)  # a number of seconds that names this process of the test
    code, _ = stage.play(f"steps: [{{daemon: {mark}}}]")
    assert code == 0
    daemon = wait_for(lambda: [pid for pid in pids() if mark.encode() in command_of(pid)])
    try:
        assert [os.getsid(pid) for pid in daemon] != [os.getsid(0)]
    finally:
        for pid in daemon:
            os.kill(pid, signal.SIGKILL)


def wait_for(look, seconds=60.0):
    until = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < until
        time.sleep(0.01)
    return found


def pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_it_really_calls_fleet_agent(stage):
    source = Path(fleet.__file__).parents[1]
    program = stage.bin / "fleet"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{source}" exec "{sys.executable}" -m fleet "$@"\n')
    program.chmod(0o755)
    code, found = stage.play("steps: [{agent: [done, -m, x], may_fail: true}, {ask: 'which?'}]")
    assert code == 1
    first, second = only(ToolCalled, found)
    assert first.summary == "fleet agent done -m x"
    assert second.summary == "fleet agent ask -m which?"
    assert "This is no agent's session" in only(ToolReturned, found)[0].summary


def test_nothing_is_imported_from_the_workspace(stage):
    (stage.workspace / "json.py").write_text("raise SystemExit('imported')")
    (stage.workspace / "yaml.py").write_text("raise SystemExit('imported')")
    assert stage.play("steps: [{say: hello}]")[0] == 0


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"type": []}',
        '{"type": "tool", "input": 3, "id": {}}',
        '{"type": "usage", "cost_micros": -5, "turns": 1e999}',
        '{"type": "result", "ok": "yes", "kind": {}}',
        '{"type": "message"}',
        "\udcff\udcfe\x1b[2J",
        '{"a":' * 100_000,
        "x" * 2_000_000,
    ],
)
def test_the_reader_is_never_upset_and_never_long(line):
    for event in ScriptedHarness().reader().feed("out", line):
        assert len(str(event)) < 2000


def test_totals_never_go_down_whatever_the_lines_say():
    reader = ScriptedHarness().reader()
    costs = [
        reader.feed("out", json.dumps({"type": "usage", "cost_micros": cost}))[0].cost_micros
        for cost in (5, 3, 9, 0)
    ]
    assert costs == [5, 5, 9, 9]
