"""The real Codex in the whole story, working for a scripted model."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.engine.conftest import APPROVES, Stage, assert_merged

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Agent
from fleet.testing.model_script import Answer, Rule, Rules, Step, ToolUse
from fleet.testing.model_server import ModelServer

pytestmark = [pytest.mark.codex, pytest.mark.slow]

CONFIG = """
model = "scripted-model"
model_provider = "scripted"
[model_providers.scripted]
name = "scripted"
base_url = "{url}/v1"
wire_api = "responses"
env_key = "OPENAI_API_KEY"
"""


def shell(command: str) -> Step:
    return Step(Answer("", (ToolUse("exec_command", {"cmd": command}),)))


def calls(tool: str, **given: str) -> Step:
    return Step(Answer("", (ToolUse(f"mcp__fleet__{tool}", given),)))


END = Step(Answer("That is all."))
STORY = Rules(
    [
        Rule(
            (calls("review", verdict="approve", text="Loud enough."), END), user="new commit since you last"
        ),
        Rule(
            (calls("review", verdict="request-changes", text="Say it louder."), END), user="Review the pull"
        ),
        Rule(
            (
                shell("echo a note >> notes.txt && git add . && git commit -qm 'Add a note'"),
                calls("done", text="The note is there."),
                END,
            ),
            user="Make the change that the item asks for",
        ),
        Rule(
            (
                shell("echo A NOTE > notes.txt && git commit -qam 'Say it louder'"),
                shell("fleet agent done -m 'It is louder.'"),
                END,
            ),
            user="Say it louder",
        ),
    ]
)


@pytest.fixture
def user_of(need, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A user who has Codex, and is logged in to a model that plays this."""
    program = need("codex", "npm install -g @openai/codex")
    folder = tmp_path / "home" / ".codex"
    folder.mkdir(parents=True)
    servers = ExitStack()

    def made(script: Rules) -> ModelServer:
        server = servers.enter_context(ModelServer(script))
        (folder / "config.toml").write_text(CONFIG.format(url=server.url))
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        monkeypatch.setenv("PATH", f"{Path(program).parent}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv("OPENAI_API_KEY", "dummy")
        monkeypatch.delenv("CODEX_HOME", raising=False)
        return server

    with servers:
        yield made


def test_codex_makes_a_change_takes_up_a_review_and_it_is_merged(stage: Stage, user_of):
    user_of(STORY)
    fleet = stage.fleet(
        Agent("dev", "change", harness="codex"),
        Agent("lead", "review", harness="codex", prompt="You are the tech lead."),
    )
    stage.issue("Add a note")
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet)
    assert (stage.root / "notes.txt").read_text() == "A NOTE\n"
    assert stage.outcomes() == [
        ("dev", "implement", "succeeded"),
        ("lead", "review", "succeeded"),
        ("dev", "implement", "succeeded"),
        ("lead", "review", "succeeded"),
    ]
    # Each went on in its own conversation, and is charged with what its own run has spent.
    conversed = [event.data["conversation"] for event in stage.events(events.RUN_CONVERSED)]
    assert conversed == [conversed[0], conversed[1], conversed[0], conversed[1]]
    spent = {event.data["run"]: event.data["tokens"] for event in stage.events(events.RUN_SPENT)}
    assert list(spent.values()) == [360, 240, 360, 240]


def test_codex_is_told_that_it_is_stuck_and_what_a_person_says_and_goes_on(stage: Stage, user_of):
    """Both reach the conversation that is under way; no run is stopped for it."""
    loop = Rule((shell("cat notes.txt"),), user="Make the change that the item asks for")  # for ever
    transcript = stage.place.dot / "runs" / "r1" / "transcript.jsonl"
    listens = f"until grep -q 'Write it yourself' {transcript}; do sleep 0.1; done; sleep 1"
    nudged = Rule((shell("ls"), shell(listens)), user="again and again")
    does = shell("echo a note > notes.txt; git add .; git commit -qm 'Add a note'")
    told = Rule((does, calls("done", text="The note is there."), END), user="Write it yourself")

    def say(event: Event) -> None:
        stage.tell(events.RUN_SAID, run=event.data["run"], text="Write it yourself.")

    user_of(Rules([loop, nudged, told]))
    fleet = stage.fleet(Agent("dev", "change", harness="codex"), stage.agent("lead", "review", APPROVES))
    stage.issue("Add a note")
    assert stage.watch(fleet, seconds=120, heard={events.RUN_NUDGED: say}) == 0
    assert_merged(stage, fleet)
    assert stage.outcomes()[0] == ("dev", "implement", "succeeded")
    assert len(stage.events(events.RUN_NUDGED)) == 1
