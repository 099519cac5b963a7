"""Where a run stands, in one word with its reason, and what it does now, in one line: both from its acts."""

from __future__ import annotations

from typing import Literal, NamedTuple

from fleet.model.acts import Act
from fleet.model.state import Run
from fleet.policy.folds.byhand import took_over

Phase = Literal[
    "queued",
    "starting",
    "running",
    "waiting",
    "succeeded",
    "failed",
    "blocked",
    "stopped",
    "timed out",
    "over budget",
    "cancelled",
]

_VERBS = {
    "edit": "editing",
    "read": "reading",
    "run": "running",
    "build": "building with",
    "commit": "committing",
}
_ORDINALS = {1: "st", 2: "nd", 3: "rd"}
_LONGEST = 120


class Stand(NamedTuple):
    """`waits_for` is question, permission, rate limit or approval where the phase is waiting, else ""."""

    phase: Phase
    waits_for: str
    reason: str


def standing(run: Run, now: int) -> Stand:
    """Where the run stands at `now` (ms since the epoch)."""
    if run.state == "queued":
        return (
            Stand("waiting", "approval", "a person lets it begin") if run.awaits else Stand("queued", "", "")
        )
    if run.state == "cancelled":
        return Stand("cancelled", "", run.reason)
    if run.state == "starting":
        return Stand("starting", "", "")
    if run.state == "ended":
        return _ended(run)
    if run.stop_reason:
        return Stand("running", "", f"stopping: {run.stop_reason}")
    if run.question:
        return Stand("waiting", "question", run.question)
    if run.waits_until > now:
        left = max(1, (run.waits_until - now) // 1000)
        return Stand("waiting", run.waits_kind, f"{run.waits_reason} (another {left} s)")
    nudged = f"it looked stuck: {run.nudges[-1]}" if run.nudges else ""
    return Stand("running", "", nudged)


def doing(run: Run, now: int) -> str:
    """What it does now: `editing src/x.py`, `running tests, 3rd time`; "" when nothing is known."""
    where = standing(run, now)
    if where.phase == "waiting" and run.state == "running":
        what = "for an answer" if where.waits_for == "question" else f"for {_a(where.waits_for)}"
        return f"waits {what}: {where.reason}"[:_LONGEST]
    if not run.trail or run.state not in ("running", "collecting"):
        return run.action
    act = next((each for each in reversed(run.trail) if not each.back and each.kind != "say"), run.trail[-1])
    if act.kind == "say":
        return act.text[:_LONGEST]
    if all(run.action != each.text for each in run.trail):
        return run.action  # it was told something meanwhile
    return f"{_words(act)}{_times(run, act)}{_went(act)}"[:_LONGEST]


def _ended(run: Run) -> Stand:
    if run.in_hand:
        return Stand("stopped", "", took_over(run))
    if run.awaits == "question":
        return Stand("waiting", "question", run.reason)
    if run.outcome == "failed" and (run.exit.get("finish") == "auth" or run.exit.get("reason") in _NOT_BEGUN):
        return Stand("blocked", "", run.reason)
    phases: dict[str, Phase] = {
        "succeeded": "succeeded",
        "stopped": "stopped",
        "timed_out": "timed out",
        "over_budget": "over budget",
    }
    return Stand(phases.get(run.outcome, "failed"), "", run.reason)


_NOT_BEGUN = ("not started", "spawn failed")


def _words(act: Act) -> str:
    if act.kind == "test":
        return "running tests"
    verb = _VERBS.get(act.kind, "")
    first = act.text.partition(" ")[0]
    return act.text if not verb or first.endswith("ing") else f"{verb} {act.text}"


def _times(run: Run, act: Act) -> str:
    """How often it has done this by now, where that is more than once."""
    deed = run.deeds.get(act.text)
    times = (deed.times if deed else 0) + (0 if act.back else 1)
    if act.kind == "test":
        tests = [each for each in run.trail if each.kind == "test"]
        times = max(times, len(tests))
    if times < 2:
        return ""
    ending = "th" if 10 < times % 100 < 14 else _ORDINALS.get(times % 10, "th")
    return f", {times}{ending} time"


def _went(act: Act) -> str:
    return "" if not act.back or act.ok else f" (it failed: {act.said})" if act.said else " (it failed)"


def _a(what: str) -> str:
    return {"rate limit": "its provider", "permission": "a permission"}.get(what, "an approval")
