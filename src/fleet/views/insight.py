"""What came of the work: throughput, lead time, rounds, acceptance, cost; by day, agent, model, template.

It is counted anew from the state whenever somebody looks, over a window of whole days (UTC), so nothing is
kept for it. Seconds are seconds, money is dollars.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fleet.model.fleet import Fleet
from fleet.model.state import Change, Instance, Run, State
from fleet.views.units import DAY_MS, dollars, moment, seconds

MOST_DAYS = 90
_MOST_ROUNDS = 5  # so many and more are counted as one
_BAD = ("failed", "timed_out", "over_budget")


@dataclass(frozen=True, slots=True)
class _Landed:
    """A merged change: what it took from the start of its workflow, which the label brings about."""

    day: int
    lead_ms: int
    rounds: int
    cost_micros: int
    author: str
    model: str


def insight(fleet: Fleet, state: State, now: int, days: int = 14) -> dict[str, Any]:
    """The document of the page `/insight` and `/api/insight`: the last `days` (1 to 90), today included.

    `lead` is from the label to the merge. `first_pass` is the share of merged changes that nobody sent back.
    `cost_per_merged` divides all that was spent in the window by what was merged in it.
    """
    days = max(1, min(MOST_DAYS, days))
    today = now // DAY_MS
    first = today - days + 1
    runs = [run for run in state.runs.values() if run.started and (run.ended or now) // DAY_MS >= first]
    landed = [each for each in _landed(state) if each.day >= first]
    return {
        "days": [
            _day(day, [each for each in landed if each.day == day], state, runs, now)
            for day in range(first, today + 1)
        ],
        "all": _figures(runs, landed),
        "rounds": [
            {
                "rounds": number,
                "merged": sum(1 for each in landed if min(each.rounds, _MOST_ROUNDS) == number),
            }
            for number in range(1, _MOST_ROUNDS + 1)
        ],
        "by": {
            "agent": _by(runs, landed, lambda run: run.agent, lambda each: each.author),
            "model": _by(runs, landed, lambda run: run.model, lambda each: each.model),
            "template": _by(
                runs,
                landed,
                lambda run: _template(fleet, run.agent),
                lambda each: _template(fleet, each.author),
            ),
        },
    }


def _landed(state: State) -> Iterable[_Landed]:
    for change in state.changes.values():
        instance = state.instances.get(change.instance)
        if change.merged and instance is not None:
            yield _of(state, change, instance)


def _of(state: State, change: Change, instance: Instance) -> _Landed:
    names = [name for job in instance.jobs.values() for name in job.runs]
    runs = [state.runs[name] for name in names if name in state.runs]
    author = change.author.removeprefix("agent/")
    return _Landed(
        change.merged_at // DAY_MS,
        max(0, change.merged_at - instance.started),
        instance.round,
        sum(run.cost_micros for run in runs),
        author,
        next((run.model for run in runs if run.agent == author), ""),
    )


def _day(day: int, landed: Sequence[_Landed], state: State, runs: Iterable[Run], now: int) -> dict[str, Any]:
    spent = sum(record.spent.get(day, {}).get("cost_micros", 0) for record in state.agents.values())
    if day == now // DAY_MS:
        spent += sum(run.cost_micros for run in runs if run.live)
    return {
        "day": (moment(day * DAY_MS) or "")[:10],
        "merged": len(landed),
        "opened": sum(1 for item in state.items.values() if item.opened // DAY_MS == day),
        "lead": _middle([each.lead_ms for each in landed]),
        "cost": dollars(spent),
    }


def _figures(runs: Sequence[Run], landed: Sequence[_Landed]) -> dict[str, Any]:
    cost = sum(run.cost_micros for run in runs)
    ended = [run for run in runs if run.outcome]
    leads = sorted(each.lead_ms for each in landed)
    return {
        "runs": len(runs),
        "failed": sum(1 for run in ended if run.outcome in _BAD),
        "ended": len(ended),
        "merged": len(landed),
        "lead": _middle(leads),
        "lead_p90": seconds(leads[min(len(leads) - 1, len(leads) * 9 // 10)]) if leads else None,
        "rounds": round(sum(each.rounds for each in landed) / len(landed), 2) if landed else None,
        "first_pass": round(sum(1 for each in landed if each.rounds == 1) / len(landed), 4)
        if landed
        else None,
        "cost": dollars(cost),
        "cost_per_merged": dollars(cost // len(landed)) if landed else None,
    }


def _by(
    runs: Sequence[Run],
    landed: Sequence[_Landed],
    of_run: Callable[[Run], str],
    of_landed: Callable[[_Landed], str],
) -> list[dict[str, Any]]:
    """The figures of each name, the dearest first."""
    his: dict[str, tuple[list[Run], list[_Landed]]] = {}
    for run in runs:
        his.setdefault(of_run(run), ([], []))[0].append(run)
    for each in landed:
        his.setdefault(of_landed(each), ([], []))[1].append(each)
    rows = [{"name": name, **_figures(*found)} for name, found in his.items() if name]
    rows.sort(key=lambda row: (-float(row["cost"]), str(row["name"])))
    return rows


def _template(fleet: Fleet, name: str) -> str:
    agent = fleet.agent(name)
    return agent.template if agent else ""


def _middle(values: Sequence[int]) -> float | None:
    """The median, in seconds."""
    found = sorted(values)
    if not found:
        return None
    at, odd = divmod(len(found), 2)
    return seconds(found[at] if odd else (found[at - 1] + found[at]) // 2)
