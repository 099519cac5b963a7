"""The real Claude Code CLI in a real session, working for a scripted model on loopback."""

from __future__ import annotations

import json

import pytest

from fleet.adapters.harnesses.claude_code import ClaudeCodeHarness
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

pytestmark = pytest.mark.claude


def steps(*answers: Answer) -> Script:
    """The n-th answer of the model in this conversation; the last one for ever."""
    return lambda ask: answers[min(ask.turns_since(-1), len(answers) - 1)]


def bash(command: str, text: str = "", **more) -> Answer:
    return Answer(text, (ToolUse("Bash", {"command": command, "description": "work"}),), **more)


def write(path: str, content: str) -> Answer:
    return Answer("", (ToolUse("Write", {"file_path": path, "content": content}),))


def everything(ask: Ask) -> str:
    return json.dumps(ask.body)


def test_it_edits_commits_reports_by_the_gateway_and_ends(stage, door):
    (stage.workspace / "CLAUDE.md").write_text("The house colour is teal.\n")
    (stage.home / ".claude").mkdir()
    (stage.home / ".claude" / "CLAUDE.md").write_text("I like short names.\n")
    played = stage.play(
        steps(
            write(str(stage.workspace / "docs" / "note.md"), "hello\n"),
            bash("git add . && git commit -qm 'Add a note'", "I commit."),
            Answer("", (ToolUse("mcp__fleet__done", {"text": "It is there."}),)),
            Answer("All done."),
        ),
        gateway_url=door.url,
        gateway_token="token-of-r7",
        model="sonnet",
        cost_limit_micros=5_000_000,
    )
    assert played.only(Finished) == [Finished(True, "All done.", "", "ok")]
    assert (played.exit.reason, played.exit.code) == ("exited", 0)
    assert [call.summary for call in played.only(ToolCalled)] == [
        "writing docs/note.md",
        "running git add . && git commit -qm 'Add a note'",
        "calling fleet done: It is there.",
    ]
    assert [back.ok for back in played.only(ToolReturned)] == [True, True, True]
    assert [message.text for message in played.only(Message)] == ["I commit.", "All done."]
    assert stage.git("log", "--format=%s %an") == "Add a note developer (fleet)"
    assert [event.data["verdict"] for event in door.appended] == ["done"]
    first = stage.server.asks[0]
    assert "sonnet" in first.model
    assert "sonnet" in played.only(Conversation)[0].model
    assert "You are a developer of the fleet." in first.system
    assert "The house colour is teal." in everything(first)
    assert "I like short names." in everything(first)
    assert "mcp__fleet__done" in first.tools
    assert played.only(Note) == []


def test_what_it_spends_is_what_this_run_spent(stage):
    cost = 1000 * 3 + 20 * 15  # micro-dollars at this model's price per token
    answers = [Answer("One.", input_tokens=1000), Answer("Two.", input_tokens=1000)]
    first = stage.play(steps(*answers), model="claude-sonnet-4-5")
    assert first.only(Usage)[-1] == Usage(1000, 20, 0, 0, cost, 1)
    again = stage.play(
        steps(*answers),
        model="claude-sonnet-4-5",
        conversation=first.only(Conversation)[0].id,
        prompt="More.",
    )
    assert again.only(Usage)[-1] == Usage(1000, 20, 0, 0, cost, 1)


def test_a_conversation_is_gone_on_with(stage):
    first = stage.play(steps(Answer("I remember the number 41.")), prompt="Remember 41.")
    (opened,) = first.only(Conversation)
    second = stage.play(steps(Answer("?"), Answer("It was 41.")), conversation=opened.id, prompt="Which one?")
    assert second.only(Conversation)[0].id == opened.id
    assert second.only(Finished)[0].text == "It was 41."
    (ask,) = stage.server.asks
    assert "Remember 41." in ask.user
    assert "I remember the number 41." in everything(ask)


def test_a_conversation_outlives_a_kill_at_any_moment(stage):
    def kill(event, key):
        if isinstance(event, ToolCalled):
            stage.sessions.stop(key, "killed")

    first = stage.play(steps(bash("sleep 60")), on=kill)
    assert first.exit.reason == "killed"
    assert first.only(Finished) == []
    again = stage.play(
        steps(Answer("On we go.")), conversation=first.only(Conversation)[0].id, prompt="Go on."
    )
    assert again.only(Finished)[0].ok
    assert "Please begin." in stage.server.asks[0].user


def test_a_conversation_that_is_gone_ends_the_run_with_that_reason(stage):
    played = stage.play(steps(Answer("x")), conversation="0b6f1a52-3c1f-4b7e-9a51-6a1f5a1a2b3c")
    (end,) = played.only(Finished)
    assert (end.ok, end.kind) == (False, "error")
    assert "No conversation found" in end.error
    assert played.only(Conversation) == []


def test_it_hears_what_it_is_told_while_it_works(stage):
    told = []

    def tell(event, key):
        if isinstance(event, ToolCalled) and not told:
            told.append(stage.sessions.send(key, ClaudeCodeHarness().steer("Use tabs, please.")))

    def script(ask: Ask) -> Answer:
        heard = "Use tabs, please." in ask.user
        return Answer("Tabs it is.") if heard or ask.turns_since(-1) > 100 else bash("sleep 0.05")

    played = stage.play(script, on=tell)
    assert told == [True]
    assert "Use tabs, please." in stage.server.asks[-1].user
    assert [end.text for end in played.only(Finished)] == ["Tabs it is."]  # within the turn, not after it
    assert played.exit.code == 0


def test_what_it_is_told_at_its_last_moment_becomes_another_turn(stage):
    told = []

    def tell(event, key):
        if isinstance(event, Message) and not told:
            told.append(stage.sessions.send(key, ClaudeCodeHarness().steer("And the tests?")))

    script = steps(Answer("Done."), Answer("The tests too."))
    played = stage.play(script, on=tell)
    heard = ["Done.", "The tests too."] if told == [True] else ["Done."]
    assert [end.text for end in played.only(Finished)] == heard


def test_the_prompt_and_the_token_are_not_in_the_command_line(stage, door):
    played = stage.play(
        steps(bash("tr '\\0' '\\n' < /proc/$PPID/cmdline"), Answer("Seen.")),
        prompt="the secret plan",
        gateway_url=door.url,
        gateway_token="token-of-r7",
    )
    (_, _, shown) = stage.server.asks[-1].results[-1]
    assert "--print" in shown
    assert "secret plan" not in shown
    assert "token-of-r7" not in shown
    assert played.only(Finished)[0].ok


def test_its_tools_see_neither_forge_token_nor_ssh_agent(stage):
    stage.play(steps(bash("env"), Answer("Seen.")))
    (_, _, shown) = stage.server.asks[-1].results[-1]
    assert "ANTHROPIC_BASE_URL" in shown
    assert "not-for-agents" not in shown
    assert "/not/for/agents" not in shown


def test_a_tool_that_would_have_to_ask_a_person_is_refused_and_never_waited_for(stage):
    (stage.home / ".claude").mkdir()
    rules = {"permissions": {"ask": ["Bash(touch *)"]}}
    (stage.home / ".claude" / "settings.json").write_text(json.dumps(rules))
    played = stage.play(steps(bash("touch asked"), Answer("Refused.")))
    assert [back.ok for back in played.only(ToolReturned)] == [False]
    assert not (stage.workspace / "asked").exists()


def test_with_tools_it_has_these_and_the_gateways_and_no_others(stage, door):
    played = stage.play(
        steps(
            bash("git status"),
            bash("touch other"),
            write(str(stage.workspace / "other"), ""),
            Answer("", (ToolUse("mcp__fleet__done", {"text": "x"}),)),
            Answer("Done."),
        ),
        tools=("Read", "Bash(git *)"),
        gateway_url=door.url,
        gateway_token="token-of-r7",
    )
    assert [back.ok for back in played.only(ToolReturned)] == [True, False, False, True]
    assert {name for name in stage.server.asks[0].tools if not name.startswith("mcp__")} == {"Bash", "Read"}
    assert not (stage.workspace / "other").exists()


def test_it_stops_at_its_cost_ceiling(stage):
    dear = bash("true", input_tokens=100_000)
    played = stage.play(steps(dear), model="claude-sonnet-4-5", cost_limit_micros=500_000)
    (end,) = played.only(Finished)
    assert (end.ok, end.kind) == (False, "budget")
    assert 500_000 <= played.only(Usage)[-1].cost_micros < 1_000_000


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
        (Fault(status=400, message="prompt is too long: 250000 tokens > 200000 maximum"), "limit"),
    ],
    ids=lambda value: (
        value if isinstance(value, str) else f"{value.status or 'garbage' * value.garbage or 'cut'}"
    ),
)
def test_a_provider_that_refuses_ends_the_run_with_a_kind(stage, fault, kind):
    played = stage.play(lambda _: fault)
    assert [(end.ok, end.kind) for end in played.only(Finished)] == [(False, kind)]
    assert played.exit.code == 1
    assert played.only(Finished)[0].error


def test_a_provider_that_is_overloaded_for_a_moment_is_asked_again(stage):
    answers = iter([Fault(status=529, times=1), Answer("Here I am.")])
    played = stage.play(lambda _: next(answers))
    (waited,) = played.only(Retrying)
    assert "529" in waited.reason
    assert 0 < waited.wait_ms < 60_000
    assert played.only(Finished)[0].text == "Here I am."


def test_a_provider_that_never_answers_is_ended_from_outside(stage):
    def stop(event, key):
        if isinstance(event, Conversation):
            stage.server.wait_for(lambda ask: True)
            stage.sessions.stop(key, "ceiling")

    played = stage.play(lambda _: Fault(hang=True), on=stop)
    assert played.exit.reason == "ceiling"
    assert played.only(Finished) == []


@pytest.mark.slow  # it gives such tasks five seconds
def test_a_task_in_the_background_does_not_keep_it_for_ever(stage):
    task = Answer("", (ToolUse("Bash", {"command": "sleep 600", "run_in_background": True}),))
    played = stage.play(steps(task, Answer("Done.")))
    assert played.only(Finished)[-1].text == "Done."
    assert played.exit.reason == "exited"
