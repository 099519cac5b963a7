"""What it costs to tell which of 1,000 live runs are stuck: for each call of theirs, and at each decision.

`python bench/stuck_bench.py [RUNS]`. No session runs: events are folded and the rules asked, in this process.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

from fleet.model import events
from fleet.model.event import Event
from fleet.model.state import Run, State
from fleet.policy.fold import fold
from fleet.policy.unstick import looks_due, runs_to_look_at, runs_to_unstick
from fleet.testing.story import FLEET

RUNS, CALLS, ROUNDS = 1_000, 40, 30
_START = 1_767_268_800_000


def measure(runs: int = RUNS) -> dict[str, Any]:
    """Microseconds of processor time for a call and its return, milliseconds for a decision's share."""
    state = State()
    for number in range(runs):
        run = Run(f"r{number}", "i1", "implement", "change", 1, 1, 1, _START, state="running")
        run.agent, run.started = FLEET.agents[0].name, _START
        state.runs[run.id], state.moving[run.id] = run, None
    told = [event for call in range(CALLS) for number in range(runs) for event in _events(call, f"r{number}")]
    begin = time.process_time()
    for event in told:
        fold(state, event)
    fold_us = (time.process_time() - begin) * 1e6 / (runs * CALLS)
    state.now = _START + CALLS * 1_000
    rules: tuple[Callable[..., Any], ...] = (runs_to_look_at, runs_to_unstick, looks_due)
    begin = time.process_time()
    for _ in range(ROUNDS):
        for rule in rules:
            rule(FLEET, state)
    decision_ms = (time.process_time() - begin) * 1e3 / ROUNDS
    return {"runs": runs, "call_and_return_us": round(fold_us, 1), "decision_ms": round(decision_ms, 2)}


def _events(call: int, run: str) -> tuple[Event, Event]:
    at, kind = _START + call * 1_000, "edit" if call % 3 == 0 else "run"
    acted = {
        "run": run,
        "id": f"c{call}",
        "at": at,
        "kind": kind,
        "call": _sign(f"call {call}"),
        "action": "x",
    }
    back = {
        "run": run,
        "id": f"c{call}",
        "at": at,
        "ok": True,
        "out": _sign(f"out {call}"),
        "lines": 3,
        "fresh": 3,
    }
    return Event(events.RUN_ACTED, acted, time=at), Event(events.RUN_RETURNED, back, time=at)


def _sign(text: str) -> str:
    return blake2b(text.encode(), digest_size=6).hexdigest()


def table(figures: dict[str, Any]) -> str:
    """The figures for people."""
    return "\n".join(f"{name.replace('_', ' '):28}{value:>10}" for name, value in figures.items())


if __name__ == "__main__":
    print(table(measure(*(int(word) for word in sys.argv[1:]))))
