"""What may be spent: set aside when a run is admitted, so that no number of runs can overshoot a day."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.model.fleet import Agent, Budget, Limit
from fleet.model.state import Run, State
from fleet.policy.budget import Allowance, allowance, next_day, used_today

DAY_MS = 86_400_000
NOON = 20_000 * DAY_MS + DAY_MS // 2


def _run(number: int, **more: int) -> Run:
    return Run(f"r{number}", "i1", "implement", "change", 1, 1, 1, NOON, state="running", agent="dev", **more)


def _agent(per_run: Limit, per_day: Limit, slots: int = 1) -> Agent:
    return Agent("dev", "change", slots=slots, budget=Budget(per_run, per_day))


def _spent(**day: int) -> State:
    state = State(now=NOON)
    state.agent("dev").spent[NOON // DAY_MS] = {"time_ms": 0, "cost_micros": 0, "tokens": 0, **day}
    return state


CENTS = st.integers(0, 2_000)


@given(per_run=CENTS, per_day=st.integers(1, 5_000), spent=st.integers(0, 6_000), slots=st.integers(1, 6))
def test_what_is_set_aside_for_money_never_goes_beyond_the_day(
    per_run: int, per_day: int, spent: int, slots: int
) -> None:
    agent = _agent(Limit(cost_micros=per_run), Limit(cost_micros=per_day), slots)
    state, live = _spent(cost_micros=spent), list[Run]()
    while len(live) < slots and not (found := allowance(state, agent, live)).refused:
        assert found.cost_micros > 0
        assert not per_run or found.cost_micros <= per_run
        live.append(_run(len(live) + 1, cost_limit=found.cost_micros))
    assert not live or spent + sum(run.cost_limit for run in live) <= per_day


@given(
    per_run=st.integers(0, 100_000),
    per_day=st.integers(1, 300_000),
    spent=st.integers(0, 400_000),
    slots=st.integers(1, 6),
)
def test_what_is_set_aside_of_time_never_goes_beyond_the_day(
    per_run: int, per_day: int, spent: int, slots: int
) -> None:
    agent = _agent(Limit(time_ms=per_run), Limit(time_ms=per_day), slots)
    state, live = _spent(time_ms=spent), list[Run]()
    while len(live) < slots and not (found := allowance(state, agent, live)).refused:
        assert found.time_ms > 0
        live.append(_run(len(live) + 1, ceiling_ms=found.time_ms))
    assert not live or spent + sum(run.ceiling_ms for run in live) <= per_day


def test_without_ceilings_nothing_bounds_a_run() -> None:
    assert allowance(State(now=NOON), _agent(Limit(), Limit()), []) == Allowance()


def test_a_run_without_a_ceiling_of_its_own_gets_an_even_share_of_the_day() -> None:
    agent = _agent(Limit(), Limit(cost_micros=900), slots=3)
    assert allowance(State(now=NOON), agent, []).cost_micros == 300
    assert allowance(State(now=NOON), agent, [_run(1, cost_limit=300)]).cost_micros == 300


def test_the_last_run_of_a_day_gets_what_is_left_of_it() -> None:
    agent = _agent(Limit(cost_micros=500), Limit(cost_micros=700))
    assert allowance(_spent(cost_micros=400), agent, []).cost_micros == 300


def test_no_run_begins_with_less_than_a_tenth_of_what_it_may_use() -> None:
    agent = _agent(Limit(cost_micros=5_000_000), Limit(cost_micros=60_000_000))
    assert allowance(_spent(cost_micros=59_500_000), agent, []).cost_micros == 500_000
    assert allowance(_spent(cost_micros=59_600_000), agent, []).refused == (
        "too little is left of its cost of the day for a run: 0.4 of 60 dollars"
    )


def test_a_ceiling_that_is_small_beside_a_runs_own_is_still_worth_a_run() -> None:
    agent = _agent(Limit(cost_micros=5_000_000), Limit(cost_micros=100_000))
    assert allowance(State(now=NOON), agent, []).cost_micros == 100_000


@pytest.mark.parametrize(
    ("limit", "spent", "word"),
    [
        (
            Limit(time_ms=60_000),
            {"time_ms": 59_500},
            "its time of the day is used up or set aside (1 minutes)",
        ),
        (Limit(cost_micros=2_000_000), {"cost_micros": 2_000_000}, "its cost of the day"),
        (Limit(tokens=100), {"tokens": 100}, "its tokens of the day"),
    ],
)
def test_a_day_that_is_used_up_is_refused_with_its_name(
    limit: Limit, spent: dict[str, int], word: str
) -> None:
    assert allowance(_spent(**spent), _agent(Limit(), limit), []).refused.startswith(word)


def test_yesterdays_spending_does_not_count() -> None:
    agent = _agent(Limit(), Limit(cost_micros=100))
    state = replace(_spent(cost_micros=100), now=next_day(NOON))
    assert allowance(state, agent, []).refused == ""


def test_what_live_runs_have_spent_so_far_is_used() -> None:
    state = _spent(cost_micros=10, tokens=5)
    run = _run(1, started=NOON - 3000, cost_micros=7, tokens=2)
    state.runs["r1"], state.moving["r1"] = run, None
    assert used_today(state, "dev", NOON) == Limit(time_ms=3000, cost_micros=17, tokens=7)


@given(st.integers(0, 2**45))
def test_the_next_day_is_tomorrow(now: int) -> None:
    assert 0 < next_day(now) - now <= DAY_MS
    assert next_day(now) % DAY_MS == 0
