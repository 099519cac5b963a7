"""What models cost, for harnesses that tell tokens and no cost: a table, which fleet.yaml adds to. Pure.

The table's numbers are list prices, compared with LiteLLM's table (model_prices_and_context_window) on
2026-11-24. A provider that asks more for long prompts is charged at its usual price, so such runs cost more
than is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from fleet.model.price import Price

# Dollars for a million tokens: input, output, read from the cache, written to it (- as input).
_TABLE = """
claude-haiku-4-5         1      5     0.1    1.25
claude-opus-4-5          5      25    0.5    6.25
claude-opus-4-6          5      25    0.5    6.25
claude-sonnet-4-5        3      15    0.3    3.75
claude-sonnet-4-6        3      15    0.3    3.75
gemini-2.5-flash         0.3    2.5   0.03   -
gemini-2.5-flash-lite    0.1    0.4   0.01   -
gemini-2.5-pro           1.25   10    0.125  -
gemini-3-flash-preview   0.5    3     0.05   -
gemini-3.1-pro-preview   2      12    0.2    -
gemini-3.5-flash         1.5    9     0.15   -
gemini-3.5-flash-lite    0.3    2.5   0.03   -
gpt-4.1                  2      8     0.5    -
gpt-5                    1.25   10    0.125  -
gpt-5-codex              1.25   10    0.125  -
gpt-5-mini               0.25   2     0.025  -
gpt-5-nano               0.05   0.4   0.005  -
gpt-5.1                  1.25   10    0.125  -
gpt-5.1-codex            1.25   10    0.125  -
gpt-5.1-codex-max        1.25   10    0.125  -
gpt-5.1-codex-mini       0.25   2     0.025  -
gpt-5.2                  1.75   14    0.175  -
gpt-5.2-codex            1.75   14    0.175  -
gpt-5.3-codex            1.75   14    0.175  -
gpt-5.4                  2.5    15    0.25   -
gpt-5.5                  5      30    0.5    -
o3                       2      8     0.5    -
o4-mini                  1.1    4.4   0.275  -
"""
_DATED = re.compile(r"-(?:20\d{6}|20\d{2}-\d{2}-\d{2}|latest)$")


def _price(words: list[str]) -> Price:
    given, said, read, written = words
    return Price(float(given), float(said), float(read), float(given if written == "-" else written))


PRICES: Mapping[str, Price] = {
    name: _price(words) for name, *words in (line.split() for line in _TABLE.split("\n") if line)
}
"""The table, by model."""


def price_of(model: str, own: Iterable[tuple[str, Price]] = ()) -> Price | None:
    """A model's price, None for one that is not known. `own` are those of fleet.yaml, which go before the
    table.

    A name may have its provider before a slash and a date behind. As it is written it is looked for first.
    """
    mine = dict(own)
    bare = model.rpartition("/")[2].lower()
    undated = _DATED.sub("", bare)
    # Some write Claude's versions with a dot.
    for name in (model, bare, undated, undated.replace(".", "-") if "claude" in bare else undated):
        if found := mine.get(name) or PRICES.get(name):
            return found
    return None
