"""What changes between the moment in which a gate opens and the deed: nothing goes out that it would not let
pass any more.
"""

from __future__ import annotations

import shlex
from dataclasses import replace

from tests.engine.conftest import BUDGET, CODES, Stage, git

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Job, Requirement
from fleet.model.gates import Asking

HOUR_S = 3600


def test_a_release_whose_approval_lapsed_before_it_could_be_made_is_asked_about_again(stage: Stage):
    """Somebody else's git holds the tag's lock at the first try."""
    lock = stage.root / ".git/refs/tags/v2.lock"
    lock.touch()

    def later(_event: Event) -> None:
        stage.clock.jump(2 * HOUR_S)
        lock.unlink(missing_ok=True)

    fleet = stage.pair()
    (workflow,) = fleet.workflows
    release = Job("release", action="release", needs=("merge",), tag="v{change}")
    fleet = replace(
        fleet,
        workflows=(replace(workflow, jobs=(*workflow.jobs, release)),),
        gates=(("release", (Requirement("human", asking=Asking(expires_ms=HOUR_S * 1000)),)),),
    )
    stage.issue("Add a note")
    assert stage.watch(fleet) == 3
    stage.approve("a1")
    assert stage.watch(fleet, heard={events.EFFECT_FAILED: later}) == 3
    assert git(stage.root, "tag") == ""
    stage.approve("a2")
    assert stage.watch(fleet) == 0
    assert git(stage.root, "tag") == "v2"


def test_what_is_pushed_to_the_branch_between_review_and_merge_is_not_merged(stage: Stage):
    """The reviewer, whom no sandbox keeps from the project, approves one commit and pushes another one."""
    branch = "refs/heads/fleet/1-add-a-note"
    push = f"echo more >> more.txt; git add more.txt; git commit -qm More; git push -fq {stage.root} HEAD:"
    review = {"agent": ["review", "approve", "-m", "good"]}
    races = {"steps": [review, {"run": f"{push}{shlex.quote(branch)}"}]}
    fleet = stage.fleet(
        stage.agent("dev", "change", CODES, budget=BUDGET), stage.agent("lead", "review", races)
    )
    stage.issue("Add a note")
    assert stage.watch(fleet) == 0
    assert "More" not in git(stage.root, "log", "--format=%s", "main").splitlines()
    (merged,) = stage.events(events.CHANGE_MERGED)
    assert merged.data["head"] == stage.events(events.CHANGE_OPENED)[0].data["head"]
