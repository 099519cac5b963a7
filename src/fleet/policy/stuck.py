"""Whether a run is stuck: told from what it did and from how the machine sees its processes, by no model.

Each sign looks at the run's recent acts (`Run.trail`), which are forgotten when it is nudged: what is found
after a nudge has happened since. A run that waits for something (a rate limit, a person) is not stuck.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Literal, NamedTuple

from fleet.model.acts import Act, Measures, Stuck
from fleet.model.state import Run

SignKind = Literal["repeats", "fails", "silent", "idle", "context", "spends"]

BUSY_SHARE = 0.05
"""A session that used this share of one processor between two looks is at work."""

BUSY_BYTES = 256 * 1024
"""So is one whose processes have read or written so much."""

_LONGEST_CYCLE = 4
_PATIENT = 3  # so many times as often may be looked whether something is there yet
_ALL_FAIL = 8
_FRUITLESS, _FRUITLESS_FOR_SURE = 40, 120
_LEAST_WORDS = 12  # characters of a failure that say enough to know it again
_JUDGED = ("edit", "commit", "test", "build", "run", "read", "other")


class Sign(NamedTuple):
    """What looks wrong, in words for a person and for the agent."""

    kind: SignKind
    reason: str


def sign_of(rules: Stuck, run: Run, now: int) -> Sign | None:
    """The first sign that the run is stuck at `now` (ms since the epoch), None when it looks well."""
    if run.waits_until > now or run.question:
        return None
    return (
        _repeats(rules, run)
        or _fails(rules, run)
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


def is_stuck_open(run: Run) -> bool:
    """Whether a call of it is under way."""
    return any(not act.back and act.kind != "say" for act in run.trail)


def quiet_since(run: Run) -> int:
    """Since when (ms since the epoch) it has neither said nor done anything that the machine could see."""
    return max(run.heard, run.acted, run.busy_at, run.nudged_at, run.waits_until, run.started)


def patience(rules: Stuck, run: Run) -> int:
    """How long (ms) it may be quiet: longer while a command is under way. 0: for ever."""
    return rules.command_ms if is_stuck_open(run) else rules.silence_ms


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


def is_busy(before: Sequence[tuple[int, int, int]], at: int, cpu_ms: int, io_bytes: int) -> bool:
    """Whether processes were at work between the last of the looks before (when, processor time, bytes) and
    this one.
    """
    if not before:
        return False
    when, cpu, io = before[-1]
    return cpu_ms - cpu >= BUSY_SHARE * max(1, at - when) or io_bytes - io >= BUSY_BYTES


def measure(trail: list[Act]) -> Measures:
    """What these acts show of a loop. Made once for each act, so that asking the rules again costs nothing.
    Whoever looks whether something is there yet may look three times as often.
    """
    acts = [act for act in trail if act.back and act.kind in _JUDGED]
    cycles = tuple(_cycles(acts, length) for length in range(1, _LONGEST_CYCLE + 1))
    same = fails = failing = 0
    if acts:
        last = acts[-1]
        among = _since_progress(acts)
        same = sum(1 for act in among if (act.call, act.out) == (last.call, last.out)) // _slowly([last])
        if not last.ok:
            tests = [act for act in acts if act.kind in ("test", "build")]
            fails = _failing_alike(tests if last in tests else among, last) // _slowly([last])
        failing = _in_a_row(not act.ok for act in reversed(acts))
    talks = _in_a_row(act.kind == "say" and act.call == trail[-1].call for act in reversed(trail))
    return Measures(cycles, same, fails, failing, talks)


def _repeats(rules: Stuck, run: Run) -> Sign | None:
    """The same few calls with the same results, one after the other or between others that change nothing;
    or the same words, and nothing done between.
    """
    found = run.measures
    if not rules.repeats or not found.cycles:
        return None
    for length, times in enumerate(found.cycles, 1):
        if times >= (rules.repeats if length == 1 else max(3, rules.repeats - 1)):
            what = " → ".join(f"`{act.text}`" for act in _judged(run)[-length:])
            return Sign("repeats", f"it did {what} again and again, with the same result")
    if found.same >= rules.repeats + 2:
        last = _judged(run)[-1]
        return Sign("repeats", f"it did `{last.text}` {found.same} times with the same result")
    if found.talks >= rules.repeats:
        return Sign("repeats", f"it said “{run.trail[-1].text}” {found.talks} times in a row")
    return None


def _fails(rules: Stuck, run: Run) -> Sign | None:
    """The same failure, whatever was done about it; or everything fails."""
    found, acts = run.measures, _judged(run) if run.measures.failing else []
    if not rules.repeats or not acts:
        return None
    last = acts[-1]
    telling = last.kind == "test" or len(last.said) >= _LEAST_WORDS
    if found.fails >= rules.repeats and telling:
        what = "the tests failed" if last.kind == "test" else f"`{last.text}` and the like failed"
        return Sign("fails", f"{what} {found.fails} times in the same way: {last.said}".rstrip(": "))
    if found.failing >= max(_ALL_FAIL, 2 * rules.repeats):
        return Sign("fails", f"its last {found.failing} calls all failed: {last.said}".rstrip(": "))
    return None


def _judged(run: Run) -> list[Act]:
    return [act for act in run.trail if act.back and act.kind in _JUDGED]


def _cycles(acts: list[Act], length: int) -> int:
    """How often the last `length` acts were done in a row, all with the same results."""
    marks = [(act.call, act.out) for act in acts]
    block, times = marks[-length:], 0
    if length > 1 and len(set(block)) == 1:
        return 0
    while block and marks[-length:] == block:
        times += 1
        del marks[-length:]
    return times // _slowly(acts[-length:])


def _since_progress(acts: list[Act]) -> list[Act]:
    """The acts after the last one that changed something in a way that was new."""
    known: set[str] = set()
    start = 0
    for place, act in enumerate(acts):
        if act.kind in ("edit", "commit") and act.ok and act.call not in known:
            start = place + 1
        known.add(act.call)
    return acts[start:]


def _failing_alike(acts: list[Act], last: Act) -> int:
    """How often it failed as the last one did: in a row, or with other failures between when that is much
    more often.
    """
    row = everywhere = 0
    broken = False
    for act in reversed(acts):
        if act.ok and act.kind == last.kind and act.call == last.call:
            break  # it has passed meanwhile: this is a new failure
        alike = not act.ok and act.out == last.out
        # It failed otherwise meanwhile: that is getting on, or at least another way.
        broken = broken or (not act.ok and not alike and last.kind in ("test", "build"))
        everywhere += alike
        row += alike and not broken
    return max(row, everywhere - 2)


def _slowly(acts: list[Act]) -> int:
    return _PATIENT if any(act.polls for act in acts) else 1


def _in_a_row(holds: Iterable[bool]) -> int:
    return sum(1 for _ in takewhile(bool, holds))


def _silent(rules: Stuck, run: Run, now: int) -> Sign | None:
    most, since = patience(rules, run), quiet_since(run)
    # Twice it was looked at since: the first look alone says nothing about what is used between.
    if not most or now - since < most or sum(look.at >= since for look in run.looks) < 2:
        return None
    minutes = (now - since) / 60_000
    if is_stuck_open(run):
        act = next(act for act in reversed(run.trail) if not act.back and act.kind != "say")
        return Sign("silent", f"`{act.text}` has said and done nothing for {minutes:.0f} min")
    return Sign("silent", f"nothing was heard of it for {minutes:.0f} min")


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
