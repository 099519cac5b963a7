"""The real Codex CLI in a real session, working for a scripted model on loopback."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from fleet.adapters.harnesses.codex import CodexHarness
from fleet.ports.harness import (
    Conversation,
    Finished,
    Message,
    Note,
    Retrying,
    ToolCalled,
    ToolReturned,
    Usage,
)
from fleet.testing.model_script import Answer, Ask, Fault, Script, ToolUse

pytestmark = pytest.mark.codex


def steps(*answers: Answer) -> Script:
    """The n-th answer of the model in this conversation; the last one for ever."""
    return lambda ask: answers[min(ask.turns_since(-1), len(answers) - 1)]


def shell(command: str, text: str = "", **more) -> Answer:
    return Answer(text, (ToolUse("exec_command", {"cmd": command}),), **more)


def patch(path: str, line: str) -> Answer:
    text = f"*** Begin Patch\n*** Add File: {path}\n+{line}\n*** End Patch"
    return shell(f"apply_patch <<'EOF'\n{text}\nEOF")


def everything(ask: Ask) -> str:
    return json.dumps(ask.body)


def results(codex) -> list[str]:
    """What the model was told of its calls."""
    return [text for _, _, text in codex.server.asks[-1].results]


def test_it_edits_commits_reports_by_the_gateway_and_ends(codex, door):
    (codex.workspace / "AGENTS.md").write_text("The house colour is teal.\n")
    played = codex.play(
        steps(
            patch("docs/note.md", "hello"),
            shell("git add . && git commit -qm 'Add a note'", "I commit."),
            Answer("", (ToolUse("mcp__fleet__done", {"text": "It is there."}),)),
            Answer("All done."),
        ),
        gateway_url=door.url,
        gateway_token="token-of-r7",
        model="a-model",
    )
    assert played.only(Finished) == [Finished(True, "All done.", "", "ok")]
    assert (played.exit.reason, played.exit.code) == ("exited", 0)
    assert [call.summary for call in played.only(ToolCalled)] == [
        f"writing {codex.workspace}/docs/note.md"[:200],
        "running git add . && git commit -qm 'Add a note'",
        "calling fleet done: It is there.",
    ]
    assert [back.ok for back in played.only(ToolReturned)] == [True, True, True]
    assert [message.text for message in played.only(Message)] == ["I commit.", "All done."]
    assert codex.git("log", "--format=%s %an") == "Add a note developer (fleet)"
    assert [event.data["verdict"] for event in door.appended] == ["done"]
    first = codex.server.asks[0]
    assert first.model == "a-model"
    assert "You are a developer of the fleet.\n\nPlease begin." in first.user
    assert "The house colour is teal." in everything(first)
    assert "mcp__fleet__done" in first.tools


def test_what_it_spends_is_what_this_run_spent(codex):
    answers = [Answer("One.", input_tokens=1000, cache_read_tokens=70), Answer("Two.", input_tokens=500)]
    first = codex.play(steps(*answers))
    assert first.only(Usage)[-1] == Usage(1000, 20, 70, 0, None, 1)
    again = codex.play(steps(*answers), conversation=first.only(Conversation)[0].id, prompt="More.")
    assert again.only(Usage)[-1] == Usage(500, 20, 0, 0, None, 1)


def test_a_conversation_is_gone_on_with(codex):
    first = codex.play(steps(Answer("I remember the number 41.")), prompt="Remember 41.")
    (opened,) = first.only(Conversation)
    second = codex.play(steps(Answer("?"), Answer("It was 41.")), conversation=opened.id, prompt="Which one?")
    assert second.only(Conversation)[0].id == opened.id
    assert second.only(Finished)[0].text == "It was 41."
    (ask,) = codex.server.asks
    assert "Remember 41." in ask.user
    assert "I remember the number 41." in everything(ask)


def test_what_a_person_says_is_heard_in_the_same_turn(codex):
    """Before the model's next step, and not as a new task after its last one."""

    def speak(event, key):
        if isinstance(event, ToolCalled):
            assert codex.sessions.send(key, CodexHarness().steer("Use tabs."))
            (codex.workspace / "go").touch()

    played = codex.play(
        steps(shell("until test -e go; do sleep 0.1; done; sleep 0.3"), Answer("With tabs.")), on=speak
    )
    assert played.only(Finished) == [Finished(True, "With tabs.", "", "ok")]
    assert [("Use tabs." in ask.user) for ask in codex.server.asks] == [False, True]
    assert [usage.turns for usage in played.only(Usage)] == [1, 2]


def test_what_is_said_at_its_last_words_is_heard_or_refused_and_never_lost(codex):
    taken = []

    def speak(event, key):
        if isinstance(event, Message) and not taken:
            taken.append(codex.sessions.send(key, CodexHarness().steer("One more thing.")))

    played = codex.play(steps(Answer("Done."), Answer("Once more.")), on=speak)
    assert ("One more thing." in codex.server.asks[-1].user) == taken[0]
    assert played.only(Finished)[-1].text == ("Once more." if taken[0] else "Done.")


def test_a_conversation_outlives_a_kill_at_any_moment(codex):
    def kill(event, key):
        if isinstance(event, ToolCalled):
            codex.sessions.stop(key, "killed")

    first = codex.play(steps(shell("sleep 60")), on=kill)
    assert first.exit.reason == "killed"
    assert first.only(Finished) == []
    again = codex.play(
        steps(Answer("On we go.")), conversation=first.only(Conversation)[0].id, prompt="Go on."
    )
    assert again.only(Finished)[0].ok
    assert "Please begin." in codex.server.asks[0].user


def test_a_conversation_that_is_gone_ends_the_run_with_that_reason(codex):
    played = codex.play(steps(Answer("x")), conversation="0199b1c2-5e1f-7a81-8e2e-86a68107ce7e")
    (end,) = played.only(Finished)
    assert (end.ok, end.kind) == (False, "error")
    assert "no rollout found" in end.error
    assert played.exit.code == 1


def test_the_prompt_and_the_token_are_in_no_command_line(codex, door):
    # Its own, and that of whoever started it, up to the session's supervisor.
    up = "p=$(ps -o ppid= -p $p | tr -d ' ')"
    look = f"p=$PPID; for i in 1 2 3 4; do tr '\\0' '\\n' < /proc/$p/cmdline; {up}; done"
    played = codex.play(
        steps(shell(look), Answer("Seen.")),
        prompt="the secret plan",
        gateway_url=door.url,
        gateway_token="token-of-r7",
    )
    (shown,) = results(codex)
    assert "codex_drive" in shown
    assert "secret plan" not in shown
    assert "token-of-r7" not in shown
    assert played.only(Finished)[0].ok


def test_its_tools_see_neither_forge_token_nor_ssh_agent_and_keep_the_path(codex):
    codex.play(steps(shell("env"), Answer("Seen.")))
    (shown,) = results(codex)
    assert "OPENAI_API_KEY" in shown
    assert "not-for-agents" not in shown
    assert "/not/for/agents" not in shown
    assert str(codex.programs) in shown


def test_a_configuration_of_the_repository_under_work_is_not_obeyed(codex):
    folder = codex.workspace / ".codex"
    folder.mkdir()
    (folder / "config.toml").write_text('model = "of-the-repository"\n')
    codex.play(steps(Answer("Done.")))
    assert codex.server.asks[0].model == "scripted-model"
    assert "trust_level" not in (codex.home / ".codex" / "config.toml").read_text()


def hook(codex, then: str) -> dict[str, object]:
    """A hook that notes what it is asked before, and goes on as `then` says."""
    program = codex.folder / "hook"
    program.write_text(f"#!/bin/sh\ntest $1 = before && (cat; echo) >> {codex.folder}/asked\n{then}\n")
    program.chmod(0o755)
    return {"hook": (str(program),), "hook_seconds": 30}


SERVER = """
import json, sys
for line in sys.stdin:
    said = json.loads(line)
    if "id" not in said:
        continue
    answers = {
        "initialize": {
            "protocolVersion": said.get("params", {}).get("protocolVersion"),
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "db", "version": "1"},
        },
        "tools/list": {"tools": [{"name": "drop", "inputSchema": {"type": "object", "properties": {}}}]},
        "tools/call": {"content": [{"type": "text", "text": "dropped"}]},
    }
    found = {"jsonrpc": "2.0", "id": said["id"], "result": answers.get(said["method"], {})}
    print(json.dumps(found), flush=True)
"""


@pytest.mark.parametrize(("then", "ok"), [("echo '{}'", True), ("echo no >&2; exit 2", False)])
def test_its_hook_lets_a_call_go_or_refuses_it_whatever_the_tool(codex, then, ok):
    (codex.folder / "server.py").write_text(SERVER)
    server = {"command": sys.executable, "args": [str(codex.folder / "server.py")]}
    codex.more = f"mcp_servers = {{db = {{command = '{server['command']}', args = {server['args']}}}}}"
    calls = (shell("touch made"), Answer("", (ToolUse("mcp__db__drop", {"table": "users"}),)))
    played = codex.play(steps(*calls, patch("note", "x"), Answer("Done.")), **hook(codex, then))
    names = [json.loads(line)["tool_name"] for line in (codex.folder / "asked").read_text().splitlines()]
    assert names == ["Bash", "mcp__db__drop", "Bash"]
    assert [back.ok for back in played.only(ToolReturned)] == [ok] * 3
    assert ((codex.workspace / "made").exists(), (codex.workspace / "note").exists()) == (ok, ok)


def test_where_its_hook_is_killed_nothing_is_done_and_the_run_ends(codex):
    # With the shell that started it, which would have refused.
    played = codex.play(steps(shell("touch made"), Answer("Done.")), **hook(codex, "kill -9 $PPID"))
    assert not (codex.workspace / "made").exists()
    (end,) = played.only(Finished)
    assert "could not be looked at" in end.error


@pytest.fixture
def sandboxed(codex):
    """Where Codex can make its sandbox: not in every container, and not on every kernel."""
    codex.play(steps(shell("true"), Answer("Tried.")), tools=("workspace-write",))
    (told,) = results(codex)
    if "exited with code 0" not in told:
        pytest.skip(f"Codex can't make a sandbox here: {told[-200:]}")
    return codex


def test_in_its_sandbox_it_commits_and_reports_and_writes_nothing_elsewhere(sandboxed, door):
    outside = Path("/var/tmp") / f"fleet-{uuid4()}"  # what is under /tmp it may write
    played = sandboxed.play(
        steps(
            shell(f"touch {outside}"),
            shell("echo hello > note && git add . && git commit -qm 'Add a note'"),
            Answer("", (ToolUse("mcp__fleet__done", {"text": "It is there."}),)),
            Answer("All done."),
        ),
        tools=("workspace-write",),
        gateway_url=door.url,
        gateway_token="token-of-r7",
    )
    assert "Read-only file system" in results(sandboxed)[0]
    # Whether it tells of a command that its sandbox stopped depends on how it made that.
    assert [back.ok for back in played.only(ToolReturned)][-2:] == [True, True]
    there = outside.exists()
    outside.unlink(missing_ok=True)
    assert not there
    assert sandboxed.git("log", "--format=%s") == "Add a note"
    assert [event.data["verdict"] for event in door.appended] == ["done"]


def test_in_a_sandbox_for_reading_it_changes_nothing_and_reports(sandboxed, door):
    played = sandboxed.play(
        steps(
            shell("touch note"),
            Answer("", (ToolUse("mcp__fleet__done", {"text": "I read it."}),)),
            Answer("All done."),
        ),
        tools=("read-only",),
        gateway_url=door.url,
        gateway_token="token-of-r7",
    )
    assert "Read-only file system" in results(sandboxed)[0]
    assert [event.data["verdict"] for event in door.appended] == ["done"]
    assert played.only(Finished)[0].ok
    assert not (sandboxed.workspace / "note").exists()


def test_what_would_have_to_ask_a_person_is_refused_and_never_waited_for(sandboxed):
    asking = {"cmd": "touch note", "sandbox_permissions": "require_escalated", "justification": "May I?"}
    played = sandboxed.play(
        steps(Answer("", (ToolUse("exec_command", asking),)), Answer("Refused.")), tools=("read-only",)
    )
    assert played.only(Finished)[0].text == "Refused."
    assert not (sandboxed.workspace / "note").exists()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(status=401), "auth"),
        (Fault(status=403), "auth"),
        (Fault(status=429, retry_after=0), "overloaded"),
        (Fault(status=529), "overloaded"),
        (Fault(status=500), "overloaded"),
        (Fault(garbage=True), "overloaded"),
        (Fault(cut=True), "overloaded"),
        (Fault(status=404), "error"),
        (Fault(status=400, message="Your input exceeds the context window of this model."), "limit"),
    ],
    ids=lambda value: (
        value if isinstance(value, str) else f"{value.status or 'garbage' * value.garbage or 'cut'}"
    ),
)
def test_a_provider_that_refuses_ends_the_run_with_a_kind(codex, fault, kind):
    played = codex.play(lambda _: fault)
    assert [(end.ok, end.kind) for end in played.only(Finished)] == [(False, kind)]
    assert played.exit.code == 1
    assert played.only(Finished)[0].error


def test_without_its_key_it_says_that_a_person_has_to_log_in(codex):
    played = codex.play(steps(Answer("x")), env={"OPENAI_API_KEY": ""})
    assert [end.kind for end in played.only(Finished)] == ["auth"]


def test_a_provider_that_is_gone_for_a_moment_is_asked_again(codex):
    answers = iter([Fault(cut=True), Answer("Here I am.")])
    played = codex.play(lambda _: next(answers))
    (waited,) = played.only(Retrying)
    assert "stream disconnected" in waited.reason
    assert played.only(Finished)[0].text == "Here I am."


def test_a_provider_that_never_answers_is_ended_from_outside(codex):
    def stop(event, key):
        if isinstance(event, Conversation):
            codex.server.wait_for(lambda ask: True)
            codex.sessions.stop(key, "ceiling")

    played = codex.play(lambda _: Fault(hang=True), on=stop)
    assert played.exit.reason == "ceiling"
    assert played.only(Finished) == []


def test_a_gateway_that_is_not_there_ends_the_run_with_that_reason(codex):
    played = codex.play(steps(Answer("x")), gateway_url="http://127.0.0.1:9/mcp", gateway_token="t")
    assert played.exit.code == 1
    assert "fleet" in played.only(Finished)[-1].error
    assert len(played.only(Note)) < 10
