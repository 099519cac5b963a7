"""The real GitHub Copilot CLI in a real session, working for a scripted model on loopback."""

from __future__ import annotations

import pytest

from fleet.ports.harness import (
    Conversation,
    Finished,
    Message,
    ModelUsage,
    ToolCalled,
    ToolReturned,
    Usage,
)
from fleet.testing.model_script import Answer, Fault, Script, ToolUse

pytestmark = [pytest.mark.copilot, pytest.mark.slow]  # it takes seconds to start

MODEL = "claude-sonnet-4.5"


def steps(*answers: Answer) -> Script:
    """The n-th answer of the model in this conversation; the last one for ever."""
    return lambda ask: answers[min(ask.turns_since(-1), len(answers) - 1)]


def bash(command: str, text: str = "") -> Answer:
    return Answer(text, (ToolUse("bash", {"command": command, "description": "work"}),))


def test_it_edits_reports_by_the_gateway_and_ends_and_goes_on_later(copilot, door):
    (copilot.workspace / "AGENTS.md").write_text("The house colour is teal.\n")
    note = str(copilot.workspace / "note.md")
    look = "git add note.md && git commit -qm 'Add a note'; tr '\\0' ' ' < /proc/$PPID/cmdline; env"
    played = copilot.play(
        steps(
            Answer("I write.", (ToolUse("create", {"path": note, "file_text": "hello"}),)),
            bash(look),
            Answer("", (ToolUse("fleet-done", {"text": "It is there."}),)),
            Answer("All done.", cache_read_tokens=30),
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
    assert played.only(Usage)[-1] == Usage(
        400, 80, 30, 0, turns=4, by_model=(ModelUsage(MODEL, 400, 80, 30),)
    )
    assert copilot.git("log", "--format=%s %an") == "Add a note developer (fleet)"
    assert [event.data["verdict"] for event in door.appended] == ["done"]
    first = copilot.server.asks[0]
    assert "You are a developer of the fleet." in first.user
    assert "The house colour is teal." in first.system + first.user
    (_, _, shown) = copilot.server.asks[2].results[-1]
    assert "secret plan" not in shown
    assert "not-for-agents" not in shown
    again = copilot.play(
        steps(Answer("I went on.")), conversation=played.only(Conversation)[0].id, prompt="More.", model=MODEL
    )
    assert again.only(Finished) == [Finished(True, "I went on.", "", "ok")]
    assert again.only(Usage)[-1].input_tokens == 100
    assert "the secret plan" in copilot.server.asks[0].user


def test_with_tools_all_else_is_refused_unasked(copilot):
    played = copilot.play(
        steps(
            bash("git status"),
            bash("touch stolen"),
            Answer("", (ToolUse("create", {"path": str(copilot.workspace / "x"), "file_text": "x"}),)),
            Answer("Done."),
        ),
        tools=("shell(git:*)",),
        model=MODEL,
    )
    assert [back.ok for back in played.only(ToolReturned)] == [True, False, False]
    assert sorted(path.name for path in copilot.workspace.iterdir()) == [".git"]
    assert played.only(Finished)[-1].ok


def test_a_key_that_the_provider_refuses_ends_it_with_that_reason(copilot):
    end = copilot.play(lambda ask: Fault(401, "bad key"), model=MODEL).only(Finished)[-1]
    assert (end.ok, end.kind) == (False, "auth")
    assert "401" in end.error
