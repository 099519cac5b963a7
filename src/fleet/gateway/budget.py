"""What a run may still use, as its agent asks for it. What it shares with others was set aside for it when it
started, so its own ceilings are all that counts.
"""

from __future__ import annotations

from typing import Any

from fleet.model.state import Run


def budget_left(run: Run, now: int) -> dict[str, Any]:
    """Used, limit and left of time (seconds), cost (dollars) and tokens; a limit of None is no ceiling. The
    time that it waited for its provider or a person does not count.
    """
    used_ms = max(0, now - run.started - run.waited_ms) if run.started else 0
    return {
        "time": _gauge(used_ms / 1000, run.ceiling_ms / 1000),
        "cost": _gauge(run.cost_micros / 1e6, run.cost_limit / 1e6),
        "tokens": _gauge(run.tokens, run.token_limit),
        "cost_known": run.cost_known,
    }


def budget_words(left: dict[str, Any]) -> str:
    """The same for reading."""
    time, cost, tokens = left["time"], left["cost"], left["tokens"]
    lines = [
        f"Time: {_minutes(time['used'])} used, {_left(time, _minutes)}.",
        f"Cost: ${cost['used']:.2f} used, {_left(cost, lambda value: f'${value:.2f}')}."
        + ("" if left["cost_known"] else " Your program has not told its cost yet."),
        f"Tokens: {tokens['used']} used, {_left(tokens, lambda value: f'{value:.0f}')}.",
        "At a ceiling the run is ended; what is committed is kept.",
    ]
    return "\n".join(lines)


def _gauge(used: float, limit: float) -> dict[str, Any]:
    left = max(0, round(limit - used, 6)) if limit else None
    return {"used": round(used, 6), "limit": limit or None, "left": left}


def _left(gauge: dict[str, Any], shown: Any) -> str:
    return f"{shown(gauge['left'])} left of {shown(gauge['limit'])}" if gauge["limit"] else "no ceiling"


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"
