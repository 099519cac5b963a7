"""What a run does, bit by bit: its acts and what came of them, how its processes were seen, and that it was
nudged or waits. All of it is bounded: old acts are forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast, get_args

from fleet.model.acts import KEPT_ACTS, KEPT_DEEDS, Act, ActKind, Course, Deed, Look
from fleet.model.event import Event
from fleet.model.state import Hold, Run, State
from fleet.policy.again import account_of
from fleet.policy.course import began, came_back, forgot, renewed
from fleet.policy.folds.reading import text, whole
from fleet.policy.question import WAITS_MS
from fleet.policy.stuck import is_busy

_KINDS = get_args(ActKind)
_SAID = 300
_LONG_WAIT_MS = 30_000  # others wait with it; shorter ones pass by themselves


def run_acted(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """The agent did something, or was told something."""
    run = state.runs.get(text(data, "run"))
    if run is None:
        return
    run.action = text(data, "action")
    run.acted = event.time
    if data.get("told") is False:
        run.deaf = True
    elif text(data, "words") in run.words:
        run.words[text(data, "words")].told = event.time
    run.answer_heard = run.answer_heard or (data.get("told") is True and bool(run.answer))
    kind = text(data, "kind")
    if kind not in _KINDS:
        return  # an old record, or one of Fleet's own
    at = whole(data, "at") or event.time
    is_heard(run, at)
    if kind != "say":
        run.words = {event: words for event, words in run.words.items() if not words.is_heard(at)}
    if run.answer_heard and kind != "say":  # it goes on, with the answer
        run.question, run.answer, run.answer_heard = "", "", False
    known = cast("ActKind", kind)
    act = Act(text(data, "id"), known, text(data, "call"), run.action, at, form=text(data, "form"))
    act.polls, act.rests = data.get("polls") is True, data.get("rests") is True
    act.moves, act.file = data.get("moves") is True, text(data, "file")
    act.hollow, act.serves = whole(data, "hollow"), data.get("serves") is True
    run.trail.append(act)
    began(run.course, act, prints=run.harness == "command")
    if len(run.trail) > KEPT_ACTS:
        forgot(run.course, run.trail.pop(0))


def run_returned(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """A call of it came back."""
    run = state.runs.get(text(data, "run"))
    if run is None:
        return
    at = whole(data, "at") or event.time
    is_heard(run, at)
    for words in run.words.values():
        words.came_back(at)
    name = text(data, "id")
    act = next((each for each in reversed(run.trail) if each.id == name and not each.back), None)
    if act is None:
        return
    act.back, act.ok = at, data.get("ok") is not False
    act.out, act.said = text(data, "out"), text(data, "said")[:_SAID]
    if "fresh" in data:  # an old log does not say
        act.lines, act.fresh = whole(data, "lines"), whole(data, "fresh")
    _note_deed(run, act)
    if came_back(run.course, act, 1 if run.duty == "change" else 2):
        _has_changed(run, at)
    else:
        run.fruitless += 1


def run_looked(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """Somebody looked at its processes and its workspace."""
    run = state.runs.get(text(data, "run"))
    if run is None:
        return
    at = whole(data, "at") or event.time
    look = Look(
        at,
        whole(data, "cpu_ms"),
        whole(data, "io_bytes"),
        whole(data, "processes"),
        whole(data, "output_at"),
        text(data, "work"),
    )
    if "below_cpu_ms" in data:
        look.below_cpu_ms, look.below_io_bytes = whole(data, "below_cpu_ms"), whole(data, "below_io_bytes")
    if is_busy(run.looks, look, by_itself=run.harness == "command"):
        run.busy_at = at
    if look.output_at > run.heard:
        run.heard = look.output_at
    if look.work and run.work and look.work != run.work:
        _has_changed(run, at)
    run.work = look.work or run.work
    run.looks = [*run.looks[-3:], look]


def run_nudged(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """It looked stuck and is told so; what it does from now on is looked at anew."""
    run = state.runs.get(text(data, "run"))
    if run is None:
        return
    run.unsaid[event.id] = text(data, "text")
    run.cause = event.id
    if text(data, "kind") == "context":
        run.context_told = True
        return
    run.nudges.append(text(data, "reason"))
    run.nudged_at = event.time
    run.trail = [act for act in run.trail if not act.back and act.kind != "say"]
    run.looks, run.fruitless, run.changed_cost = [], 0, run.cost_micros
    run.course = renewed(run.course)


def run_waits(state: State, event: Event, data: Mapping[str, Any]) -> None:
    """It waits by itself, for its model's provider or for a permission; for so long it is not at work."""
    run = state.runs.get(text(data, "run"))
    if run is None:
        return
    at = whole(data, "at") or event.time
    until = max(at, whole(data, "until"))
    is_heard(run, at)
    run.waited_ms += max(0, until - max(at, run.waits_until))
    run.waits_kind, run.waits_reason = text(data, "kind"), text(data, "reason")
    run.waits_until = max(run.waits_until, until)
    if run.waits_kind == "rate limit" and until - at >= _LONG_WAIT_MS:
        account = account_of(run.harness, run.model)
        before = state.holds.get(account)
        if before is None or before.until < until:
            state.holds[account] = Hold(until, run.waits_reason, before.strikes if before else 0, run.id)
    run.acted = event.time


def is_heard(run: Run, at: int) -> None:
    """It said something at that time, so it does not wait any more."""
    run.heard = max(run.heard, at)
    run.looks = []
    if at < run.waits_until:
        run.waited_ms = max(0, run.waited_ms - (run.waits_until - at))
        run.waits_until = at
    if run.asks_ms:
        asks(run, at)


def asks(run: Run, at: int) -> None:
    """It asks a person, and waits from then on. What it did until then, after it had asked, was work."""
    run.waited_ms += WAITS_MS - run.asks_ms
    run.asks_ms, run.asks_from = WAITS_MS, max(run.asks_from, at)


def asks_no_more(run: Run, at: int) -> None:
    """It has its answer, asks no more, or has ended: what it really waited counts."""
    if run.asks_ms:
        really = min(run.asks_ms, max(0, at - run.asks_from))
        run.waited_ms = max(0, run.waited_ms - run.asks_ms + really)
        run.asks_ms = 0


def forget_acts(run: Run) -> None:
    """Let go of what nobody asks for any more once the run is over and summed up."""
    run.trail, run.looks, run.deeds, run.course = [], [], {}, Course()


def _has_changed(run: Run, at: int) -> None:
    run.changed, run.changed_cost, run.fruitless = at, run.cost_micros, 0


def _note_deed(run: Run, act: Act) -> None:
    deed = run.deeds.pop(act.text, None) or Deed(act.text)
    deed.times += 1
    if not act.ok:
        deed.failed += 1
        deed.said = act.said
    run.deeds[act.text] = deed
    while len(run.deeds) > KEPT_DEEDS:
        del run.deeds[next(iter(run.deeds))]
