"""What the forms do: the same events as the verbs, and the rules take them up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.web.conftest import git

from fleet.model import events
from fleet.model.event import Event
from fleet.surfaces.cli.root import run as fleet
from fleet.surfaces.web.keys import HEADER

HERE = "http://127.0.0.1:8717"


def merge_asked(shop) -> None:
    shop.merge_asked()


def running(shop) -> None:
    shop.story.issue()
    shop.story.start("r1")


def asking(shop) -> None:
    running(shop)
    shop.story.about("r1", events.RUN_REPORTED, verdict="ask", text="Which colour?")
    shop.story.end("r1")


def failed(shop) -> None:
    running(shop)
    shop.story.end("r1", reason="ceiling", finish="")


def cut_off(shop) -> None:
    """A command of the merged change did not end well: approval a2."""
    shop.merge_asked()
    asked = {"approval": "a2", "kind": "command", "why": "deploy was cut off", "change": 2, "head": ""}
    shop.story.tell(events.APPROVAL_ASKED, **asked, instance="i1", job="merge", run="")


def quarantined(shop) -> None:
    shop.story.tell(events.AGENT_QUARANTINED, agent="developer", reason="odd", actor="user/mia")


Case = tuple[Callable[..., None], tuple[str, ...], str, dict[str, str]]

# Where one stands, the verb, the form, and its fields.
SAME: dict[str, Case] = {
    "approve": (merge_asked, ("approve", "a1", "-m", "go"), "/approvals/a1", {"do": "approve", "note": "go"}),
    "reject": (merge_asked, ("reject", "a1", "-m", "no"), "/approvals/a1", {"do": "reject", "note": "no"}),
    "send back": (
        merge_asked,
        ("reject", "a1", "--send-back", "-m", "louder"),
        "/approvals/a1",
        {"do": "send-back", "note": "louder"},
    ),
    "as done": (
        cut_off,
        ("approve", "a2", "--as-done", "-m", "it is live"),
        "/approvals/a2",
        {"do": "as-done", "note": "it is live"},
    ),
    "answer": (asking, ("approve", "a1", "-m", "red"), "/approvals/a1", {"do": "approve", "note": "red"}),
    "answer by words": (asking, ("say", "r1", "red"), "/runs/r1/say", {"text": "red"}),
    "say": (running, ("say", "r1", "be quick"), "/runs/r1/say", {"text": "be quick"}),
    "stop": (running, ("stop", "r1", "-m", "enough"), "/runs/r1/stop", {"reason": "enough"}),
    "retry": (failed, ("retry", "r1", "-m", "again"), "/runs/r1/retry", {"note": "again"}),
    "quarantine": (
        running,
        ("quarantine", "developer", "-m", "odd"),
        "/agents/developer/quarantine",
        {"reason": "odd"},
    ),
    "release": (
        quarantined,
        ("release", "developer", "-m", "well"),
        "/agents/developer/release",
        {"reason": "well"},
    ),
    "hold a change": (
        merge_asked,
        ("quarantine", "pr", "2", "-m", "odd"),
        "/changes/2/quarantine",
        {"reason": "odd"},
    ),
    "comment": (running, ("issue", "comment", "1", "in red"), "/items/1/comment", {"text": "in red"}),
    "label": (running, ("issue", "label", "1", "docs"), "/items/1/label", {"label": "docs"}),
}


@pytest.mark.parametrize("case", SAME.values(), ids=SAME)
def test_a_form_appends_what_the_verb_appends(repository, tmp_path, monkeypatch, make_page, case):
    set_the_scene, verb, path, fields = case
    monkeypatch.setenv("LOGNAME", "mia")
    shop, page = make_page(tmp_path / "web", repository)
    set_the_scene(shop)
    before = shop.count()
    assert page.submit(path, **fields).status_code == 303
    by_form = [event for event in shop.log.read(before) if event.source == "user/mia"]

    other, _ = make_page(tmp_path / "cli", repository)
    set_the_scene(other)
    before = other.count()
    monkeypatch.chdir(other.root)
    assert fleet(verb) == 0
    by_verb = [event for event in other.log.read(before) if event.source == "user/mia"]
    assert [bare(event, shop) for event in by_form] == [bare(event, other) for event in by_verb]
    assert len(by_form) == 1


def bare(event: Event, shop) -> tuple[Event, int]:
    """The event without what no two logs have in common; and which event it names as its cause."""
    cause = next((each.seq for each in shop.log.read() if each.id == event.causation_id), 0)
    return replace(event, id="", time=0, hash="", causation_id=""), cause


def test_a_run_is_taken_over_and_its_page_says_how_to_go_on(shop, page):
    running(shop)
    (shop.place.workspaces / shop.story.state.runs["r1"].workspace).mkdir(parents=True)
    assert "Take it over" in page.get("/runs/r1").text
    assert page.submit("/runs/r1/takeover").status_code == 303
    by_form = [event for event in shop.log.read() if event.source == "user/mia" and event.data.get("run")]
    assert [event.type for event in by_form] == [events.RUN_TAKEN_OVER, events.RUN_STOP_ASKED]
    shop.story.settle()
    shop.story.end("r1", reason="takeover", finish="")
    text = page.get("/runs/r1").text
    assert "fleet takeover r1" in text
    assert "Hand it back to the agent" in text


def test_an_approval_through_the_page_leads_to_the_merge(shop, page):
    approval = shop.merge_asked()
    assert page.submit(f"/approvals/{approval}", do="approve", note="").headers["location"] == "/approvals/a1"
    assert "by user/mia" in page.get("/approvals/a1").text
    shop.story.settle()
    shop.story.merge()
    assert shop.story.state.changes[2].merged
    assert "merged" in page.get("/changes/2").text
    assert "Nothing needs you" in page.get("/").text


def test_a_change_that_is_sent_back_is_worked_on_again(shop, page):
    shop.merge_asked()
    page.submit("/approvals/a1", do="send-back", note="Say it louder.")
    shop.story.settle()
    assert shop.story.state.runs["r3"].job == "implement"
    assert "Say it louder." in shop.story.state.runs["r3"].feedback


@pytest.mark.parametrize(
    ("path", "fields", "why"),
    [
        ("/approvals/a1", {"do": "reject", "note": " "}, "Your reason is missing"),
        ("/approvals/a1", {"do": "as-done", "note": "it is"}, "not about a command"),
        ("/approvals/a1", {"do": "dance"}, "There is no answer"),
        ("/approvals/a9", {"do": "approve"}, "There is no approval"),
        ("/runs/r9/say", {"text": "x"}, "There is no run"),
        ("/runs/r1/say", {"text": "x"}, "can&#39;t hear you"),
        ("/runs/r1/stop", {}, "does not run"),
        ("/runs/r1/retry", {}, "it has succeeded"),
        ("/agents/nobody/quarantine", {"reason": "x"}, "There is no agent"),
        ("/agents/developer/release", {"reason": "x"}, "is not in quarantine"),
        ("/items/7/comment", {"text": "x"}, "There is no issue"),
        ("/items/1/label", {"label": " "}, "can&#39;t be a label"),
    ],
)
def test_what_can_not_be_done_is_said_and_nothing_is_recorded(shop, page, path, fields, why):
    shop.merge_asked()
    before = shop.count()
    answer = page.submit(path, **fields)
    assert answer.status_code in (404, 409)
    assert why in answer.text
    assert shop.count() == before


def test_a_command_that_did_not_end_well_may_be_taken_as_done_for_a_reason(shop, page):
    cut_off(shop)
    for path in ("/approvals", "/approvals/a2"):
        assert "Take it as done" in page.get(path).text
    before = shop.count()
    answer = page.submit("/approvals/a2", do="as-done", note=" ")
    assert "needs a reason" in answer.text
    assert shop.count() == before


def test_an_approval_is_answered_once(shop, page):
    shop.merge_asked()
    page.submit("/approvals/a1", do="approve")
    answer = page.submit("/approvals/a1", do="reject", note="no")
    assert answer.status_code == 409
    assert "was answered already" in answer.text
    assert (
        sum(event.type in (events.APPROVAL_GIVEN, events.APPROVAL_REFUSED) for event in shop.log.read()) == 1
    )


def test_a_program_answers_too(shop, page):
    shop.merge_asked()
    token = page.get("/api/session").json()["token"]
    headers = {"origin": HERE, HEADER: token}
    said = page.post("/api/approvals/a1", json={"do": "send-back"}, headers=headers)
    assert said.status_code == 400
    said = page.post("/api/approvals/a1", json={"do": "approve", "note": "fine"}, headers=headers)
    assert said.json()["answer"] == "given"
    assert shop.newest(events.APPROVAL_GIVEN).data["note"] == "fine"
    assert page.post("/api/approvals/a9", json={"do": "approve"}, headers=headers).status_code == 404
    assert (
        page.post(
            "/api/approvals/a1", content="[", headers={**headers, "content-type": "application/json"}
        ).status_code
        == 400
    )


def test_always_shows_its_rule_allows_the_call_and_asks_for_the_rule(shop, page):
    path = shop.root / "fleet.yaml"
    held = "    permissions: {otherwise: ask}\n    harness: claude-code\n    model: small"
    text = path.read_text().replace("    model: small", held)
    path.write_text(text.replace("    options: {script: script.yaml}\n", ""))
    git(shop.root, "commit", "-qam", "Hold it to rules")
    running(shop)
    asked = {"call": "c1", "tool": "Bash", "about": "make deploy", "rule": "", "until": 10**15}
    offer = {"where": "allow", "rules": ["Bash(make deploy)"]}
    shop.story.about("r1", events.TOOL_ASKED, agent="developer", **asked, offer=offer)
    card = page.get("/approvals/a1").text
    assert "Always allow this" in card
    assert "Bash(make deploy)" in card
    assert page.get("/api/approvals/a1").json()["always"] == offer
    before = shop.count()
    assert page.submit("/approvals/a1", do="always", note="").status_code == 303
    done = [event for event in shop.log.read(before) if event.source == "user/mia"]
    assert [event.type for event in done] == [events.APPROVAL_GIVEN, events.RULES_PROPOSED]
