"""What workspaces take of the disk stays within fleet.yaml's ceiling, and nobody loses what is needed."""

from __future__ import annotations

import json

from tests.engine.conftest import APPROVES, CODES, READY, Stage, assert_merged, workspaces

from fleet.model import events
from fleet.model.setup import Keeping

FAILS = {"steps": [{"exit": 7}]}
HEAVY = {
    "steps": [
        {"run": "head -c 3000000 /dev/urandom > heavy.bin; echo heavy.bin > .git/info/exclude"},
        *CODES["steps"],
    ]
}
SOON = "fleet.engine.housekeeping._ROUND_SECONDS"


def test_what_failed_and_was_given_up_is_kept_to_be_looked_at_and_goes_when_its_time_is_over(
    stage: Stage, monkeypatch
):
    fleet = stage.pair(FAILS, attempts=1, keeping=Keeping(keep_ms=3_600_000))
    stage.issue()
    assert stage.watch(fleet) == 3
    stage.tell(events.ITEM_CLOSED, item=1, reason="Never mind.")
    assert stage.watch(fleet) == 0
    assert workspaces(stage) == ["i1-implement"]
    stage.clock.jump(3601)
    assert stage.watch(fleet) == 0
    assert workspaces(stage) == []
    assert stage.events(events.WORKSPACES_CLEANED)[0].data["names"] == ["i1-implement"]


def test_beyond_the_ceiling_nothing_begins_until_there_is_room_and_the_waiting_one_stays(
    stage: Stage, monkeypatch
):
    monkeypatch.setattr(SOON, 0.2)
    monkeypatch.setattr("fleet.engine.housekeeping._CROWDED_SECONDS", 0.2)
    gives_up = {"steps": [*HEAVY["steps"][:1], {"sleep": 1}, {"exit": 7}]}
    fleet = stage.pair(gives_up, attempts=1, keeping=Keeping(disk_bytes=2_000_000))
    stage.issue()
    assert stage.watch(fleet) == 3
    assert stage.state().crowded
    stage.issue("Another")
    assert stage.watch(fleet) == 3
    assert stage.outcomes() == [("dev", "implement", "failed")]
    assert workspaces(stage) == ["i1-implement"]
    assert "the workspaces take" in stage.board(fleet)["queue"][0]["reason"]
    assert json.loads((stage.place.dot / "workspaces.json").read_text())["bytes"] > 2_900_000
    # A person makes room: that is seen, and the other one begins.
    stage.tell(events.ITEM_CLOSED, item=1, reason="Never mind.")
    roomy = stage.pair(CODES, keeping=Keeping(keep_ms=0, disk_bytes=2_000_000))
    stage.watch(roomy, heard={events.WORKSPACES_MEASURED: lambda event: None})
    stage.watch(roomy)
    assert stage.outcomes()[-1] == ("lead", "review", "succeeded")


def test_an_old_workspace_that_can_be_made_anew_goes_first(stage: Stage, monkeypatch):
    monkeypatch.setattr(SOON, 0.1)
    objects = {"steps": [{"sleep": 1.5}, *APPROVES["steps"]]}
    fleet = stage.pair(HEAVY, objects, keeping=Keeping(disk_bytes=2_000_000))
    stage.issue(labels=(READY,))
    assert stage.watch(fleet) == 0
    assert stage.events(events.WORKSPACES_CLEANED)[0].data["names"] == ["i1-implement"]
    assert_merged(stage, fleet)
