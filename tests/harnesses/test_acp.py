"""The harness acp: agents that speak the Agent Client Protocol, in real sessions."""

from __future__ import annotations

import json

import pytest

from fleet.adapters.harnesses.acp import AcpHarness
from fleet.model.errors import UsageError
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
from fleet.testing.harness_law import Subject

NO_SYSTEM = {"system_prompt": ""}


def orders(*lines: str) -> dict[str, str]:
    return {"prompt": "\n".join(lines), **NO_SYSTEM}


def texts(played) -> list[str]:
    return [message.text for message in played.only(Message)]


def test_it_works_in_the_workspace_and_comes_to_its_end(acp):
    (acp.workspace / "note").write_text("first\nsecond\n")
    (acp.workspace / "way-out").symlink_to(acp.folder)
    outside = str(acp.folder / "stolen")
    played = acp.play(
        **orders(
            "write docs/a hello", f"write {outside} x", "read note", "read way-out/home", "say All done."
        ),
        gateway_url="http://127.0.0.1:9/mcp",
        gateway_token="token-of-r7",
    )
    assert played.only(Finished) == [Finished(True, texts(played)[-1], "", "ok")]
    assert (played.exit.reason, played.exit.code) == ("exited", 0)
    assert (acp.workspace / "docs" / "a").read_text() == "hello"
    assert not (acp.folder / "stolen").exists()
    assert [back.ok for back in played.only(ToolReturned)] == [True, False]
    assert [call.summary for call in played.only(ToolCalled)] == ["Write docs/a", f"Write {outside}"]
    assert "is not in the workspace" in texts(played)[0]
    assert texts(played)[1].startswith("read first\n not read:")
    assert not any("token-of-r7" in word or "All done" in word for word in played.argv)
    (kept,) = acp.conversations.iterdir()
    assert "http://127.0.0.1:9/mcp Bearer token-of-r7" in kept.read_text()


def test_its_conversation_is_gone_on_with_and_what_that_had_cost_before_is_not_this_runs(acp):
    first = acp.play(**orders("say Remember 41."))
    (opened,) = first.only(Conversation)
    assert first.only(Usage)[-1] == Usage(100, 20, 10, 0, 250_000, 1)
    again = acp.play(**orders("recall"), conversation=opened.id)
    assert again.only(Conversation) == [opened]
    assert "Remember 41." in texts(again)[0]
    assert again.only(Usage)[-1] == Usage(100, 20, 10, 0, 250_000, 1)
    lost = acp.play(**orders("say Hello."), conversation="another-harness-s")
    assert lost.only(Conversation)[0].id != "another-harness-s"
    assert [note for note in lost.only(Note) if "could not be gone on with" in note.text]
    assert lost.only(Finished)[0].ok


def test_what_it_may_is_decided_by_kind_and_the_gateway_is_never_refused(acp):
    asked = ("may read a file", "may execute rm -rf /", "may other done (fleet MCP Server)")
    free = acp.play(**orders(*asked))
    assert texts(free) == [
        "a file: allow_once",
        "rm -rf /: allow_once",
        "done (fleet MCP Server): allow_once",
    ]
    bound = acp.play(**orders(*asked, "write note x"), tools=("read",))
    assert [text.rpartition(" ")[2] for text in texts(bound)[:3]] == [
        "allow_once",
        "reject_once",
        "allow_once",
    ]
    assert [note.text for note in bound.only(Note)] == ["was refused: rm -rf /"]
    assert not (acp.workspace / "note").exists()


@pytest.mark.parametrize(
    ("wait", "said", "option"),
    [("90", "yes, do.", "allow_once"), ("90", "no", "reject_once"), ("1", "", "reject_once")],
)
def test_a_person_is_asked_for_what_it_may_not_and_silence_is_a_no(acp, wait, said, option):
    def answer(event, key):
        if isinstance(event, Retrying) and said:
            acp.sessions.send(key, AcpHarness().steer(said))

    played = acp.play(
        **orders("may execute make deploy"),
        tools=("read",),
        options={"permissions": "ask", "wait": wait},
        on=answer,
    )
    (asked,) = played.only(Retrying)
    assert "make deploy" in asked.reason
    assert asked.wait_ms == int(wait) * 1000
    assert texts(played) == [f"make deploy: {option}"]
    assert played.only(Finished)[-1].ok


def test_what_a_person_says_breaks_its_turn_off_and_is_heard(acp):
    def speak(event, key):
        if isinstance(event, Message) and event.text == "I begin.":
            acp.sessions.send(key, AcpHarness().steer("stop that\nsay I heard."))

    played = acp.play(**orders("say I begin.", "write note x", "wait"), on=speak)
    assert texts(played) == ["I begin.", "I heard."]
    assert played.only(Finished) == [Finished(True, "I heard.", "", "ok")]


@pytest.mark.parametrize(
    ("order", "kind", "why"),
    [("die", "crash", "exit code 7"), ("refuse", "auth", "log in first")],
)
def test_an_agent_that_breaks_or_refuses_ends_the_run_with_the_reason(acp, order, kind, why):
    end = acp.play(**orders("say Now.", order)).only(Finished)[-1]
    assert (end.ok, end.kind) == (False, kind)
    assert why in end.error


def test_a_program_that_is_not_there_is_named(acp):
    end = acp.play(options={"argv": "no-such-agent --acp"}).only(Finished)[-1]
    assert end.kind == "crash"
    assert "no-such-agent" in end.error


def test_options_and_tools_that_mean_nothing_are_refused():
    subject = Subject(AcpHarness, [], options={"argv": "agent --acp"})
    for more in (
        {"options": {}},
        {"options": {"argv": "a {model}"}, "model": ""},
        {"options": {"argv": "a", "permissions": "maybe"}},
        {"options": {"argv": "a", "wait": "soon"}},
        {"options": {"argv": "a", "files": "none"}},
        {"tools": ("Bash",)},
    ):
        with pytest.raises(UsageError):
            AcpHarness().plan(subject.launch(**more))
    named = AcpHarness().plan(subject.launch(options={"argv": "./agent -m {model}"}))
    assert named.argv[-3:] == ("/nowhere/agent", "-m", "a-model")
    assert json.loads(named.stdin)["model"] == ""
