"""When a repository is asked again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fleet.adapters.forges.github.pace import GATHERED_MS, Pace

CALM = {"spent": 0, "stretch": 1.0, "least": 0}


def test_news_brings_the_shortest_interval_and_quiet_the_longest() -> None:
    pace = Pace()

    waits = [pace.wait("a/b", 0, quiet=quiet, **CALM) for quiet in (0, 1, 2, 20)]

    assert waits == [5_000, 7_500, 11_250, 60_000]


def test_with_many_repositories_each_is_asked_more_seldom() -> None:
    pace = Pace()

    waits = [pace.wait(f"a/{n}", 0, quiet=20, **CALM) for n in range(100)]

    assert waits[0] == 60_000
    assert waits[-1] == 200_000


def test_checks_that_are_due_bring_the_next_poll_forward() -> None:
    assert Pace().wait("a/b", 1_000, quiet=20, due=16_000, **CALM) == 15_000
    assert Pace().wait("a/b", 1_000, quiet=20, due=1_500, **CALM) == 5_000


def test_a_used_up_allowance_gathers_what_costs_most() -> None:
    pace = Pace()
    assert pace.may_look("a/b", 0)
    pace.wait("a/b", 0, quiet=0, spent=100, stretch=1.0, least=0)

    assert not pace.may_look("a/b", 1_000)
    assert pace.may_look("a/b", GATHERED_MS)
    assert pace.may_look("a/other", 1_000)


@given(
    quiet=st.integers(0, 10_000),
    spent=st.integers(0, 5_000),
    stretch=st.floats(1, 10),
    least=st.integers(0, 600_000),
    due=st.integers(0, 10**12),
)
def test_an_interval_is_never_too_short_nor_endless(
    quiet: int, spent: int, stretch: float, least: int, due: int
) -> None:
    wait = Pace().wait("a/b", 10**11, quiet=quiet, spent=spent, stretch=stretch, least=least, due=due)

    assert max(5_000, least) <= wait <= max(900_000, least)
