"""What it means for a run, a change or a job that an effect can't be had: one function a kind of effect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fleet.engine.effects.attest import unattested
from fleet.engine.effects.forge import shown
from fleet.engine.effects.notify import told
from fleet.model import events
from fleet.model.errors import FleetError
from fleet.model.event import Event
from fleet.model.state import State, Wish
from fleet.policy.ask import stuck
from fleet.policy.fact import fact
from fleet.policy.taken import KIND as COMMAND

Refusal = Callable[[State, Wish, str], list[Event]]


def refused(state: State, wish: Wish, error: FleetError) -> list[Event]:
    """The events that follow from the refusal; none for an effect that nothing hangs on."""
    made = _REFUSALS.get(wish.kind)
    return made(state, wish, str(error)) if made is not None else []


def story_of(state: State, wish: Wish) -> str:
    """The instance that a wish belongs to, "" for none."""
    run = state.runs.get(str(wish.args.get("run", "")))
    change = state.changes.get(wish.args.get("change", 0))
    return run.instance if run else change.instance if change else str(wish.args.get("instance", ""))


def _start(state: State, wish: Wish, why: str) -> list[Event]:
    data = {"run": wish.args["run"], "reason": "not started", "error": why, "finish": ""}
    return _told(state, wish, events.RUN_EXITED, data)


def _collect(state: State, wish: Wish, why: str) -> list[Event]:
    data = {"run": wish.args["run"], "error": why, "head": "", "commits": 0, "dirty": []}
    return _told(state, wish, events.RUN_COLLECTED, data)


def _check(state: State, wish: Wish, why: str) -> list[Event]:
    data = {**_change(wish), "base": wish.args["base"], "ok": False, "results": [], "error": why}
    return _told(state, wish, events.CHANGE_CHECKED, data)


def _assess(state: State, wish: Wish, why: str) -> list[Event]:
    factor = {"name": "unknown", "points": 100, "reason": f"it could not be worked out: {why}"}
    data = {**_change(wish), "score": 100, "factors": [factor], "files": 0, "lines": 0, "paths": []}
    return _told(state, wish, events.CHANGE_ASSESSED, data)


def _inspect(state: State, wish: Wish, why: str) -> list[Event]:
    guarded = [{"path": "its files", "what": f"they could not be looked at: {why}"}]
    data = {**_change(wish), "base": wish.args["base"], "guarded": guarded, "owners": [], "error": why}
    return _told(state, wish, events.CHANGE_INSPECTED, data)


def _publish(state: State, wish: Wish, why: str) -> list[Event]:
    run = state.runs[wish.args["run"]]
    instance, number = state.instances[run.instance], state.approval_number + 1
    why_not = f"its change could not be published: {why}"
    return stuck(state, instance, run.job, "failed", why_not, number=number, run=run.id)


def _release(state: State, wish: Wish, why: str) -> list[Event]:
    instance = state.instances[str(wish.args["instance"])]
    number, why_not = state.approval_number + 1, f"it could not be released: {why}"
    return stuck(state, instance, str(wish.args["job"]), "failed", why_not, number=number)


def _order(state: State, wish: Wish, why: str) -> list[Event]:
    instance = state.instances[str(wish.args["instance"])]
    number, why_not = state.approval_number + 1, f"{wish.args['action']} could not be run: {why}"
    return stuck(state, instance, str(wish.args["job"]), COMMAND, why_not, number=number)


def _show(state: State, wish: Wish, why: str) -> list[Event]:
    return [shown(state, wish, error=why)]  # not again and again, until it is to look otherwise


def _guard(state: State, wish: Wish, why: str) -> list[Event]:
    """Whoever may not look is told by the merge itself what is in the way."""
    data = {**_change(wish), "checks": [], "approvals": 0, "expected": True, "error": why}
    return _told(state, wish, events.CHANGE_GUARDED, data)


def _attest(state: State, wish: Wish, why: str) -> list[Event]:
    return [unattested(state.changes[wish.args["change"]], wish.cause, why)]


def _merge(state: State, wish: Wish, why: str) -> list[Event]:
    return _told(
        state, wish, events.CHANGE_HELD, {**_change(wish), "kind": "refused", "reason": why, "paths": []}
    )


def _notify(state: State, wish: Wish, why: str) -> list[Event]:
    del state
    return [told(wish, error=why)]


def _write(state: State, wish: Wish, why: str) -> list[Event]:
    return _told(state, wish, events.RULES_REFUSED, {"proposal": wish.args["proposal"], "reason": why})


def _told(state: State, wish: Wish, kind: str, data: Mapping[str, Any]) -> list[Event]:
    return [fact(kind, data, cause=wish.cause, story=story_of(state, wish))]


def _change(wish: Wish) -> dict[str, object]:
    return {"change": wish.args["change"], "head": wish.args["head"]}


_REFUSALS: Mapping[str, Refusal] = {
    "start": _start,
    "collect": _collect,
    "check": _check,
    "assess": _assess,
    "inspect": _inspect,
    "publish": _publish,
    "release": _release,
    "order": _order,
    "show": _show,
    "guard": _guard,
    "attest": _attest,
    "merge": _merge,
    "notify": _notify,
    "write": _write,
}
