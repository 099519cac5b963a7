"""Who is told of what waits for a person, and when."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fleet.model import events
from fleet.model.channel import Channel
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.gates import Window
from fleet.model.state import State
from fleet.policy.fold import fold
from fleet.policy.message import message
from fleet.policy.notify import digests_to_send, people_to_tell, telling_times
from fleet.policy.vouch import checkpoints_to_tell, vouching_times

ALL = Channel("json://127.0.0.1")
MERGES = Channel("ntfy://merges", kinds=("merge",))
NIGHT = Channel("ntfy://night", quiet=Window(start=22 * 60, end=7 * 60))
DAILY = Channel("ntfy://daily", digest=8 * 60)
_SEQ = iter(range(1, 10_000))


def at(clock: str) -> int:
    """This time on Monday, 2 March 2026, UTC."""
    hour, minute = (int(part) for part in clock.split(":"))
    return int(datetime(2026, 3, 2, hour, minute, tzinfo=UTC).timestamp()) * 1000


def happens(state: State, what: str, clock: str = "10:00", **data: object) -> None:
    number = next(_SEQ)
    fold(state, Event(what, data, id=f"e{number}", seq=number, time=at(clock)))


def waiting(kind: str = "question", clock: str = "10:00") -> State:
    """A state in which a1 waits for a person."""
    state = State()
    happens(state, events.WATCHER_STARTED, clock, pid=1, version="1", step=False)
    happens(state, events.APPROVAL_ASKED, clock, approval="a1", kind=kind, why="Which colour?")
    return state


def told(state: State, *channels: Channel) -> list[tuple[str, str]]:
    """Who is to be told of what."""
    fleet = Fleet("shop", notify=channels)
    return [
        (each.data["args"]["channel"], each.data["args"]["about"]) for each in people_to_tell(fleet, state)
    ]


def tell(state: State, channel: Channel, about: str = "a1", clock: str = "10:00") -> None:
    happens(state, events.PEOPLE_TOLD, clock, channel=channel.name, about=about, at=state.now)


def test_every_channel_is_told_of_what_waits():
    assert told(waiting(), ALL, NIGHT) == [(ALL.name, "a1"), (NIGHT.name, "a1")]


def test_it_is_told_once():
    state = waiting()
    tell(state, ALL)
    assert told(state, ALL) == []


def test_a_reminder_is_told_again():
    state = waiting("merge")
    tell(state, ALL)
    happens(state, events.APPROVAL_REMINDED, "11:00", approval="a1")
    assert told(state, ALL) == [(ALL.name, "a1")]


def test_what_was_answered_meanwhile_is_not_told():
    state = waiting()
    happens(state, events.APPROVAL_GIVEN, approval="a1", actor="user/mia", note="Blue.")
    assert told(state, ALL) == []


def test_a_channel_hears_of_its_kinds_alone():
    assert told(waiting("question"), MERGES) == []
    assert told(waiting("merge"), MERGES) == [(MERGES.name, "a1")]


def test_in_quiet_hours_nobody_is_told_and_after_them_everybody():
    state = waiting(clock="23:00")
    assert told(state, NIGHT) == []
    assert telling_times(Fleet("shop", notify=(NIGHT,)), state) == [at("07:00") + 86_400_000]
    state.now = at("07:00") + 86_400_000
    assert told(state, NIGHT) == [(NIGHT.name, "a1")]


def test_an_agent_in_quarantine_is_told_until_it_is_released():
    state = State()
    happens(state, events.AGENT_QUARANTINED, agent="dev", reason="three failures", actor="fleet")
    assert told(state, ALL) == [(ALL.name, "quarantine-dev")]
    happens(state, events.AGENT_RELEASED, agent="dev", reason="seen", actor="user/mia")
    assert told(state, ALL) == []


def test_what_is_settled_is_forgotten():
    state = waiting()
    tell(state, ALL)
    happens(state, events.APPROVAL_SETTLED, approval="a1", reason="done")
    assert state.told == {}


def digests(state: State, clock: str, days: int = 0) -> int:
    state.now = at(clock) + days * 86_400_000
    return len(digests_to_send(Fleet("shop", notify=(DAILY,)), state))


def test_a_day_is_summed_up_once_at_its_time():
    state = waiting(clock="10:00")
    assert [digests(state, "23:00"), digests(state, "07:59", 1), digests(state, "08:00", 1)] == [0, 0, 1]
    tell(state, DAILY, "digest")
    assert [digests(state, "08:30", 1), digests(state, "08:00", 2)] == [0, 1]


def test_who_has_a_summary_is_told_nothing_else():
    assert told(waiting(), DAILY) == []


def test_a_message_says_who_asks_what_and_how_to_answer():
    fleet = Fleet("shop", notify_link="https://fleet.example.org/")
    title, text = message(fleet, waiting(), "a1", 0) or ("", "")
    assert title == "[shop] An agent asks"
    assert "Which colour?" in text
    assert text.endswith("Answer: fleet approve a1\nhttps://fleet.example.org/approvals#a1")


@pytest.mark.parametrize("call", ["@channel", "<!here>", "@everyone"])
def test_words_of_an_issue_call_nobody(call: str):
    state = waiting()
    state.approvals["a1"].why = f"{call} look"
    assert call not in (message(Fleet("shop"), state, "a1", 0) or ("", ""))[1]


def test_the_log_does_not_tell_the_address():
    assert "hook-secret" not in Channel("slack://hook-secret/b/c").name


KEEPER = Channel("ntfy://keeper", kinds=("checkpoint",))


def vouched(state: State, *channels: Channel) -> list[str]:
    return [
        each.data["args"]["channel"] for each in checkpoints_to_tell(Fleet("shop", notify=channels), state)
    ]


def test_a_checkpoint_is_told_after_each_merge_to_those_who_want_one():
    state = State()
    happens(state, events.WATCHER_STARTED, "10:00", pid=1, version="1", step=False, key="k")
    assert vouched(state, KEEPER, ALL) == []
    happens(state, events.CHANGE_OPENED, "10:01", change=2)
    happens(state, events.CHANGE_ATTESTED, "10:02", change=2, envelope={})
    assert vouched(state, KEEPER, ALL) == [KEEPER.name]
    tell(state, KEEPER, "checkpoint", "10:03")
    assert vouched(state, KEEPER) == []


def test_a_checkpoint_is_told_once_a_day_though_nothing_happens():
    state, fleet = State(), Fleet("shop", notify=(KEEPER,))
    happens(state, events.WATCHER_STARTED, "10:00", pid=1, version="1", step=False, key="k")
    (due,) = vouching_times(fleet, state)
    assert due == at("00:00") + 86_400_000
    state.now = due
    assert vouched(state, KEEPER) == [KEEPER.name]


def test_that_the_disk_is_full_is_told_once():
    state = State()
    happens(state, events.WORKSPACES_MEASURED, bytes=9, limit=5, over=True)
    assert told(state, ALL) == [(ALL.name, "disk")]
    tell(state, ALL, "disk")
    assert told(state, ALL) == []


def warned(state: State, percent: int = 80, clock: str = "10:00", scope: str = "agent/dev 20514") -> None:
    happens(
        state,
        events.BUDGET_WARNED,
        clock,
        scope=scope,
        words="dev's day",
        figure="cost",
        percent=percent,
        used=2_000_000,
        limit=2_500_000,
    )


def test_people_hear_of_a_ceiling_before_it_stops_anything():
    state = waiting("merge")
    warned(state)
    (about,) = (about for _, about in told(state, Channel("ntfy://money", kinds=("budget",))))
    title, text = message(Fleet("shop"), state, about, state.now) or ("", "")
    assert title == "[shop] 80 % of dev's day are used (cost)"
    assert text.startswith("2 of 2.5 dollars.")


def test_of_the_same_ceiling_they_hear_again_when_most_of_it_is_used():
    state = State()
    warned(state, 50)
    ((_, about),) = told(state, ALL)
    tell(state, ALL, about)
    assert told(state, ALL) == []
    warned(state, 80, "11:00")
    assert told(state, ALL) == [(ALL.name, about)]


def test_what_a_single_run_has_used_is_told_to_nobody():
    state = State()
    warned(state, scope="run/r1")
    assert told(state, ALL) == []


def test_the_summary_of_a_day_has_the_ceilings_that_were_nearly_reached_and_waits_for_none_of_them():
    state = State()
    warned(state, clock="07:00")
    _, text = message(Fleet("shop"), state, "digest", at("08:00")) or ("", "")
    assert "80 % of dev's day are used (cost)." in text
    assert "Waiting for a person: 0." in text
