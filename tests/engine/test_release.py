"""What was merged is released: tagged with notes, once, and a tag that is taken waits for a person."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.engine.conftest import Stage, git

from fleet.model import events
from fleet.model.fleet import Fleet, Job

pytestmark = pytest.mark.slow


def releasing(stage: Stage, **more: str) -> Fleet:
    """A pair whose workflow releases what it has merged."""
    fleet = stage.pair()
    (workflow,) = fleet.workflows
    release = Job("release", action="release", needs=("merge",), **more)
    return replace(fleet, workflows=(replace(workflow, jobs=(*workflow.jobs, release)),))


def test_a_merge_is_tagged_with_what_it_brought(stage: Stage):
    stage.issue("Add a note")
    assert stage.watch(releasing(stage)) == 0
    (made,) = stage.events(events.RELEASE_MADE)
    tag = made.data["tag"]
    assert git(stage.root, "rev-parse", f"{tag}^{{commit}}") == stage.state().changes[2].merged
    assert git(stage.root, "cat-file", "-t", tag) == "tag"
    assert git(stage.root, "tag", "-l", "--format=%(contents:subject)", tag) == "Add a note"


def test_a_tag_that_is_taken_waits_for_a_person_who_makes_room(stage: Stage):
    stage.issue()
    git(stage.root, "tag", "v2")
    fleet = releasing(stage, tag="v{change}")
    assert stage.watch(fleet) == 3
    (asked,) = stage.state().asked
    assert "There is a tag v2 already" in stage.state().approvals[asked].why
    git(stage.root, "tag", "-d", "v2")
    stage.approve(asked)
    assert stage.watch(fleet) == 0
    assert git(stage.root, "rev-parse", "v2^{commit}") == stage.state().changes[2].merged
