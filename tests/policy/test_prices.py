"""What tokens cost where a harness does not tell."""

from __future__ import annotations

import pytest

from fleet.engine.acts import Acts
from fleet.model.price import Price
from fleet.policy.prices import PRICES, price_of
from fleet.ports.harness import ModelUsage, Usage

OWN = (("mine", Price(1, 2, 0.5, 1)), ("gpt-5", Price(9, 9, 9, 9)))


def cost(usage: Usage, model: str = "") -> int | None:
    ((_, data),) = Acts("r1", model, OWN).facts(usage, 0)
    return data["cost_micros"]


@pytest.mark.parametrize(
    "name", ["gemini-2.5-pro", "google/gemini-2.5-pro", "models/gemini-2.5-pro", "gemini-2.5-pro-2026-01-31"]
)
def test_a_model_is_known_by_its_name_whatever_stands_around_it(name):
    assert price_of(name) == Price(1.25, 10, 0.125, 1.25)


def test_a_version_may_be_written_with_a_dot():
    assert (
        price_of("claude-sonnet-4.5")
        == price_of("anthropic/claude-sonnet-4-5-20250929")
        == Price(3, 15, 0.3, 3.75)
    )


def test_prices_of_ones_own_go_before_the_table_and_others_are_not_made_up():
    assert price_of("openai/gpt-5", OWN) == Price(9, 9, 9, 9)
    assert price_of("gpt-5-mini", OWN) == PRICES["gpt-5-mini"]
    assert price_of("gpt-99", OWN) is None
    assert price_of("", OWN) is None


def test_a_read_from_the_cache_costs_no_more_than_what_is_new():
    assert all(each.cache_read <= each.input <= each.output for each in PRICES.values())


def test_what_a_harness_tells_goes_before_the_table():
    assert cost(Usage(1_000, 100, cost_micros=7), "mine") == 7


def test_tokens_are_charged_at_the_price_of_their_model():
    assert cost(Usage(1_000, 100, 40), "mine") == 1_000 + 200 + 20
    parts = (ModelUsage("mine", 1_000, 100, 40), ModelUsage("gpt-5-mini", 1_000_000, 0, 0))
    assert cost(Usage(1_001_000, 100, 40, by_model=parts)) == 1_220 + 250_000


def test_one_model_without_a_price_makes_the_whole_unknown():
    parts = (ModelUsage("mine", 1_000), ModelUsage("gpt-99", 1))
    assert cost(Usage(1_001, by_model=parts)) is None
    assert cost(Usage(1_000), "") is None
