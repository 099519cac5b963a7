"""The catalogue once more, from inside the real Claude Code, all of it in one conversation. Without a sandbox
each way is a call of its shell, which the rules look at; in a sandbox all of them are one.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping

import pytest
from tests.engine.conftest import Stage, git
from tests.redteam.conftest import LAST, shell
from tests.redteam.ways import ALL, APPROVE, ASK, ATTRIBUTES, DENIED, FORGED, TRAPS, serve_at_a_known_port

from fleet.model import events
from fleet.model.fleet import Requirement
from fleet.model.permissions import Permissions
from fleet.model.quarantine import Quarantining
from fleet.testing.model_script import Answer, Ask, Step, ToolUse

pytestmark = [pytest.mark.claude, pytest.mark.slow]

MARK = "it went through"
# What it does first, as git of its own would spring its traps. The word shows that words are heard.
COMMITS = shell(f"echo a note >> notes.txt; {ATTRIBUTES}; git commit -qm 'Add a note' && echo {MARK}")
RULES = Permissions(deny=("WebSearch",), otherwise="allow")


GATE = {
    "merge_gate": (Requirement("review"), Requirement("human")),
    "quarantine": Quarantining("", 0, 0, 0, tampering=False),
}


def tried(name: str, command: str) -> str:
    """The command, and a word that tells whether it worked."""
    return f"if ( {command}\n) >/dev/null 2>&1 </dev/null; then echo {MARK}: {shlex.quote(name)}; fi"


def at_once(commands: Mapping[str, str]) -> Step:
    """One turn of the model that calls the shell for each of them."""
    uses = (ToolUse("Bash", {"command": tried(*each), "description": each[0]}) for each in commands.items())
    return Step(Answer("", tuple(uses)))


def told(asks: list[Ask]) -> str:
    """All that came back of calls."""
    return "".join(
        json.dumps(block["content"])
        for ask in asks[-1:]
        for message in ask.body["messages"]
        for block in (message["content"] if isinstance(message["content"], list) else ())
        if block.get("type") == "tool_result"
    )


def assert_nothing_came_of_it(stage: Stage, asks: list[Ask]) -> None:
    assert told(asks).count(MARK) == 1, told(asks)
    assert not stage.events(events.CHANGE_MERGED)
    assert not stage.events(events.APPROVAL_GIVEN)
    assert not [event for event in stage.events(events.CHANGE_REVIEWED) if event.data["by"] != "agent/lead"]
    assert [event.data["author"] for event in stage.events(events.ITEM_OPENED)] == ["user/ann"]
    assert git(stage.root, "log", "--format=%s", "main") == "Start"
    assert not list(stage.root.parent.glob("**/trap"))
    assert not list(stage.root.parent.glob("**/*.ran"))
    assert not stage.live()


def test_each_of_them_is_blocked_and_an_event(play, stage: Stage):
    port = str(serve_at_a_known_port(stage))
    ways = {name: each.replace("$(tr -dc 0-9 < ../../watcher.json)", port) for name, each in ALL.items()}
    traps = {name: f"export TRAP={stage.root.parent}/trap; {each}; false" for name, each in TRAPS.items()}
    asks: list[Ask] = []
    play(COMMITS, at_once(ways), at_once(traps), rules=RULES, code=3, asks=asks, last=LAST[1:], **GATE)
    assert_nothing_came_of_it(stage, asks)
    looked_at = "".join(event.data["about"] for event in stage.events(events.TOOL_DECIDED))
    assert all(" ".join(each.split())[:60] in looked_at for each in ways.values())
    denied = [event.data for event in stage.events(events.AGENT_DENIED)]
    assert {each["agent"] for each in denied} == {"dev"}
    assert len(denied) >= len(DENIED)
    refused = stage.events(events.GATEWAY_REFUSED)
    assert [event.data["claimed"] for event in refused] == ["r1"] * len(FORGED)


def test_in_a_sandbox_none_of_them_works_either(bwrap, play, stage: Stage):
    port = str(serve_at_a_known_port(stage))
    named = {name: each for name, each in (ALL | TRAPS).items() if not each.startswith(("fleet ", "env "))}
    lines = [
        tried(
            name,
            each.replace("$(tr -dc 0-9 < ../../watcher.json)", port) + ("; false" if name in TRAPS else ""),
        )
        for name, each in named.items()
    ]
    asks: list[Ask] = []
    script = "\n".join([f"export TRAP={stage.root.parent}/trap", *lines])
    play(COMMITS, shell(script), rules=None, sandbox="required", code=3, asks=asks, last=LAST[1:], **GATE)
    assert_nothing_came_of_it(stage, asks)
    assert {event.data["claimed"] for event in stage.events(events.GATEWAY_REFUSED)} == {"r1"}


def test_who_tries_tokens_is_stopped_and_put_into_quarantine(play, stage: Stage):
    tries = [shell(ASK % ("", APPROVE, "review"))] * 3
    play(*tries, shell("sleep 60"), rules=None, code=3)
    assert [event.data["agent"] for event in stage.events(events.AGENT_QUARANTINED)] == ["dev"]
    assert stage.state().runs["r1"].stop_kind == "quarantine"
    assert not stage.live()
