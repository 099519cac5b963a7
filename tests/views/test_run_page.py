"""One run in full."""

from __future__ import annotations

from fleet.model import events
from fleet.views.run_page import run_page


def test_a_run_shows_everything_that_happened_to_it_and_nothing_else(story):
    story.issue()
    story.issue("Another")
    story.start("r1")
    story.about("r1", events.RUN_SPENT, cost_micros=1, tokens=1)
    story.about("r1", events.RUN_REPORTED, verdict="done", text="as asked")
    story.end("r1", commits=1)
    page = run_page(story.state, story.log, story.state.runs["r1"], story.now)
    assert [row["type"].removeprefix("fleet.") for row in page["events"] if "effect" not in row["type"]] == [
        "run.queued",
        "run.admitted",
        "run.started",
        "run.reported",
        "run.exited",
        "run.collected",
        "run.ended",
        "change.opened",
        "job.finished",
    ]
    assert page["item_title"] == "Add a note"
    assert page["exit"]["finish"] == "ok"
    assert page["outcome"] == "succeeded"


def test_a_run_that_asks_names_its_approval(story):
    story.issue()
    story.start("r1")
    story.about("r1", events.RUN_REPORTED, verdict="ask", text="which?")
    story.end("r1")
    page = run_page(story.state, story.log, story.state.runs["r1"], story.now)
    assert (page["question"], page["approvals"]) == ("which?", ["a1"])


def test_a_model_that_answered_and_told_nothing_has_an_unknown_cost_and_not_none(story):
    story.issue()
    story.start("r1")
    assert run_page(story.state, story.log, story.state.runs["r1"], story.now)["cost_known"]
    story.about("r1", events.RUN_SPENT, turns=1)
    assert not run_page(story.state, story.log, story.state.runs["r1"], story.now)["cost_known"]
