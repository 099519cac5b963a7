"""How far an agent can be trusted, from what it did lately: a score of its own, apart from any change's.

A sum of signals, each with its points and its reason, so that everybody can check it by hand. Rates are taken
over two runs more than there were: one failure in one run says little, six in eight say much. The points are
set by judgement; a fleet has too few runs for anything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from fleet.model.state import State

Level = Literal["low", "medium", "high", "critical"]
WINDOW_DAYS = 14
_LEVELS: tuple[tuple[int, Level], ...] = ((65, "critical"), (40, "high"), (20, "medium"), (0, "low"))
_DAY_MS = 86_400_000
_CAUTION = 2  # runs, reviews or merges without fault that everybody is taken to have had


@dataclass(frozen=True, slots=True)
class Standing:
    """A score from 0 (nothing against it) to 100, its level, and the signals that make it, most points first.

    `quality`, `reliability` and `efficiency` go from 0 to 100, more is better; None where there is nothing
    to tell it by. `cost_each_micros` is what one merged change cost.
    """

    score: int
    level: Level
    signals: tuple[dict[str, Any], ...]
    counts: Mapping[str, int]
    quality: int | None
    reliability: int | None
    efficiency: int | None
    cost_each_micros: int | None


def standing(state: State, name: str, *, days: int = WINDOW_DAYS) -> Standing:
    """That of `agent/NAME` or `model/NAME`; of `since/NAME`, an agent since it was last released."""
    return standing_of(state, [name], days=days)


def standing_of(state: State, names: Iterable[str], *, days: int = WINDOW_DAYS) -> Standing:
    """That of several together, such as all agents of one template."""
    named = list(names)
    agents = (name.partition("/")[2] for name in named if name.startswith(("agent/", "since/")))
    in_a_row = max((state.agents[name].failures for name in agents if name in state.agents), default=0)
    return judged(counted(state, named, days), in_a_row)


def counted(state: State, names: Iterable[str], days: int = WINDOW_DAYS) -> dict[str, int]:
    """What was counted in the last so many days."""
    first = state.now // _DAY_MS - days + 1
    found: dict[str, int] = {}
    for name in names:
        for day, count in state.record.get(name, {}).items():
            for key, value in count.items() if day >= first else ():
                found[key] = found.get(key, 0) + value
    return found


def judged(count: Mapping[str, int], in_a_row: int = 0) -> Standing:
    """What these counts come to."""
    return _judged(tuple(sorted(count.items())), in_a_row)


@lru_cache(1024)  # the rules ask about every agent at every step, and few counts are new
def _judged(counts: tuple[tuple[str, int], ...], in_a_row: int) -> Standing:
    count = dict(counts)
    signals = [each for each in _signals(count, in_a_row) if each["points"]]
    signals.sort(key=lambda each: -each["points"])
    score = min(100, sum(each["points"] for each in signals))
    level = next(name for least, name in _LEVELS if score >= least)
    merged, cost = count.get("merged", 0), count.get("cost_micros", 0)
    return Standing(
        score,
        level,
        tuple(signals),
        count,
        _quality(count),
        _reliability(count),
        _efficiency(count),
        cost // merged if merged else None,
    )


def _signals(count: Mapping[str, int], in_a_row: int) -> list[dict[str, Any]]:
    runs, merged = count.get("runs", 0), count.get("merged", 0)
    failed, objections = count.get("failed", 0), count.get("objections", 0)
    reviews, reverted = count.get("reviews", 0), count.get("reverted", 0)
    denied, stuck = count.get("denied", 0), count.get("stuck", 0)
    restarted, extra = count.get("restarted", 0), count.get("rounds", 0) - merged
    lost, blocked = _share(count, "lost_micros", "cost_micros"), _share(count, "blocked_ms", "time_ms")
    return [
        _signal("failures", 40 * _rate(failed, runs), f"{failed} of {runs} runs failed"),
        _signal("in a row", min(18, 6 * in_a_row), f"its last {in_a_row} runs failed"),
        _signal("restarts", 10 * _rate(restarted, runs), f"{restarted} of {runs} runs were another try"),
        _signal("silent", 15 * _rate(stuck, runs), f"{stuck} of {runs} runs stood still or went in circles"),
        _signal("blocked", 8 * blocked, f"it waited for {blocked:.0%} of its time"),
        _signal(
            "rounds", min(15, 8 * _rate(extra, merged)), f"{extra} rounds more for {merged} merged changes"
        ),
        _signal(
            "reviews", 20 * _rate(objections, reviews), f"{objections} of {reviews} reviews were against it"
        ),
        _signal(
            "reverted", min(30, 40 * _rate(reverted, merged)), f"{reverted} of its changes were reverted"
        ),
        _signal("denied", min(25, 4 * denied), f"{denied} actions were denied"),
        _signal("lost", 15 * lost * min(1, runs / 4), f"{lost:.0%} of its cost went into runs that failed"),
    ]


def _signal(name: str, points: float, reason: str) -> dict[str, Any]:
    return {"name": name, "points": max(0, round(points)), "reason": reason}


def _rate(part: int, whole: int) -> float:
    return max(0, part) / (whole + _CAUTION)


def _share(count: Mapping[str, int], part: str, whole: str) -> float:
    return min(1.0, count.get(part, 0) / count[whole]) if count.get(whole) else 0.0


def _quality(count: Mapping[str, int]) -> int | None:
    """What reviewers and time said of its changes: a change that is reverted counts as two bad reviews."""
    told = count.get("reviews", 0) + 2 * count.get("reverted", 0)
    against = count.get("objections", 0) + 2 * count.get("reverted", 0)
    return round(100 * max(0.0, 1 - against / told)) if told else None


def _reliability(count: Mapping[str, int]) -> int | None:
    """How many of its runs neither failed nor stood still nor were another try (which counts half)."""
    runs = count.get("runs", 0)
    trouble = count.get("failed", 0) + 0.5 * (count.get("stuck", 0) + count.get("restarted", 0))
    return round(100 * (1 - min(1.0, trouble / runs))) if runs else None


def _efficiency(count: Mapping[str, int]) -> int | None:
    """Which part of its cost was not lost, of its time not waited for, and of its rounds was needed."""
    if not count.get("runs"):
        return None
    rounds = min(1.0, count.get("merged", 0) / count["rounds"]) if count.get("rounds") else 1.0
    used = (1 - _share(count, "lost_micros", "cost_micros")) * (1 - _share(count, "blocked_ms", "time_ms"))
    return round(100 * used * rounds)
