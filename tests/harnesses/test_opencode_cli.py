"""The real opencode CLI in a real session, working for a scripted model on loopback."""

from __future__ import annotations

import json

import pytest

from fleet.ports.harness import Conversation, Finished, Message, ToolCalled, ToolReturned, Usage
from fleet.testing.model_script import Answer, Fault, Script, ToolUse

pytestmark = [pytest.mark.opencode, pytest.mark.slow]  # it takes seconds to start


def steps(*answers: Answer) -> Script:
    """The n-th answer of the model in this conversation; the last one for ever."""
    return lambda ask: answers[min(ask.turns_since(-1), len(answers) - 1)]


def bash(command: str, text: str = "", **more) -> Answer:
    return Answer(text, (ToolUse("bash", {"command": command, "description": "work"}),), **more)


def test_it_edits_commits_reports_by_the_gateway_and_ends(opencode, door):
    (opencode.workspace / "AGENTS.md").write_text("The house colour is teal.\n")
    note = str(opencode.workspace / "docs" / "note.md")
    played = opencode.play(
        steps(
            Answer("", (ToolUse("write", {"filePath": note, "content": "hello\n"}),)),
            bash("git add . && git commit -qm 'Add a note'", "I commit."),
            Answer("", (ToolUse("fleet_done", {"text": "It is there."}),)),
            Answer("All done."),
        ),
        gateway_url=door.url,
        gateway_token="token-of-r7",
        model="anthropic/claude-haiku-4-5",
    )
    assert played.only(Finished) == [Finished(True, "All done.", "", "ok")]
    assert (played.exit.reason, played.exit.code) == ("exited", 0)
    assert [call.summary for call in played.only(ToolCalled)] == [
        f"writing {note}"[:200],
        "running git add . && git commit -qm 'Add a note'",
        "calling fleet done: It is there.",
    ]
    assert [back.ok for back in played.only(ToolReturned)] == [True, True, True]
    assert [message.text for message in played.only(Message)] == ["I commit.", "All done."]
    assert opencode.git("log", "--format=%s %an") == "Add a note developer (fleet)"
    assert [event.data["verdict"] for event in door.appended] == ["done"]
    first = opencode.server.asks[0]
    assert first.model == "claude-haiku-4-5"
    assert "You are a developer of the fleet." in first.system
    assert "The house colour is teal." in first.system
    assert "fleet_done" in first.tools
    assert opencode.server.side_asks == []  # no model was asked for a title


def test_what_it_spends_is_what_this_run_spent_and_its_conversation_is_gone_on_with(opencode):
    answers = [Answer("I remember 41.", input_tokens=1000), Answer("It was 41.", input_tokens=1000)]
    first = opencode.play(steps(*answers), prompt="Remember 41.")
    (opened,) = first.only(Conversation)
    cost = 1000 * 3 + 20 * 15  # micro-dollars at this model's price per token
    assert first.only(Usage)[-1] == Usage(1000, 20, 0, 0, cost, 1)
    again = opencode.play(steps(*answers), conversation=opened.id, prompt="Which one?")
    assert again.only(Usage)[-1] == Usage(1000, 20, 0, 0, cost, 1)
    assert again.only(Conversation) == [opened]
    assert again.only(Finished)[0].text == "It was 41."
    (ask,) = opencode.server.asks
    assert "Remember 41." in ask.user


def test_a_conversation_outlives_a_kill(opencode):
    def kill(event, key):
        if isinstance(event, ToolCalled):
            opencode.sessions.stop(key, "killed")

    first = opencode.play(steps(bash("true"), bash("sleep 60")), on=kill)
    assert first.exit.reason == "killed"
    again = opencode.play(
        steps(Answer("On we go.")), conversation=first.only(Conversation)[0].id, prompt="Go on."
    )
    assert again.only(Finished)[0].ok
    assert "Please begin." in opencode.server.asks[0].user


def test_the_prompt_and_the_token_are_not_in_the_command_line(opencode, door):
    opencode.play(
        steps(bash("tr '\\0' '\\n' < /proc/$PPID/cmdline; env"), Answer("Seen.")),
        prompt="the secret plan",
        gateway_url=door.url,
        gateway_token="token-of-r7",
    )
    (_, _, shown) = opencode.server.asks[-1].results[-1]
    command, _, environment = shown.partition("AGENT=1")
    assert "--format=json" in command
    assert "secret plan" not in shown
    assert "token-of-r7" not in command
    assert "not-for-agents" not in environment
    assert "/not/for/agents" not in environment


def test_a_configuration_of_the_repository_under_work_is_not_obeyed(opencode):
    mine = {"model": "anthropic/claude-opus-4-5", "permission": {"*": "deny"}}
    (opencode.workspace / "opencode.json").write_text(json.dumps(mine))
    played = opencode.play(steps(bash("touch note"), Answer("Done.")))
    assert opencode.server.asks[0].model == "claude-sonnet-4-5"
    assert played.only(ToolReturned)[0].ok


def test_with_tools_it_has_these_and_the_gateways_and_no_others(opencode, door):
    other = str(opencode.workspace / "other")
    played = opencode.play(
        steps(
            bash("git status"),
            bash("touch other"),
            Answer("", (ToolUse("write", {"filePath": other, "content": ""}),)),
            Answer("", (ToolUse("fleet_done", {"text": "x"}),)),
            Answer("Done."),
        ),
        tools=("Read", "Bash(git *)"),
        gateway_url=door.url,
        gateway_token="token-of-r7",
    )
    assert [back.ok for back in played.only(ToolReturned)] == [True, False, False, True]
    assert not (opencode.workspace / "other").exists()
    assert played.only(Finished)[0].text == "Done."


def test_what_would_have_to_ask_a_person_is_refused_and_never_waited_for(opencode):
    folder = opencode.home / ".config" / "opencode" / "agents"
    folder.mkdir(parents=True)
    asks = "---\ndescription: asks\nmode: primary\npermission: {bash: ask}\n---\nAsk.\n"
    (folder / "build.md").write_text(asks)
    played = opencode.play(steps(bash("touch asked"), Answer("Refused.")))
    assert played.exit.reason == "exited"
    (end,) = played.only(Finished)
    assert (end.ok, "touch asked" in end.error) == (False, True)
    assert not (opencode.workspace / "asked").exists()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [(Fault(status=401), "auth"), (Fault(status=403), "auth"), (Fault(status=404), "error")],
    ids=["401", "403", "404"],
)
def test_a_provider_that_refuses_ends_the_run_with_a_kind(opencode, fault, kind):
    played = opencode.play(lambda _: fault)
    assert [(end.ok, end.kind) for end in played.only(Finished)] == [(False, kind)]
    assert played.exit.code == 1


def test_a_provider_that_is_gone_for_a_moment_is_asked_again(opencode):
    answers = iter([Fault(status=429, retry_after=0), Answer("Here I am.")])
    played = opencode.play(lambda _: next(answers))
    assert played.only(Finished)[0].text == "Here I am."


def test_a_provider_that_never_answers_is_ended_from_outside(opencode):
    def stop(event, key):
        opencode.sessions.stop(key, "ceiling")

    def script(ask):
        return bash("true") if ask.turns_since(-1) == 0 else Fault(hang=True)

    played = opencode.play(script, on=stop)
    assert played.exit.reason == "ceiling"
    assert played.only(Finished) == []
