"""Commands that did not end well: who may say that one is done after all, and what quarantine does to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fleet.model import events
from fleet.model.errors import FleetError, UsageError
from fleet.model.event import Event
from fleet.model.fleet import Fleet, Job, Order, Requirement
from fleet.model.gates import Asking
from fleet.policy.show import look
from fleet.surfaces import deeds
from fleet.testing.story import FLEET, Story
from fleet.views.items import item_row
from fleet.views.needs import needs

BY_ANN = Requirement("human", by=("ann",), asking=Asking(escalate_ms=1000, escalate_to=("carl",)))
SESSION = "order-i1-ship-1"


def _fleet(*gate: Requirement) -> Fleet:
    (workflow,) = FLEET.workflows
    ship = Job("ship", action="run", needs=("merge",), order=Order("deploy", "make deploy"))
    gates = (("deploy", gate),) if gate else ()
    return replace(
        FLEET, workflows=(replace(workflow, jobs=(*workflow.jobs, ship)),), gates=gates, merge_gate=()
    )


def _merged(*gate: Requirement) -> Story:
    story = Story(_fleet(*gate))
    story.issue()
    story.deliver("r1")
    story.examine()
    story.deliver("r2", "approve")
    story.merge()
    return story


def _at_work() -> Story:
    story = _merged()
    assert "order/i1/ship" in story.state.wishes
    return story


def _ended(story: Story, how: str = "was cut off", *, ok: bool = False) -> None:
    """What the deed tells when its command has ended badly."""
    from fleet.policy.ask import stuck

    about = {"instance": "i1", "job": "ship", "action": "deploy", "change": 2, "ok": ok, "how": how}
    story.tell(events.ORDER_ENDED, **about)
    for each in stuck(story.state, story.state.instances["i1"], "ship", "command", how, number=_next(story)):
        story.tell(each.type, **each.data)
    story.tell(events.EFFECT_DONE, key="order/i1/ship")


def _next(story: Story) -> int:
    return story.state.approval_number + 1


def _cut_off(*gate: Requirement) -> Story:
    story = _merged(*gate)
    if gate:
        story.tell(events.APPROVAL_GIVEN, approval="a1", actor="user/ann", note="")
    _ended(story)
    return story


def _open(story: Story) -> list[str]:
    return [name for name in story.state.asked if not story.state.approvals[name].answer]


def _says(story: Story, actor: str, note: str = "it is live", **more: Any) -> None:
    (asked,) = _open(story)
    story.tell(events.APPROVAL_GIVEN, approval=asked, actor=actor, note=note, as_done=True, **more)


def _told(story: Story, kind: str) -> list[Event]:
    return [event for event in story.log if event.type == kind]


# ------------------------------------------------------------ taken as done


def test_a_person_takes_it_as_done_and_the_work_goes_on_without_running_it_again() -> None:
    story = _cut_off()
    _says(story, "user/mia")
    (taken,) = _told(story, events.ORDER_TAKEN_AS_DONE)
    assert (taken.data["actor"], taken.data["reason"]) == ("user/mia", "it is live")
    assert (taken.data["action"], taken.data["commit"]) == ("deploy", "c" * 40)
    assert "order/i1/ship" not in story.state.wishes
    assert story.state.instances["i1"].outcome == "done"


@pytest.mark.parametrize(
    ("actor", "note", "why"),
    [
        ("agent/developer", "it is live", "only a person may"),
        ("", "it is live", "only a person may"),
        ("user/mia", " ", "the reason is missing"),
        ("user/bob", "it is live", "bob is not among those whose word its gate asks for: ann or carl"),
    ],
)
def test_whoever_may_not_say_so_is_turned_away_and_the_question_is_asked_again(
    actor: str, note: str, why: str
) -> None:
    story = _cut_off(BY_ANN)
    _says(story, actor, note)
    assert _told(story, events.ORDER_TAKEN_AS_DONE) == []
    assert story.state.instances["i1"].jobs["ship"].state == "stuck"
    (asked,) = _open(story)
    assert why in story.state.approvals[asked].why
    _says(story, actor, note)
    assert story.state.approvals[_open(story)[0]].why.count("not taken as done") == 1


@pytest.mark.parametrize("who", ["user/Ann", "user/carl"])
def test_those_whose_word_the_gate_asks_for_may_say_so(who: str) -> None:
    story = _cut_off(BY_ANN)
    _says(story, who)
    assert story.state.instances["i1"].outcome == "done"


def test_run_once_more_asks_its_gate_anew() -> None:
    story = _cut_off(BY_ANN)
    (asked,) = _open(story)
    story.tell(events.APPROVAL_GIVEN, approval=asked, actor="user/bob", note="")
    assert "order/i1/ship" not in story.state.wishes
    assert [story.state.approvals[name].kind for name in _open(story)] == ["gate"]


def test_the_deed_of_a_screen_says_what_is_wrong_and_how_it_is_said() -> None:
    story = _cut_off(BY_ANN)
    (asked,) = _open(story)
    with pytest.raises(UsageError, match="needs a reason") as missing:
        deeds.taken_as_done(story.fleet, story.state, "user/ann", asked, " ")
    assert "--as-done -m" in missing.value.do
    with pytest.raises(FleetError, match="can't be taken as done"):
        deeds.taken_as_done(story.fleet, story.state, "user/bob", asked, "it is live")
    (given,) = deeds.taken_as_done(story.fleet, story.state, "user/ann", asked, "it is live")
    assert given.data == {"approval": asked, "actor": "user/ann", "note": "it is live", "as_done": True}


def test_only_a_command_can_be_taken_as_done() -> None:
    story = _merged(BY_ANN)
    (asked,) = _open(story)
    with pytest.raises(FleetError, match="can't be taken as done"):
        deeds.taken_as_done(story.fleet, story.state, "user/ann", asked, "it is live")
    _says(story, "user/ann")
    assert _told(story, events.ORDER_TAKEN_AS_DONE) == []  # it let the gate open, which is what was asked
    assert "order/i1/ship" in story.state.wishes


def test_every_screen_offers_it() -> None:
    story = _cut_off()
    (row,) = needs(story.fleet, story.state, story.now)
    assert "as-done" in row["answers"]
    assert "as-done" in row["words"]
    assert "--as-done" in row["do"]
    assert "/fleet done" in look(story.fleet, story.state, 1)["comment"]


@pytest.mark.parametrize(
    ("actor", "trusted", "args", "done"),
    [
        ("user/ann", True, "it is live", True),
        ("user/ann", True, "", False),
        ("user/bob", True, "it is live", False),
        ("user/ann", False, "it is live", False),
    ],
)
def test_a_comment_on_the_forge_says_so_too(actor: str, trusted: bool, args: str, done: bool) -> None:
    story = _cut_off(BY_ANN)
    about = {"ref": "acme/shop#2", "item": 2, "head": "", "at": 0}
    story.tell(events.FORGE_COMMANDED, command="done", args=args, actor=actor, trusted=trusted, **about)
    assert bool(story.state.instances["i1"].outcome) is done
    (settled,) = _told(story, events.FORGE_COMMAND_SETTLED)
    assert settled.data["refused"] is not done


# ------------------------------------------------------------ quarantine


def _quarantine(story: Story, what: str) -> None:
    if what == "change":
        story.tell(events.CHANGE_QUARANTINED, change=2, head="x", reason="I doubt it", actor="user/mia")
    else:
        story.tell(events.AGENT_QUARANTINED, agent="developer", reason="I doubt it", actor="user/mia")


def _release(story: Story, what: str) -> None:
    if what == "change":
        story.tell(events.CHANGE_RELEASED, change=2, head="x", reason="read it", actor="user/mia")
    else:
        story.tell(events.AGENT_RELEASED, agent="developer", reason="read it", actor="user/mia")


@pytest.mark.parametrize("what", ["agent", "change"])
def test_a_command_at_work_is_told_to_end_once(what: str) -> None:
    story = _at_work()
    _quarantine(story, what)
    (asked,) = _told(story, events.ORDER_STOP_ASKED)
    assert (asked.data["session"], asked.data["actor"]) == (SESSION, "fleet")
    assert "I doubt it" in asked.data["reason"]
    assert story.state.wishes[f"stop/{SESSION}"].args["reason"] == "quarantine"
    story.tell(events.EFFECT_DONE, key=f"stop/{SESSION}")
    assert f"stop/{SESSION}" not in story.state.wishes


@pytest.mark.parametrize("what", ["agent", "change"])
def test_a_command_that_has_not_begun_waits_for_the_release(what: str) -> None:
    story = _merged(BY_ANN)
    _quarantine(story, what)
    story.tell(events.APPROVAL_GIVEN, approval="a1", actor="user/ann", note="")
    assert "order/i1/ship" not in story.state.wishes
    row = item_row(story.fleet, story.state, story.state.items[1], story.now, watched=True)
    assert "in quarantine: I doubt it" in row["reason"]
    _release(story, what)
    assert "order/i1/ship" in story.state.wishes


@pytest.mark.parametrize("what", ["agent", "change"])
def test_what_was_stopped_and_is_run_again_waits_for_the_release_too(what: str) -> None:
    story = _at_work()
    _quarantine(story, what)
    _ended(story, "was stopped")
    (asked,) = [name for name in _open(story) if story.state.approvals[name].kind == "command"]
    story.tell(events.APPROVAL_GIVEN, approval=asked, actor="user/mia", note="")
    assert "order/i1/ship" not in story.state.wishes
    _release(story, what)
    assert story.state.wishes["order/i1/ship"].args["time"] == 2
    assert _told(story, events.ORDER_STOP_ASKED)[1:] == []


def test_a_merged_change_can_be_quarantined_while_its_command_is_at_work_and_not_afterwards() -> None:
    story = _at_work()
    (event,) = deeds.change_quarantined(story.state, "user/mia", 2, "I doubt it")
    assert event.type == events.CHANGE_QUARANTINED
    _quarantine(story, "change")
    assert [story.state.approvals[name].kind for name in _open(story)] == ["suspect"]
    _release(story, "change")
    story.tell(events.JOB_FINISHED, instance="i1", job="ship", outcome="done", head="x")
    assert story.state.instances["i1"].outcome == "done"
    with pytest.raises(FleetError, match="nothing is done about it any more"):
        deeds.change_quarantined(story.state, "user/mia", 2, "I doubt it")


def test_an_earlier_author_in_quarantine_holds_the_change_too() -> None:
    story = _merged(BY_ANN)
    (change,) = story.state.changes.values()
    change.author, change.authors = "agent/other", ["agent/developer", "agent/other"]
    _quarantine(story, "agent")
    story.tell(events.APPROVAL_GIVEN, approval="a1", actor="user/ann", note="")
    assert "order/i1/ship" not in story.state.wishes
