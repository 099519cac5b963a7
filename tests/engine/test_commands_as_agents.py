"""Any program as an agent: real ones, in the whole story."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.engine.conftest import APPROVES, Stage, assert_merged

from fleet.model import events
from fleet.model.fleet import Agent, Sandboxing

CODER = """#!/bin/sh
# It knows nothing of Fleet: it reads its task, edits, commits, and says a word.
read -r first
echo "told: $first"
cat >/dev/null
echo a note >> notes.txt
git add notes.txt && git commit -qm "Add a note" && echo committed
"""
REVIEWER = """#!/bin/sh
grep -q 'Add a note' "$1" && fleet agent review approve -m "I read $(git log -1 --format=%s)."
"""
FAILS = """#!/bin/sh
echo "no key" >&2
exit 3
"""


def program(stage: Stage, name: str, text: str) -> None:
    """A program of the operator's, beside fleet.yaml."""
    path: Path = stage.root / ".fleet" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def runs(duty: str, argv: str, name: str = "dev") -> Agent:
    return Agent(name, duty, harness="command", options=(("argv", argv),))  # type: ignore[arg-type]


def test_programs_that_know_nothing_of_fleet_make_and_review_a_change(stage: Stage):
    program(stage, "coder", CODER)
    program(stage, "reviewer", REVIEWER)
    fleet = stage.fleet(
        runs("change", ".fleet/coder"), runs("review", ".fleet/reviewer {prompt_file}", "lead")
    )
    stage.issue("Add a note")
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet)
    assert stage.outcomes() == [("dev", "implement", "succeeded"), ("lead", "review", "succeeded")]
    acted = [event.data["action"] for event in stage.events(events.RUN_ACTED, run="r1")]
    assert acted == ["told: # You work in a fleet", "committed"]


def test_an_exit_code_tells_that_it_failed(stage: Stage):
    program(stage, "coder", FAILS)
    fleet = stage.fleet(runs("change", ".fleet/coder"), stage.agent("lead", "review", APPROVES), attempts=1)
    stage.issue("Add a note")
    assert stage.watch(fleet) == 3
    (ended,) = stage.events(events.RUN_ENDED)
    assert ended.data["reason"] == "its process ended with exit code 3"


def test_a_program_that_is_not_there_is_told_of_by_name(stage: Stage):
    fleet = stage.fleet(runs("change", "no-such-agent"), stage.agent("lead", "review", APPROVES))
    stage.issue("Add a note")
    assert stage.watch(fleet) == 3
    (ended,) = stage.events(events.RUN_ENDED)
    assert "no-such-agent does not exist in any folder of PATH" in ended.data["reason"]


def test_options_that_can_not_be_followed_are_told_at_the_start(stage: Stage):
    fleet = stage.fleet(runs("change", "agent 'x"), stage.agent("lead", "review", APPROVES))
    stage.issue("Add a note")
    assert stage.watch(fleet) == 3
    (ended,) = stage.events(events.RUN_ENDED)
    assert "no closing quotation" in ended.data["reason"]


CALLER = """#!/bin/sh
cat > /dev/null
echo a note >> notes.txt && git add notes.txt && git commit -qm "Add a note"
while [ ! -e "$1/gone" ]; do sleep 0.05; done
touch "$1/calls"
exec python3 - << 'END'
import json, os, urllib.request
call = {"name": "done", "arguments": {"text": "I waited."}}
body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}).encode()
headers = {"Authorization": "Bearer " + os.environ["FLEET_TOKEN"], "Content-Type": "application/json",
           "Accept": "application/json, text/event-stream", "Mcp-Protocol-Version": "2025-06-18"}
asked = urllib.request.Request(os.environ["FLEET_MCP_URL"], body, headers)
print(urllib.request.urlopen(asked, timeout=60).read().decode())
END
"""


def test_a_call_over_mcp_while_the_watcher_restarts_is_answered_by_the_next_one(stage: Stage):
    folder = stage.root.parent / "meeting"
    folder.mkdir()
    program(stage, "coder", CALLER)
    fleet = stage.fleet(
        runs("change", f".fleet/coder {folder}"),
        stage.agent("lead", "review", APPROVES),
        sandbox=Sandboxing(writes=(str(folder),)),
    )
    stage.issue("Add a note")

    def leave(_event: object) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        stage.watch(fleet, heard={events.RUN_CONVERSED: leave, events.RUN_STARTED: leave})
    (folder / "gone").touch()
    while not (folder / "calls").exists():
        assert stage.live() == ["r1"]
    assert stage.watch(fleet) == 0
    assert [each.data["text"] for each in stage.events(events.RUN_REPORTED, run="r1")] == ["I waited."]
    assert_merged(stage, fleet)
