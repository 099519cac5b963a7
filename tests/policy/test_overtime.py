"""A run that goes on past the ceiling of its time, as its supervisor was talked out of it."""

from __future__ import annotations

from fleet.model import events
from fleet.policy.ceilings import OVERTIME_MS
from fleet.testing.story import Story


def test_one_that_is_heard_long_after_its_ceiling_is_stopped():
    story = Story()
    story.issue()
    story.start("r1")
    run = story.state.runs["r1"]
    at = run.started + run.ceiling_ms + OVERTIME_MS
    for seconds, stopped in ((0, 0), (2, 1)):
        heard = at + 1000 * seconds
        story.now = heard
        story.tell(events.RUN_ACTED, run="r1", id=f"t{seconds}", kind="run", text="make", at=heard)
        log = story.log
        asked = [
            each for each in log if each.type == events.RUN_STOP_ASKED and each.data["kind"] == "over_budget"
        ]
        assert len(asked) == stopped
