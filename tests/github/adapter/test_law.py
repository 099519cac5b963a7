"""GitHub as a forge obeys the law of the port, and each law is broken by a forge that is wrong in one way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.github.adapter.conftest import ANN, FLEET, REPO, STRANGER, World, begin

from fleet.adapters.forges.github.forge import GitHubForge
from fleet.adapters.forges.github.marks import marked
from fleet.model import events
from fleet.model.errors import FleetError
from fleet.ports.forge import Forge, Look, Polled, PullRequest, Quota, Refused
from fleet.testing import forge_law
from fleet.testing.forge_law import LAWS, Law


class Stage:
    """The stage of the law, upon the stand-in."""

    repo, member, stranger = REPO, ANN, STRANGER

    def __init__(self, world: World, forge: Forge) -> None:
        self.world, self.forge = world, forge

    def open_issue(self, login: str, title: str, body: str) -> int:
        return self.world.hub.open_issue(REPO, login, title, body)

    def label(self, number: int, label: str, login: str) -> None:
        self.world.hub.label(REPO, number, label, login)

    def comment(self, number: int, login: str, text: str) -> None:
        self.world.hub.comment(REPO, number, login, text)

    def review(self, number: int, login: str, *, approve: bool) -> None:
        self.world.hub.review(REPO, number, login, "APPROVE" if approve else "REQUEST_CHANGES", "So.")

    def push(self, branch: str, files: Mapping[str, str]) -> str:
        return self.world.hub.push(REPO, branch, files, FLEET)

    def seen(self, number: int) -> Mapping[str, Any]:
        def call(path: str) -> Any:
            return self.world.hub.call("GET", f"/repos/{REPO}/{path}?per_page=100", ANN)

        issue = call(f"issues/{number}")
        return {
            "open": issue["state"] == "open",
            "labels": sorted(each["name"] for each in issue["labels"]),
            "comments": [each["body"] for each in call(f"issues/{number}/comments")],
            "reviews": [each["body"] for each in call(f"pulls/{number}/reviews")]
            if "pull_request" in issue
            else [],
        }

    def branches(self) -> list[str]:
        return [each["name"] for each in self.world.hub.call("GET", f"/repos/{REPO}/branches", ANN)]

    def exhaust(self, seconds: int) -> None:
        self.world.hub.exhaust(FLEET, seconds)

    def asked(self) -> int:
        return len(self.world.hub.requests)

    def pass_time(self, seconds: int) -> None:
        self.world.clock.seconds += seconds

    def close(self) -> None:
        self.world.hub.close()


def stage_maker(tmp_path: Path, program: str, kind: type[GitHubForge] = GitHubForge) -> Callable[[], Stage]:
    made = 0

    def make() -> Stage:
        nonlocal made
        made += 1
        world = begin(tmp_path / str(made), program)
        given = {"gh": world.gh(), "clock": world.clock.fleet, "sleep": world.slept.append}
        return Stage(world, kind(world.folder, **given))

    return make


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_obeys(law: Law, tmp_path: Path, need: Callable[..., str]) -> None:
    law(stage_maker(tmp_path, need("gh")))


class TellsNoComments(GitHubForge):
    def poll(self, repo: str, cursor: Mapping[str, Any], known: Any = ()) -> Polled:
        polled = super().poll(repo, cursor)
        return replace(polled, facts=tuple(e for e in polled.facts if e.type != events.ITEM_COMMENTED))


class MakesNewIds(GitHubForge):
    polls = 0

    def poll(self, repo: str, cursor: Mapping[str, Any], known: Any = ()) -> Polled:
        self.polls += 1
        polled = super().poll(repo, cursor)
        return replace(polled, facts=tuple(replace(e, id=f"{self.polls}:{e.id}") for e in polled.facts))


class TrustsEverybody(GitHubForge):
    def may_write(self, repo: str, login: str) -> bool:
        return True


class BelievesEveryCommand(GitHubForge):
    def poll(self, repo: str, cursor: Mapping[str, Any], known: Any = ()) -> Polled:
        polled = super().poll(repo, cursor)
        facts = tuple(replace(e, data={**e.data, "trusted": True}) for e in polled.facts)
        return replace(polled, facts=facts)


class ForgetsItsDeeds(GitHubForge):
    def show(self, repo: str, number: int, look: Look) -> None:
        super().show(repo, number, look)
        self._poller.deeds._deeds.clear()


class OpensAnother(GitHubForge):
    def open_pull_request(self, repo: str, *, branch: str, base: str, title: str, body: str) -> PullRequest:
        pull = super().open_pull_request(repo, branch=branch, base=base, title=title, body=body)
        return replace(pull, number=pull.number + (title == "Other"))


class SaysItAgain(GitHubForge):
    def show(self, repo: str, number: int, look: Look) -> None:
        for text in look.comments.values():
            path = f"repos/{repo}/issues/{number}/comments"
            self._requests.send("POST", path, {"body": marked(text, "status")})


class ReviewsTwice(GitHubForge):
    def review(self, repo: str, number: int, **more: Any) -> None:
        for mark in ("one", "two"):
            super().review(repo, number, **{**more, "mark": mark})


class TellsTheNewestHead(GitHubForge):
    def poll(self, repo: str, cursor: Mapping[str, Any], known: Any = ()) -> Polled:
        polled = super().poll(repo, cursor)
        heads = [e.data["head"] for e in polled.facts if e.type == events.CHANGE_HEAD_SEEN]
        facts = [replace(e, data={**e.data, "head": heads[0]}) if heads else e for e in polled.facts]
        return replace(polled, facts=tuple(facts))


class MergesWhatIsThere(GitHubForge):
    def merge(self, repo: str, number: int, **more: Any) -> str | Refused:
        return super().merge(repo, number, **{**more, "head": self.pull_request(repo, number).head})


class DeletesAnyway(GitHubForge):
    def delete_branch(self, repo: str, branch: str, head: str) -> None:
        if branch in str(self._requests.get(f"repos/{repo}/branches").document):
            self._requests.send("DELETE", f"repos/{repo}/git/refs/heads/{branch}")


class ReleasesByNotes(GitHubForge):
    def release(self, repo: str, *, tag: str, commit: str, notes: str) -> str:
        return super().release(repo, tag=f"{tag}-{notes}", commit=commit, notes=notes)


class HidesItsPause(GitHubForge):
    def quota(self) -> Quota:
        return replace(super().quota(), paused_until=0)


TWINS: list[tuple[type[GitHubForge], Law]] = [
    (TellsNoComments, forge_law.the_first_poll_tells_what_is_open),
    (MakesNewIds, forge_law.each_fact_has_one_id),
    (TrustsEverybody, forge_law.a_label_counts_by_who_set_it),
    (BelievesEveryCommand, forge_law.a_command_is_told_with_who_gave_it),
    (ForgetsItsDeeds, forge_law.fleets_own_doings_are_no_facts),
    (OpensAnother, forge_law.one_pull_request_for_a_branch),
    (SaysItAgain, forge_law.a_look_is_made_true_and_left_alone),
    (SaysItAgain, forge_law.a_mark_in_a_text_is_only_text),
    (ReviewsTwice, forge_law.a_review_is_posted_once),
    (TellsTheNewestHead, forge_law.a_persons_review_is_of_a_head),
    (MergesWhatIsThere, forge_law.exactly_that_head_is_merged),
    (DeletesAnyway, forge_law.a_branch_goes_only_where_it_is_known),
    (ReleasesByNotes, forge_law.a_release_is_made_once),
    (HidesItsPause, forge_law.during_a_pause_nothing_is_sent),
]


@pytest.mark.parametrize(("twin", "law"), TWINS, ids=lambda part: part.__name__)
def test_a_broken_forge_is_caught(
    twin: type[GitHubForge], law: Law, tmp_path: Path, need: Callable[..., str]
) -> None:
    with pytest.raises((AssertionError, FleetError)):
        law(stage_maker(tmp_path, need("gh"), twin))


def test_every_law_has_shown_that_it_can_fail() -> None:
    assert {law for _, law in TWINS} == set(LAWS)
