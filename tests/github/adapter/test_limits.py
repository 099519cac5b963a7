"""Limits and faults: one pause for all, no storm of retries, nothing fetched twice."""

from __future__ import annotations

import pytest
from tests.github.adapter.conftest import ANN, FLEET, REPO, Within, World

from fleet.model.errors import Permanent, Temporary
from fleet.ports.forge import Look


@pytest.fixture(autouse=True)
def _fast(world: World) -> None:
    world.forge = world.new_forge(gh=Within(hub=world.hub))


def test_a_secondary_limit_pauses_every_verb_for_as_long_as_it_says(world: World) -> None:
    number = world.hub.open_issue(REPO, ANN, "One")
    world.hub.fail(secondary=True, retry_after=90)
    with pytest.raises(Temporary) as first:
        world.poll()

    def others() -> None:
        with pytest.raises(Temporary) as error:
            world.forge.close(REPO, number, reason="completed")
        assert 0 < error.value.delay_ms <= 90_000

    assert first.value.delay_ms == 90_000
    assert world.requests(others) == []
    world.clock.seconds += 91
    assert len(world.poll()) == 1


def test_a_secondary_limit_without_a_time_pauses_longer_each_time(world: World) -> None:
    world.hub.fail(secondary=True, times=3)
    delays = []
    for _ in range(3):
        with pytest.raises(Temporary) as error:
            world.poll()
        delays.append(error.value.delay_ms)
        world.clock.seconds += error.value.delay_ms / 1000

    assert delays == [60_000, 120_000, 240_000]


def test_a_pause_outlives_a_restart(world: World) -> None:
    world.hub.exhaust(FLEET, 600)
    with pytest.raises(Temporary):
        world.poll()
    world.forge = world.new_forge(gh=Within(hub=world.hub))

    def again() -> None:
        with pytest.raises(Temporary):
            world.poll()

    assert world.requests(again) == []
    assert world.forge.quota().paused_until > world.clock.fleet()


def test_a_used_up_quota_pauses_until_it_begins_anew_whatever_our_clock_says(world: World) -> None:
    world.clock.skew = -7200
    world.hub.exhaust(FLEET, 600)

    with pytest.raises(Temporary) as error:
        world.poll()

    assert 590_000 <= error.value.delay_ms <= 605_000


def test_a_refusal_that_is_no_limit_pauses_nobody(world: World) -> None:
    number = world.hub.open_issue(REPO, ANN, "One")
    world.hub.fail(method="PATCH", status=403, message="Resource not accessible")

    with pytest.raises(Permanent) as error:
        world.forge.close(REPO, number, reason="completed")

    assert error.value.why == "Resource not accessible"
    assert world.forge.quota().paused_until == 0
    world.forge.close(REPO, number, reason="completed")


def test_a_low_quota_stretches_the_interval(world: World) -> None:
    world.poll()
    plenty = world.next_ms - world.clock.fleet()
    for _ in range(4600):
        world.hub._limits.take(FLEET)
    world.forge._requests.get(f"repos/{REPO}")

    world.poll()

    assert world.next_ms - world.clock.fleet() > 5 * plenty


def test_github_may_ask_for_a_longer_interval(world: World) -> None:
    world.hub.fail(headers={"X-Poll-Interval": "45"})

    world.poll()

    assert world.next_ms - world.clock.fleet() >= 45_000


@pytest.mark.parametrize("fault", [{"status": 502}, {"cut": True}, {"reset": True}])
def test_a_question_that_failed_is_asked_again_soon(world: World, fault: dict) -> None:
    world.hub.open_issue(REPO, ANN, "One")
    world.hub.fail(**fault)

    assert len(world.poll()) == 1
    assert world.slept == [0.3]


def test_when_it_keeps_failing_the_next_try_is_further_away_each_time(world: World) -> None:
    world.hub.fail(status=502, times=-1)
    delays, asked = [], []
    for _ in range(4):
        with pytest.raises(Temporary) as error:
            asked.append(len(world.requests(world.poll)))
        delays.append(error.value.delay_ms)

    assert delays == [2000, 4000, 8000, 16000]


def test_what_was_answered_before_a_failure_is_not_paid_again(world: World) -> None:
    for n in range(8):
        world.hub.open_issue(REPO, ANN, f"Issue {n}", "", ["fleet:ready"])
    world.hub.fail("/issues/5/timeline", status=502, times=3)
    with pytest.raises(Temporary):
        world.poll()

    facts: list = []
    again = world.requests(lambda: facts.extend(world.poll()))

    assert len(facts) == 16
    assert len([each for each in again if each.counted]) <= 6
    assert [each.path for each in again if each.counted and each.path.endswith("/1/timeline")] == []


def test_doubled_answers_are_told_once(world: World) -> None:
    world.hub.open_issue(REPO, ANN, "One", "", ["fleet:ready"])
    world.hub.comment(REPO, 1, ANN, "Well.")
    world.hub.fail(doubled=True, times=-1)

    facts = world.poll()

    assert len(facts) == len({each.id for each in facts}) == 3


def test_a_write_is_sent_once_and_looked_for_after_a_failure(world: World) -> None:
    number = world.hub.open_issue(REPO, ANN, "One")
    world.hub.fail("/comments$", "POST", status=502, performed=True)
    look = Look(comments={"status": "At work."})
    with pytest.raises(Temporary):
        world.forge.show(REPO, number, look)

    world.forge.show(REPO, number, look)

    assert len(world.hub.call("GET", f"/repos/{REPO}/issues/{number}/comments", ANN)) == 1


def test_any_answer_may_fail_and_every_fact_is_told(world: World) -> None:
    """The watcher dies at each request in turn, and goes on from the cursor that it had."""
    pull = world.hub.push(REPO, "fleet/1-x", {"a.txt": "1\n"}, FLEET)
    world.hub.open_issue(REPO, ANN, "One", "", ["fleet:ready"])
    world.forge.open_pull_request(REPO, branch="fleet/1-x", base="main", title="T", body="")
    world.hub.review(REPO, 2, ANN, "REQUEST_CHANGES", "No.", [("a.txt", 1, "Why?")])
    world.hub.check(REPO, pull, "ci", "failure", log="##[error]boom")
    world.hub.comment(REPO, 2, ANN, "/fleet approve")
    world.clock.seconds += 60
    whole = {event.id for event in world.new_forge(gh=Within(hub=world.hub)).poll(REPO, {}).facts}
    needed = 14
    for place in range(needed):
        world.folder = world.folder.with_name(f"forge{place}")
        world.forge = world.new_forge(gh=Within(hub=world.hub))
        world.hub.faults.clear()
        world.hub.fail(status=500, skip=place, times=3)
        world.cursor, told = {}, set()
        for _ in range(2):
            try:
                told |= {event.id for event in world.poll()}
            except Temporary:
                world.forge = world.new_forge(gh=Within(hub=world.hub))
        # A forge that has forgotten with which head it opened the pull request tells that head too.
        assert {name for name in told if ":head:" not in name} == whole
    assert len(whole) == 6
