"""What a run of Claude Code has spent, added up from its records.

Each answer of the model is told in several records, one a block, with the same id and its usage so far, so
they are counted by id. A `result` has the totals of the process in `modelUsage` and `total_cost_usd`
(subagents and the CLI's own questions included, a resumed conversation's earlier processes not), while its
`usage` is that of the last turn alone. In newer versions the totals are those of the conversation.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fleet.adapters.harnesses.words import count, string
from fleet.ports.harness import Usage

_KEPT_ANSWERS = 64  # the blocks of so many answers may come interleaved (subagents at once)
_ANSWER = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
_MODEL = ("inputTokens", "outputTokens", "cacheReadInputTokens", "cacheCreationInputTokens")


class Meter:
    """Totals that never go down."""

    def __init__(self) -> None:
        self.total = Usage()
        self._answers: OrderedDict[str, Usage] = OrderedDict()
        self._before: Usage | None = None

    def answered(self, message: Mapping[str, Any], *, own: bool) -> Usage | None:
        """Count an answer, or more of it; the new totals, None when they are the old ones.

        `own` is false for a subagent's answers, which are no turns of the agent.
        """
        identity, told = string(message, "id", 200), message.get("usage")
        if not identity or not isinstance(told, dict):
            return None
        before = self._answers.pop(identity, None)
        was = before or Usage()
        now = _highest(was, _tokens(told, _ANSWER))
        self._answers[identity] = now
        if len(self._answers) > _KEPT_ANSWERS:
            self._answers.popitem(last=False)
        if now == before:
            return None
        turn = Usage(turns=1 if own and before is None else 0)
        self.total = _plus(_plus(self.total, now), turn, less=was)
        return self.total

    def _since_before(self, total: Usage, result: Mapping[str, Any]) -> Usage:
        """The run's share of these totals. Newer versions tell those of the whole conversation, earlier
        processes included, and beside them what came since the last result: in the first that is all of it.
        """
        since = result.get("model_usage_since_last_result")
        if self._before is None:
            self._before = Usage(cost_micros=0)
            if isinstance(since, dict) and since:
                dollars = sum(
                    _micros(each.get("costUSD")) or 0 for each in since.values() if isinstance(each, dict)
                )
                self._before = _less(total, _sum(since, dollars))
        return _less(total, self._before)

    def ended(self, result: Mapping[str, Any]) -> Usage:
        """The totals as a `result` corrects them."""
        models, told = result.get("modelUsage"), result.get("usage")
        if isinstance(models, dict) and models:
            spent = self._since_before(_sum(models, _micros(result.get("total_cost_usd"))), result)
        elif isinstance(told, dict):
            spent = replace(_tokens(told, _ANSWER), cost_micros=_micros(result.get("total_cost_usd")))
        else:
            spent = Usage(cost_micros=_micros(result.get("total_cost_usd")))
        if result.get("is_error") is False and _is_silent(spent) and _is_silent(self.total):
            # The model answered and told no tokens: what the CLI makes of that is no cost.
            spent = Usage(turns=max(1, count(result, "num_turns")))
        self.total = _highest(self.total, spent)
        return self.total


def _sum(models: Mapping[str, Any], cost: int | None) -> Usage:
    spent = Usage()
    for each in models.values():
        spent = _plus(spent, _tokens(each, _MODEL)) if isinstance(each, dict) else spent
    return replace(spent, cost_micros=cost)


def _less(total: Usage, part: Usage) -> Usage:
    cost = None if total.cost_micros is None else max(0, total.cost_micros - (part.cost_micros or 0))
    return Usage(
        input_tokens=max(0, total.input_tokens - part.input_tokens),
        output_tokens=max(0, total.output_tokens - part.output_tokens),
        cache_read_tokens=max(0, total.cache_read_tokens - part.cache_read_tokens),
        cache_write_tokens=max(0, total.cache_write_tokens - part.cache_write_tokens),
        cost_micros=cost,
    )


def _is_silent(spent: Usage) -> bool:
    tokens = spent.input_tokens + spent.output_tokens + spent.cache_read_tokens + spent.cache_write_tokens
    return not tokens and not spent.cost_micros


def _tokens(told: Mapping[str, Any], names: tuple[str, str, str, str]) -> Usage:
    taken, given, read, written = (count(told, name) for name in names)
    return Usage(taken, given, read, written)


def _micros(dollars: object) -> int | None:
    if isinstance(dollars, bool) or not isinstance(dollars, int | float):
        return None
    return round(dollars * 1_000_000) if math.isfinite(dollars) and 0 <= dollars < 1e9 else None


def _plus(one: Usage, other: Usage, less: Usage | None = None) -> Usage:
    """The sum, less what was counted before; the cost is that of `one`."""
    less = less or Usage()
    return Usage(
        input_tokens=one.input_tokens + other.input_tokens - less.input_tokens,
        output_tokens=one.output_tokens + other.output_tokens - less.output_tokens,
        cache_read_tokens=one.cache_read_tokens + other.cache_read_tokens - less.cache_read_tokens,
        cache_write_tokens=one.cache_write_tokens + other.cache_write_tokens - less.cache_write_tokens,
        cost_micros=one.cost_micros,
        turns=one.turns + other.turns,
    )


def _highest(one: Usage, other: Usage) -> Usage:
    costs = [cost for cost in (one.cost_micros, other.cost_micros) if cost is not None]
    return Usage(
        input_tokens=max(one.input_tokens, other.input_tokens),
        output_tokens=max(one.output_tokens, other.output_tokens),
        cache_read_tokens=max(one.cache_read_tokens, other.cache_read_tokens),
        cache_write_tokens=max(one.cache_write_tokens, other.cache_write_tokens),
        cost_micros=max(costs) if costs else None,
        turns=max(one.turns, other.turns),
    )
