"""What polls cost: nothing while nothing happens, a known share of the quota while much does."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.github.adapter.conftest import ANN, FLEET, REPO, Within, World, begin, data

from fleet.model import events
from fleet.ports.forge import Look


@pytest.fixture
def fast(tmp_path: Path) -> World:
    made = begin(tmp_path, "gh")
    made.forge = made.new_forge(gh=Within(hub=made.hub))
    return made


def poll_for(world: World, seconds: int) -> None:
    """Poll whenever it is time, for so long."""
    end = world.clock.seconds + seconds
    while world.clock.seconds < end:
        world.poll()
        world.clock.seconds = world.next_ms / 1000


def test_an_idle_repository_costs_one_free_request_an_interval(fast: World) -> None:
    fast.hub.open_issue(REPO, ANN, "One", "", ["fleet:ready"])
    fast.clock.seconds += 60
    fast.poll()

    requests = fast.requests(lambda: poll_for(fast, 3600))

    assert len(requests) <= 70
    assert [each.status for each in requests if each.counted] == []


def test_a_restart_pays_for_nothing_again(fast: World) -> None:
    for n in range(5):
        fast.hub.open_issue(REPO, ANN, f"Issue {n}", "", ["fleet:ready"])
    fast.clock.seconds += 60
    fast.poll()
    fast.forge = fast.new_forge(gh=Within(hub=fast.hub))

    requests = fast.requests(fast.poll)

    assert [each.counted for each in requests] == [False]


def test_an_issue_that_gets_a_label_waits_for_nothing_else_that_changed(fast: World) -> None:
    numbers = [fast.hub.open_issue(REPO, ANN, f"Issue {n}") for n in range(6)]
    fast.settle()
    for number in numbers[1:]:
        fast.hub.comment(REPO, number, ANN, "Hm.")
    fast.hub.label(REPO, numbers[0], "fleet:ready", ANN)

    first = fast.requests(lambda: fast.poll())
    soon, rest = fast.next_ms == fast.clock.fleet(), fast.poll()

    assert [each.path for each in first] == [
        f"/repos/{REPO}/issues",
        f"/repos/{REPO}/issues/{numbers[0]}/timeline",
    ]
    assert soon
    assert len(data(rest, events.ITEM_COMMENTED)) == 5


def test_even_a_lost_cursor_pays_for_nothing_again(fast: World) -> None:
    for n in range(5):
        fast.hub.open_issue(REPO, ANN, f"Issue {n}", "", ["fleet:ready"])
    fast.clock.seconds += 60
    before = fast.poll()
    fast.cursor = {}

    again: list = []
    requests = fast.requests(lambda: again.extend(fast.poll()))

    assert {each.id for each in again} == {each.id for each in before}
    assert not [each for each in requests if each.counted]


def test_thirty_pull_requests_under_way_stay_in_their_share(fast: World) -> None:
    """Each gets two heads, four checks on each, reviews, comments, and what Fleet itself shows there."""
    numbers = []
    for n in range(30):
        fast.hub.push(REPO, f"fleet/{n}", {f"{n}.txt": "1\n"}, FLEET)
        made = fast.forge.open_pull_request(
            REPO, branch=f"fleet/{n}", base="main", title=f"Change {n}", body=""
        )
        numbers.append(made.number)
    moves = sorted(an_hour_of(fast, numbers), key=lambda move: move[0])
    facts, counted, end = {}, 0, fast.clock.seconds + 3600
    fast.poll()

    while fast.clock.seconds < end:
        while moves and moves[0][0] <= fast.clock.seconds:
            moves.pop(0)[1]()
        polled: list = []
        counted += sum(each.counted for each in fast.requests(lambda: polled.extend(fast.poll())))  # noqa: B023
        facts |= {event.id: event for event in polled}
        fast.clock.seconds = fast.next_ms / 1000

    assert counted <= 340
    assert len(data(facts.values(), events.CHANGE_REVIEWED)) == 60
    assert len(data(facts.values(), events.ITEM_COMMENTED)) == 60
    assert [each["state"] for each in data(facts.values(), events.CHANGE_REPORTED)].count("passed") == 240


def an_hour_of(world: World, numbers: list[int]) -> Iterator[tuple[float, Callable[[], object]]]:
    dice, hub, begun = random.Random(7), world.hub, world.clock.seconds
    for n, number in enumerate(numbers):
        branch = f"fleet/{n}"
        for at in (begun + dice.uniform(0, 1000), begun + dice.uniform(1700, 2700)):
            if at > begun + 1700:
                yield at, partial(hub.push, REPO, branch, {"again.txt": "2\n"}, FLEET)
            for name in ("build", "lint", "test", "docs"):
                yield at + 5, partial(hub.check, REPO, branch, name)
                yield at + dice.uniform(60, 500), partial(hub.check, REPO, branch, name, "success")
            yield at + 600, partial(hub.review, REPO, number, ANN, "REQUEST_CHANGES", "Not yet.")
            yield at + 650, partial(hub.comment, REPO, number, ANN, "Look again.")
            for step, label in enumerate(("fleet:working", "fleet:review")):
                look = Look(labels=(label,), comments={"status": f"{label} {at}"})
                yield at + 300 * step, partial(world.forge.show, REPO, number, look)


def test_a_thousand_labelled_issues_are_told_in_few_requests(fast: World) -> None:
    for n in range(1000):
        fast.hub.open_issue(REPO, ANN, f"Issue {n}", "Do it.", ["fleet:ready"])
    fast.clock.seconds += 60

    facts: list = []
    requests = fast.requests(lambda: facts.extend(fast.poll()))

    assert len(requests) <= 40
    opened = [each["title"] for each in data(facts, events.ITEM_OPENED)]
    assert opened == [f"Issue {n}" for n in range(1000)]
    assert len(data(facts, events.ITEM_LABELED)) == 1000
    assert len(json.dumps(fast.cursor)) < 300_000
    fast.clock.seconds += 400
    assert fast.poll() == ()
    assert len(json.dumps(fast.cursor)) < 145_000
