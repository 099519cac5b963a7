"""When the forge is told how things stand: at once where somebody waits, else when it has settled."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.model import events
from fleet.model.fleet import Repo
from fleet.model.state import Change, Wish
from fleet.policy import show
from fleet.policy.due import rest
from fleet.policy.show import APART_MS, brief_of, digest_of, look, objector
from fleet.testing.story import FLEET, Story

REPO = "acme/shop"
ON_A_FORGE = replace(FLEET, forge="github", repos=(Repo(REPO, "main"),))


def shows(story: Story) -> list[Wish]:
    return [each for each in story.state.wishes.values() if each.kind == "show"]


def shown(story: Story) -> None:
    """All that was to be shown is."""
    for each in shows(story):
        found = look(story.fleet, story.state, each.args["item"])
        said = {"item": each.args["item"], "digest": digest_of(found), "brief": brief_of(found)}
        story.tell(events.FORGE_SHOWN, **said, final=False)
        story.tell(events.EFFECT_DONE, key=each.key)


@pytest.fixture
def crowded(monkeypatch: pytest.MonkeyPatch) -> Story:
    """One item is at work and shown so, and that is many."""
    monkeypatch.setattr(show, "MANY", 0)
    story = Story(ON_A_FORGE)
    story.issue(ref=f"{REPO}#1", repo=REPO)
    story.start("r1")
    shown(story)
    assert shows(story) == []
    return story


def stands_otherwise(story: Story) -> None:
    """The forge shows another label than it should."""
    brief = story.state.shown_brief[1].partition("/")[0] + "/another"
    story.tell(events.FORGE_SHOWN, item=1, digest="another", brief=brief, final=False)


def test_a_label_that_nobody_waits_for_is_shown_when_it_has_settled(crowded: Story) -> None:
    stands_otherwise(crowded)
    begun = crowded.state.shown_at[1]
    (later,) = shows(crowded)
    assert later.args["after"] == begun + APART_MS
    assert rest(crowded.fleet, crowded.state) != "idle"


def test_what_a_person_is_asked_is_shown_at_once_though_something_settles(crowded: Story) -> None:
    stands_otherwise(crowded)
    crowded.about("r1", events.RUN_STOP_ASKED, reason="enough", kind="person", actor="user/mia")
    crowded.end("r1")
    assert crowded.state.asked
    assert ["after" in each.args for each in shows(crowded)] == [True, False]


def command(story: Story, *, item: int, trusted: bool, ref: str, word: str = "approve") -> None:
    data = {"item": item, "ref": ref, "repo": REPO, "command": word, "args": "", "head": ""}
    story.tell(events.FORGE_COMMANDED, **data, actor="user/mia", trusted=trusted)


def answers(story: Story) -> list[str]:
    return [each.args["text"] for each in story.state.wishes.values() if each.kind == "answer"]


def test_each_command_where_no_work_is_gets_an_answer() -> None:
    story = Story(replace(ON_A_FORGE, workflows=()))
    story.issue(ref=f"{REPO}#1", repo=REPO)
    command(story, item=1, trusted=True, ref=f"{REPO}#1")
    command(story, item=1, trusted=True, ref=f"{REPO}#1", word="<img>")
    first, second = answers(story)
    assert "no workflow is at work" in first
    assert "fleet:ready" in first
    assert "<img>" not in second


def test_one_who_may_not_command_is_told_so_once_a_place() -> None:
    story = Story(replace(ON_A_FORGE, workflows=()))
    story.issue(ref=f"{REPO}#1", repo=REPO)
    for _ in range(3):
        command(story, item=1, trusted=False, ref=f"{REPO}#1")
    assert len(answers(story)) == 1
    assert "may not command" in answers(story)[0]


def test_where_work_is_shown_its_own_comment_answers() -> None:
    story = Story(ON_A_FORGE)
    story.issue(ref=f"{REPO}#1", repo=REPO)
    story.start("r1")
    command(story, item=1, trusted=False, ref=f"{REPO}#1")
    assert answers(story) == []
    assert "may not command" in look(story.fleet, story.state, 1)["comment"]


def review(by: str, verdict: str, head: str = "c" * 40) -> dict[str, str]:
    return {"by": f"agent/{by}", "verdict": verdict, "head": head, "run": f"r-{by}", "text": ""}


@pytest.mark.parametrize(
    ("earlier", "found"),
    [
        ([review("other", "request-changes")], "agent/other"),
        ([review("other", "request-changes"), review("other", "approve")], ""),
        ([review("other", "request-changes", "d" * 40)], ""),
        ([review("alone", "request-changes")], ""),
    ],
)
def test_an_approval_takes_back_no_objection_of_another_agent_with_the_same_login(
    earlier: list[dict[str, str]], found: str
) -> None:
    logins = {"lead": "bot", "other": "Bot", "alone": ""}
    agents = tuple(replace(FLEET.agents[0], name=name, login=login) for name, login in logins.items())
    last = review("lead", "approve")
    change = Change(2, 1, "i1", "fleet/1-x", "main", "c" * 40, "agent/dev", "x")
    change.reviews += [*earlier, last]
    assert objector(replace(FLEET, agents=agents), change, last) == found
