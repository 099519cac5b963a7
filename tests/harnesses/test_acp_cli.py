"""Real CLIs by the Agent Client Protocol, working for a scripted model on loopback."""

from __future__ import annotations

import json

import pytest
from tests.harnesses.conftest import GeminiStage, OpencodeStage

from fleet.ports.harness import Conversation, Finished, Message, Note, ToolCalled, ToolReturned, Usage
from fleet.testing.model_script import Answer, Script, ToolUse

pytestmark = pytest.mark.slow  # they take seconds to start

TOKEN = {"gateway_token": "token-of-r7"}


def steps(*answers: Answer) -> Script:
    """The n-th answer of the model in this conversation; the last one for ever."""
    return lambda ask: answers[min(ask.turns_since(-1), len(answers) - 1)]


@pytest.mark.gemini
def test_gemini_edits_reports_is_refused_and_goes_on_with_its_conversation(acp_of, door):
    acp = acp_of("gemini", GeminiStage, "--acp --model={model}")
    note = str(acp.workspace / "note.md")
    script = steps(
        Answer("I write.", (ToolUse("write_file", {"file_path": note, "content": "hello"}),)),
        Answer("", (ToolUse("mcp_fleet_done", {"text": "It is there."}),)),
        Answer("", (ToolUse("run_shell_command", {"command": "touch stolen"}),)),
        Answer("All done."),
    )
    played = acp.play(script, tools=("read", "edit"), gateway_url=door.url, model="gemini-2.5-flash", **TOKEN)
    assert played.only(Finished) == [Finished(True, "All done.", "", "ok")]
    assert [call.summary for call in played.only(ToolCalled)][:1] == [f"editing {note}"]
    assert [event.data["verdict"] for event in door.appended] == ["done"]
    assert sorted(path.name for path in acp.workspace.iterdir()) == [".git", "note.md"]
    assert [note.text for note in played.only(Note) if note.text.startswith("was refused")] != []
    # It names the file of a conversation by its minute: within the same minute, going on with it loses it.
    for kept in acp.home.glob(".gemini/tmp/*/chats/session-*"):
        kept.rename(kept.with_name("session-2000-01-01T00-00-" + kept.name.rpartition("-")[2]))
    again = acp.play(
        steps(Answer("I went on.")),
        conversation=played.only(Conversation)[0].id,
        prompt="Go on.",
        model="gemini-2.5-flash",
    )
    assert again.only(Finished) == [Finished(True, "I went on.", "", "ok")]
    assert again.only(Message) == [Message("I went on.")]  # what was said before is not told again
    assert again.only(Usage)[-1].input_tokens == 100
    assert "Please begin." in acp.server.asks[0].user


@pytest.mark.opencode
def test_opencode_edits_as_its_rules_let_it_reports_and_is_refused(acp_of, door):
    acp = acp_of("opencode", OpencodeStage, "acp")
    acp.permission = {"*": "ask"}  # it asks for what the user's own configuration says alone
    hook = acp.folder / "hook"
    yes = json.dumps({"hookSpecificOutput": {"permissionDecision": "allow", "permissionDecisionReason": ""}})
    hook.write_text(f"#!/bin/sh\n(echo $1; cat; echo) >> {acp.folder}/asked\necho '{yes}'\n")
    hook.chmod(0o755)
    script = steps(
        Answer("", (ToolUse("write", {"filePath": str(acp.workspace / "note.md"), "content": "hello"}),)),
        Answer("", (ToolUse("fleet_done", {"text": "It is there."}),)),
        Answer("", (ToolUse("bash", {"command": "touch stolen", "description": "x"}),)),
        Answer("All done."),
    )
    model = "anthropic/claude-haiku-4-5"
    rules = {"hook": (str(hook),), "hook_seconds": 60, "tools": ("read", "edit")}
    played = acp.play(script, gateway_url=door.url, model=model, **rules, **TOKEN)
    assert played.only(Finished)[-1].ok
    asked = [line for line in (acp.folder / "asked").read_text().splitlines() if line]
    assert (asked[0], asked[2]) == ("before", "after")
    assert json.loads(asked[1])["tool_input"] == {"paths": [str(acp.workspace / "note.md")]}
    assert len(asked) == 4  # of the gateway's own tools, and of those that it has not, nobody is asked
    assert [back.ok for back in played.only(ToolReturned)] == [True, True, False]  # a refusal ends its turn
    assert played.only(Usage)[-1].cost_micros == 3 * (100 + 20 * 5)
    assert acp.server.asks[0].model == "claude-haiku-4-5"
    assert [event.data["verdict"] for event in door.appended] == ["done"]
    assert sorted(path.name for path in acp.workspace.iterdir()) == [".git", "note.md"]
