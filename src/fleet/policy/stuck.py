"""Whether a run is stuck: told from what it did and from how the machine sees its processes, by no model.

What it did is folded into its course (`fleet.policy.course`) as it happens, so that asking costs next to
nothing: every run is asked again whenever anything happens anywhere. The course begins anew when the run is
nudged, so what is found then has happened since. A run that waits for something (a rate limit, a person) is
not stuck.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from fleet.model.acts import Act, Look, Stuck
from fleet.model.state import Run

SignKind = Literal["repeats", "fails", "silent", "idle", "context", "spends"]

BUSY_SHARE = 0.05
"""A session that used this share of one processor between two looks is at work."""

BUSY_BYTES = 256 * 1024
"""So is one whose processes have read or written so much."""

NEVER_MS = 1 << 60

_FAR_LONGER = 20

_FRUITLESS, _FRUITLESS_FOR_SURE = 40, 120


class Sign(NamedTuple):
    """What looks wrong, in words for a person and for the agent."""

    kind: SignKind
    reason: str


def sign_of(rules: Stuck, run: Run, now: int) -> Sign | None:
    """The first sign that the run is stuck at `now` (ms since the epoch), None when it looks well."""
    if run.waits_until > now or run.question:
        return None
    if 0 < rules.repeats <= run.course.level:
        return _goes_round(run)
    return (
        _overlong(rules, run, now)
        or _silent(rules, run, now)
        or _idle(rules, run, now)
        or _spends(rules, run)
    )


def context_sign(rules: Stuck, run: Run) -> Sign | None:
    """That its model's window is nearly full: it should write down what it knows. No reason to stop it."""
    most = run.window * rules.context_percent // 100
    if run.context_told or not most or run.context < most:
        return None
    full = run.context * 100 // run.window
    return Sign("context", f"its context is {full} % full ({run.context} of {run.window} tokens)")


def quiet_since(run: Run) -> int:
    """Since when (ms since the epoch) it has neither said nor done anything that the machine could see. What
    the processor does while a command sleeps or serves is not the command's doing.
    """
    busy = 0 if _rests(run) else run.busy_at
    return max(run.heard, run.acted, busy, run.nudged_at, run.waits_until, run.started)


def patience(rules: Stuck, run: Run) -> int:
    """How long (ms) it may be quiet: longer while a command is under way, less after a question that nobody
    was asked. 0: for ever.
    """
    if run.course.open > 0:
        return rules.command_ms
    return rules.silence_ms // 2 if run.course.asks else rules.silence_ms


def next_look(rules: Stuck, run: Run) -> int:
    """When (ms since the epoch) somebody should look at its processes, 0 for never. It is looked at when half
    of its patience has passed in silence, and then each eighth, until it is heard again.
    """
    most = patience(rules, run)
    if not most or run.state != "running" or run.stop_reason:
        return 0
    since = quiet_since(run)
    looked = run.looks[-1].at if run.looks else 0
    return max(since + most // 2, looked + most // 8)


def least_patience(rules: Stuck) -> int:
    """A run that was heard less than half of this (ms) ago need not be looked at, whatever it does."""
    return min(rules.silence_ms // 2 or NEVER_MS, rules.command_ms or NEVER_MS)


def is_at_ease(rules: Stuck, run: Run, now: int, least: int) -> bool:
    """Whether nothing can be wrong: it was heard a short while ago, and no figure of it is high. So it
    is with nearly all of a thousand runs, nearly always. `least`: the rules' least patience.
    """
    return (
        now - run.heard < least // 2
        and (run.course.level < rules.repeats or not rules.repeats)
        and run.fruitless < _FRUITLESS
        and (not run.cost_limit or not rules.spend_percent or _spends(rules, run) is None)
        and (run.context_told or run.context * 100 < run.window * rules.context_percent or not run.window)
        and not run.deaf
    )


def is_busy(before: Sequence[Look], look: Look, by_itself: bool) -> bool:
    """Whether processes were at work between the last of the looks before and this one: those below the
    agent's own, where there are any. Who waits for a command may be busy with things of its own for ever. A
    program that does all `by_itself` is at work with any of them.
    """
    if not before:
        return False
    last = before[-1]
    cpu, io = look.cpu_ms - last.cpu_ms, look.io_bytes - last.io_bytes
    if not by_itself and look.below_cpu_ms >= 0 and last.below_cpu_ms >= 0:
        cpu, io = look.below_cpu_ms - last.below_cpu_ms, look.below_io_bytes - last.below_io_bytes
        if cpu < 0:  # some have ended, so something goes on
            return True
    return cpu >= BUSY_SHARE * max(1, look.at - last.at) or io >= BUSY_BYTES


def _goes_round(run: Run) -> Sign:
    """What its course says, in words."""
    course = run.course
    acts = [act for act in run.trail if act.back and act.kind not in ("say", "report")]
    last = acts[-1] if acts else Act("", "other", "", run.action, 0)
    said = f": {last.said}" if last.said else ""
    if course.sign == "circle":
        names = list(dict.fromkeys(act.text for act in reversed(acts)))[: min(course.among, 6)]
        what = " → ".join(f"`{name}`" for name in reversed(names))
        return Sign("repeats", f"it did {what} again and again, with the same result")
    if course.sign == "row":
        return Sign("repeats", f"it did `{last.text}` again and again, with the same result")
    if course.sign == "same":
        return Sign("repeats", f"it did `{last.text}` {course.times} times with the same result")
    if course.sign == "barren":
        return Sign(
            "repeats",
            f"its last {course.times} calls told nothing that it did not know, at last `{last.text}`",
        )
    if course.sign == "hollow":
        return Sign("repeats", f"its last {course.times} calls did nothing, at last `{last.text}`")
    if course.sign == "worn":
        what = f"{course.times} calls that it had made twice before"
        return Sign("repeats", f"no file changed, and {what} told nothing new, at last `{last.text}`")
    if course.sign == "serves":
        return Sign("repeats", f"it started {course.times} times what does not end by itself: `{last.text}`")
    if course.sign == "talks":
        return Sign("repeats", f"it said “{run.trail[-1].text}” {course.times} times in a row")
    if course.sign == "promises":
        return Sign("repeats", f"it said {course.times} times what it will do, and did nothing")
    if course.sign == "failing":
        return Sign("fails", f"its last {course.times} calls all failed{said}")
    what = "the tests failed" if last.kind == "test" else f"`{last.text}` and the like failed"
    return Sign("fails", f"{what} {course.times} times in the same way{said}")


def _rests(run: Run) -> bool:
    return 0 < run.course.open == run.course.resting


def _silent(rules: Stuck, run: Run, now: int) -> Sign | None:
    most, since = patience(rules, run), quiet_since(run)
    # Twice it was looked at since: the first look alone says nothing about what is used between.
    if not most or now - since < most or sum(look.at >= since for look in run.looks) < 2:
        return None
    minutes = (now - since) / 60_000
    act = next((act for act in reversed(run.trail) if not act.back and act.kind != "say"), None)
    if run.course.open > 0 and act is not None:
        return Sign("silent", f"`{act.text}` has said and done nothing for {minutes:.0f} min")
    if run.course.asks:
        return Sign("silent", f"it asked “{run.trail[-1].text}” and has waited for {minutes:.0f} min")
    return Sign("silent", f"nothing was heard of it for {minutes:.0f} min")


def _overlong(rules: Stuck, run: Run, now: int) -> Sign | None:
    """That the same tests take far longer than ever before in this run, and say nothing, however busy."""
    most = 2 * rules.command_ms
    if not most or not run.course.took or now - max(run.heard, run.nudged_at) < most:
        return None
    for act in run.trail:
        before = run.course.took.get(act.call, 0) if act.kind == "test" and not act.back else 0
        if before and now - max(act.at, run.nudged_at) >= max(most, _FAR_LONGER * before):
            minutes = (now - act.at) / 60_000
            return Sign(
                "silent",
                f"`{act.text}` has said nothing for {minutes:.0f} min, and never took more than"
                f" {before / 1000:.0f} s before",
            )
    return None


def _idle(rules: Stuck, run: Run, now: int) -> Sign | None:
    if not rules.idle_ms or run.duty != "change" or run.fruitless < _FRUITLESS:
        return None
    since = max(run.changed, run.started, run.nudged_at)
    long = now - since >= rules.idle_ms or run.fruitless >= _FRUITLESS_FOR_SURE
    return Sign("idle", f"{run.fruitless} calls since it last changed a file") if long else None


def _spends(rules: Stuck, run: Run) -> Sign | None:
    if not rules.spend_percent or run.duty != "change":
        return None
    cost = run.cost_micros - run.changed_cost
    if run.cost_limit and cost * 100 >= run.cost_limit * rules.spend_percent:
        return Sign("spends", f"it spent ${cost / 1e6:.2f} since it last changed a file")
    return None
