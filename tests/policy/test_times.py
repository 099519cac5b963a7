"""Windows of the week, in their own zone."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.model.gates import Window
from fleet.policy.times import is_open, moment, next_opening, next_turn, words

BERLIN = Window(days=(0, 1, 2, 3, 4), start=9 * 60, end=17 * 60, zone="Europe/Berlin")
NIGHTS = Window(days=(4,), start=22 * 60, end=6 * 60)  # Friday night, into Saturday


def at(text: str, zone: str = "Europe/Berlin") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000


@pytest.mark.parametrize(
    ("when", "is_so"),
    [
        ("2026-03-02T08:59:59", False),
        ("2026-03-02T09:00", True),
        ("2026-03-06T16:59:59", True),
        ("2026-03-06T17:00", False),
        ("2026-03-07T12:00", False),
        ("2026-07-01T09:00", True),  # in summer that is an hour earlier elsewhere
    ],
)
def test_it_is_open_by_the_clock_of_its_zone(when, is_so):
    assert is_open(BERLIN, at(when)) is is_so


@pytest.mark.parametrize(
    ("when", "opens"),
    [
        ("2026-03-06T17:00", "Mon 2026-03-09 09:00"),
        ("2026-03-09T08:00", "Mon 2026-03-09 09:00"),
        ("2026-03-27T18:00", "Mon 2026-03-30 09:00"),  # the clocks go forward in between
    ],
)
def test_it_says_when_it_opens_next(when, opens):
    assert moment(next_opening(BERLIN, at(when)), BERLIN.zone) == opens


def test_one_over_midnight_belongs_to_the_day_that_it_begins_on():
    assert is_open(NIGHTS, at("2026-03-07T05:59", "UTC"))
    assert not is_open(NIGHTS, at("2026-03-06T05:59", "UTC"))
    assert not is_open(NIGHTS, at("2026-03-07T22:30", "UTC"))


def test_it_is_said_in_words():
    assert words(BERLIN) == "mon-fri 09:00-17:00 (Europe/Berlin)"
    assert words(Window()) == "every day (UTC)"
    assert words(Window(days=(0, 5))) == "mon, sat (UTC)"


@given(
    days=st.sets(st.integers(0, 6), min_size=1),
    start=st.integers(0, 1439),
    end=st.integers(1, 1440),
    zone=st.sampled_from(
        ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]
    ),
    now=st.integers(1_500_000_000_000, 2_500_000_000_000),
)
def test_nothing_changes_before_the_next_turn(days, start, end, zone, now):
    window = Window(tuple(sorted(days)), start, end, zone)
    turn = next_turn(window, now)
    assert turn > now
    assert is_open(window, now) == is_open(window, turn - 1)
    assert is_open(window, next_opening(window, now))
