"""What GitHub itself asks before a merge: required checks, approvals, being up to date, no conflict."""

from __future__ import annotations

import pytest
from tests.github.conftest import CODES, REPO, Team

from fleet.model import events
from fleet.model.event import Event
from fleet.testing.github import Fault

pytestmark = [pytest.mark.slow]

WORKFLOW = {".github/workflows/ci.yml": "on: pull_request\n"}


def head_of(team: Team) -> str:
    return str(team.api("/pulls?state=all")[0]["head"]["sha"])


def gate_says(text: str):
    """Whether an event is a gate that says so."""

    def said(event: Event) -> bool:
        if event.type != events.GATE_EVALUATED:
            return False
        return any(text in each["reason"] for each in event.data["requirements"])

    return said


def test_a_required_check_that_has_not_reported_keeps_the_gate_shut(team: Team):
    team.hub.protect(REPO, checks=["build"])
    team.ready("Add a note")
    assert team.watch() == 3
    assert not [each for each in team.hub.requests if each.path.endswith("/merge")]
    team.hub.check(REPO, head_of(team), "build", "success")
    assert team.watch() == 3 or team.events(events.CHANGE_MERGED)


def test_the_merge_follows_once_the_required_check_has_passed(team: Team):
    team.hub.protect(REPO, checks=["build"])
    team.ready("Add a note")

    def merged(event: Event) -> bool:
        if gate_says("requires checks that have not passed: build")(event):
            team.hub.check(REPO, head_of(team), "build", "success")
        return event.type == events.CHANGE_MERGED

    team.watch_until(merged)
    assert team.api("/pulls?state=all")[0]["merged_at"]


def test_fleets_own_status_may_be_required(team: Team):
    team.hub.protect(REPO, checks=["fleet/gates"])
    team.ready("Add a note")
    assert team.watch() == 0
    asked = [each.status for each in team.hub.requests if each.path.endswith("/merge")]
    # An older look may be on its way while it is merged: then it is refused, and asked again at once.
    assert asked in ([200], [405, 200])


def test_approvals_that_github_requires_are_a_persons(team: Team):
    team.hub.protect(REPO, approvals=1)
    number = team.ready("Add a note")
    assert team.watch() == 3
    assert "approving review" in team.api(f"/issues/{number}/comments")[0]["body"]
    pull = team.api("/pulls")[0]["number"]
    team.hub.review(REPO, pull, "bob", "APPROVE", "Fine.")
    assert team.watch() == 0
    assert team.api(f"/pulls/{pull}")["merged"]


def test_what_github_refuses_is_told_in_its_words_and_waits(team: Team):
    words = "Repository rule violations found: commits must have verified signatures."
    team.hub.faults.add(Fault(method="PUT", path="/merge$", status=405, message=words, times=50))
    number = team.ready("Add a note")
    assert team.watch() == 3
    assert "verified signatures" in team.events(events.CHANGE_HELD)[-1].data["reason"]
    assert "verified signatures" in team.api(f"/issues/{number}/comments")[0]["body"]
    tried = [each for each in team.hub.requests if each.method == "PUT" and each.path.endswith("/merge")]
    assert len(tried) == 1


def test_a_refused_merge_is_tried_again_when_something_happens(team: Team):
    team.hub.faults.add(Fault(method="PUT", path="/merge$", status=405, message="No.", times=1))
    team.ready("Add a note")
    assert team.watch() == 3
    team.hub.review(REPO, team.api("/pulls")[0]["number"], "bob", "APPROVE", "Signed.")
    assert team.watch() == 0


def test_a_conflict_on_github_goes_back_with_the_files(team: Team):
    """Somebody changes the same file on main while the change is looked at."""
    writes = [{"run": "echo $FLEET_ROUND > shared.txt"}, *CODES[1:]]
    solves = [{"run": "git merge -q -X ours main || true; echo both > shared.txt; git add -A"}, *CODES[1:]]
    dev = {"cases": [{"when": {"round": 1}, "steps": writes}, {"steps": solves}]}
    team.declare(dev=dev, gate="    - human: always")
    text = (team.root / "fleet.yaml").read_text().replace('checks: {ok: "true"}', "checks: {}")
    (team.root / "fleet.yaml").write_text(text.replace("    - checks: passing\n", ""))
    team.ready("Add a note")
    assert team.watch() == 3
    team.hub.push(REPO, "main", {"shared.txt": "theirs\n"}, "bob")
    team.hub.comment(REPO, team.api("/pulls")[0]["number"], "bob", "/fleet approve")
    assert team.watch() == 3
    assert "shared.txt" in team.events(events.JOB_SENT_BACK)[0].data["text"]
    team.hub.comment(REPO, team.api("/pulls")[0]["number"], "bob", "/fleet approve")
    assert team.watch() == 0


def test_a_branch_that_has_to_be_up_to_date_goes_back_to_be_brought_up_to_date(team: Team):
    team.hub.protect(REPO, checks=["fleet/gates"], strict=True)
    merges = [{"run": "git merge -q main -m Merge; echo more > more.txt"}, *CODES[1:]]
    dev = {"cases": [{"when": {"round": 1}, "steps": CODES}, {"steps": merges}]}
    team.declare(dev=dev, gate="    - human: always")
    team.ready("Add a note")
    assert team.watch() == 3
    team.hub.push(REPO, "main", {"other.txt": "theirs\n"}, "bob")
    team.hub.comment(REPO, team.api("/pulls")[0]["number"], "bob", "/fleet approve")
    assert team.watch() == 3
    assert "Merge main into it" in team.events(events.JOB_SENT_BACK)[0].data["text"]


def test_a_failed_check_goes_back_with_the_end_of_its_log(team: Team):
    team.declare(gate="    - human: always")
    team.ready("Add a note")

    def sent_back(event: Event) -> bool:
        if event.type == events.CHANGE_OPENED:
            log = "##[group]Run make\n##[error]shop.c:3: missing semicolon\n"
            team.hub.check(REPO, event.data["head"], "build", "failure", log=log)
        return event.type == events.JOB_SENT_BACK

    team.watch_until(sent_back)
    assert "missing semicolon" in team.events(events.JOB_SENT_BACK)[0].data["text"]


def test_a_head_whose_checks_have_not_begun_is_not_merged(team: Team):
    """The repository has workflows: until one of its checks is seen, nobody knows that none fails."""
    team.hub.push(REPO, "main", WORKFLOW, "acme")
    team.ready("Add a note")

    def seen(event: Event) -> bool:
        if gate_says("checks of the forge have not begun yet")(event):
            team.hub.check(REPO, head_of(team), "build", "failure", log="broken\n")
        return event.type == events.JOB_SENT_BACK

    team.watch_until(seen)
    assert team.events(events.CHANGE_MERGED) == []
