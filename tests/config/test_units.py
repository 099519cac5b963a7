"""Durations, money and tokens as people write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.config.units import cost_micros, duration_ms, split_tools, token_count

PART = st.integers(1, 99)


@given(st.integers(0, 300), st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))
def test_a_duration_is_the_sum_of_its_parts(days, hours, minutes, seconds):
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")]
    text = "".join(f"{number}{unit}" for number, unit in parts if number)
    total = 1000 * (seconds + 60 * (minutes + 60 * (hours + 24 * days)))
    if total:
        assert duration_ms(text) == total


@given(st.lists(st.tuples(PART, st.sampled_from("dhms")), min_size=2, max_size=4))
def test_parts_that_repeat_or_go_from_small_to_large_are_refused(parts):
    units = ["dhms".index(unit) for _, unit in parts]
    if units != sorted(set(units)):
        with pytest.raises(ValueError, match="largest first"):
            duration_ms("".join(f"{number}{unit}" for number, unit in parts))


@given(st.text(max_size=12))
def test_any_text_is_a_duration_of_more_than_nothing_or_refused_with_a_hint(text):
    try:
        assert duration_ms(text) > 0
    except ValueError as error:
        told = str(error)
        assert told


@given(st.decimals(Decimal("0.000001"), 1_000_000, places=6))
def test_dollars_are_exact_to_the_micro_dollar_however_they_are_written(dollars):
    expected = int(dollars * 1_000_000)
    text = f"{dollars:f}"
    assert cost_micros(text) == cost_micros(f"${text}") == cost_micros(f"{text}$") == expected


@given(st.integers(1, 100_000))
def test_cents_that_yaml_read_as_a_float_lose_nothing(cents):
    assert cost_micros(cents / 100) == cents * 10_000


@given(st.integers(1, 10**6), st.sampled_from([("", 1), ("k", 1000), ("K", 1000), ("M", 10**6)]))
def test_tokens_count_in_thousands_and_millions(number, unit):
    suffix, times = unit
    assert token_count(f"{number}{suffix}") == number * times


@pytest.mark.parametrize("text", ["", "45", "m", "1.5h", "-5m", "0s", "9999d", "1h 30", "½h", "１h", "none"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError):
        duration_ms(text)


@pytest.mark.parametrize(
    "text", ["", "$", "$$5", "5€", "1,50", "nan", "inf", "1e400", "0", "-1", "0.0000001", 1e7]
)
def test_what_is_no_sum_is_refused(text):
    with pytest.raises(ValueError):
        cost_micros(text)


@pytest.mark.parametrize("text", ["", "0", "-1", "2m", "1.0005k5", "0.5", "10g", "1_000", 10**13, True])
def test_what_is_no_count_is_refused(text):
    with pytest.raises(ValueError):
        token_count(text)


def test_tools_are_split_at_commas_outside_of_brackets():
    assert split_tools("Read, Bash(git log, git diff),Grep ,") == ["Read", "Bash(git log, git diff)", "Grep"]
    assert split_tools(["Read"]) == ["Read"]
