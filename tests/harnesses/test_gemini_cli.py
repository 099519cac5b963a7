"""The real Gemini CLI in a real session, working for a scripted model on loopback."""

from __future__ import annotations

import json
import subprocess

import pytest

from fleet.adapters.harnesses.gemini_hooks import guard
from fleet.ports.harness import (
    Conversation,
    Finished,
    Message,
    ModelUsage,
    ToolCalled,
    ToolReturned,
    Usage,
)
from fleet.testing.model_script import Answer, Script, ToolUse

pytestmark = [pytest.mark.gemini, pytest.mark.slow]  # it takes seconds to start

MODEL = "gemini-2.5-flash"


def steps(*answers: Answer) -> Script:
    """The n-th answer of the model in this conversation; the last one for ever."""
    return lambda ask: answers[min(ask.turns_since(-1), len(answers) - 1)]


def shell(command: str, text: str = "") -> Answer:
    return Answer(text, (ToolUse("run_shell_command", {"command": command}),))


def test_it_edits_commits_reports_by_the_gateway_and_ends(gemini, door):
    (gemini.workspace / "GEMINI.md").write_text("The house colour is teal.\n")
    (gemini.workspace / ".env").write_text("GEMINI_MODEL=chosen-by-the-repository\nGOOGLE_API_KEY=theirs\n")
    note = str(gemini.workspace / "docs" / "note.md")
    played = gemini.play(
        steps(
            Answer("I write.", (ToolUse("write_file", {"file_path": note, "content": "hello\n"}),)),
            shell("git add docs && git commit -qm 'Add a note'; tr '\\0' ' ' < /proc/$PPID/cmdline; env"),
            Answer("", (ToolUse("mcp_fleet_done", {"text": "It is there."}),)),
            Answer("All done."),
        ),
        gateway_url=door.url,
        gateway_token="token-of-r7",
        prompt="the secret plan",
        model=MODEL,
    )
    assert played.only(Finished) == [Finished(True, "All done.", "", "ok")]
    assert (played.exit.reason, played.exit.code) == ("exited", 0)
    assert [call.summary for call in played.only(ToolCalled)][::2] == [
        f"writing {note}"[:200],
        "calling fleet done: It is there.",
    ]
    assert [back.ok for back in played.only(ToolReturned)] == [True, True, True]
    assert [message.text for message in played.only(Message)] == ["I write.", "All done."]
    assert gemini.git("log", "--format=%s %an") == "Add a note developer (fleet)"
    assert [event.data["verdict"] for event in door.appended] == ["done"]
    first = gemini.server.asks[0]
    assert first.model == MODEL
    assert "You are a developer of the fleet." in first.user
    assert "The house colour is teal." in first.system + first.user
    (_, _, shown) = gemini.server.asks[-2].results[-1]
    command, _, environment = shown.partition("\n")
    assert "secret plan" not in shown
    assert "token-of-r7" not in command
    assert "not-for-agents" not in environment
    assert "theirs" not in environment  # a .env of the repository is not obeyed


def test_what_it_spends_is_what_this_run_spent_and_its_conversation_is_gone_on_with(gemini):
    answer = Answer("It is 41.", input_tokens=1000, cache_read_tokens=200)
    first = gemini.play(steps(answer), prompt="Remember 41.", model=MODEL)
    (opened,) = first.only(Conversation)
    spent = Usage(1000, 20, 200, by_model=(ModelUsage(MODEL, 1000, 20, 200),))
    assert first.only(Usage)[-1] == spent
    again = gemini.play(steps(answer, answer), conversation=opened.id, prompt="/help which one?", model=MODEL)
    assert again.only(Usage)[-1] == spent
    assert again.only(Conversation) == [opened]
    assert "Remember 41." in gemini.server.asks[0].user


def test_with_tools_it_has_these_and_the_gateway_and_all_else_is_refused_unasked(gemini, door):
    played = gemini.play(
        steps(
            shell("git status"),
            shell("touch stolen"),
            Answer("", (ToolUse("write_file", {"file_path": str(gemini.workspace / "x"), "content": "x"}),)),
            Answer("", (ToolUse("mcp_fleet_done", {"text": "Looked."}),)),
            Answer("Done."),
        ),
        tools=("read_file", "run_shell_command(git *)"),
        gateway_url=door.url,
        gateway_token="token-of-r7",
        model=MODEL,
    )
    assert [back.ok for back in played.only(ToolReturned)] == [True, False, False, True]
    assert sorted(path.name for path in gemini.workspace.iterdir()) == [".git"]
    assert len(door.appended) == 1
    assert played.only(Finished)[-1].ok


def test_settings_of_the_repository_keep_it_from_starting_unless_they_may_be_obeyed(gemini):
    (gemini.workspace / ".gemini").mkdir()
    (gemini.workspace / ".gemini" / "settings.json").write_text(json.dumps({"model": {"name": MODEL}}))
    refused = gemini.play(steps(Answer("Hello.")))
    assert refused.only(Finished)[-1].kind == "auth"  # a person has to decide
    assert ".gemini/settings.json" in refused.only(Finished)[-1].error
    assert gemini.server.asks == []
    obeyed = gemini.play(steps(Answer("Hello.")), options={"project_settings": "obey"})
    assert obeyed.only(Finished)[-1].ok
    assert gemini.server.asks[0].model == MODEL


def test_a_hook_that_is_killed_with_its_shell_ends_the_run_before_the_call_is_made(gemini):
    note = str(gemini.workspace / "note.md")
    played = gemini.play(
        steps(
            Answer("", (ToolUse("write_file", {"file_path": note, "content": "hello\n"}),)),
            Answer("Done."),
        ),
        hook=("bash", "-c", "kill -9 $PPID"),
        hook_seconds=60,
        model=MODEL,
    )
    assert not (gemini.workspace / "note.md").exists()
    assert "could not look at a call" in played.only(Finished)[-1].error


@pytest.mark.parametrize(
    ("program", "command", "goes_on"),
    [
        ("/no/such/shell", ": fleet-asks-before", False),
        ("sh", ": fleet-asks-before; kill -9 $$", False),
        ("sh", ": fleet-asks-before; exit 3", False),
        ("sh", ": fleet-asks-before; exit 2", True),
        ("sh", ": fleet-asks-before", True),
        ("/no/such/shell", "the agent's own", True),
    ],
)
def test_the_guard_ends_it_where_the_hook_has_no_word(need, tmp_path, program, command, goes_on):
    need("node", "install Node.js")
    (tmp_path / "guard.cjs").write_text(guard())
    script = """
        const [program, command] = process.argv.slice(1);
        const child = require("child_process").spawn(program, ["-c", command]);
        child.on("error", () => {});
        child.on("close", () => console.log("goes on, " + process.env.FLEET_GUARD));
    """
    argv = ["node", f"--require={tmp_path}/guard.cjs", "-e", script, program, command]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.stdout == "goes on, on\n") is goes_on
    assert ("so the run is ended" in done.stderr) is not goes_on
