"""What lies outside of Fleet in a world made of dice, and what deeds do to it: sessions, git, commands."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import Change, Instance, State, Wish
from fleet.policy.ask import stuck
from fleet.policy.gate import requirements
from fleet.policy.order import session_of
from fleet.policy.passage import shut
from fleet.policy.suspect import quarantine

Deed: TypeAlias = "Callable[[Outside, Fleet, State, Wish], list[Event] | None]"
"""What comes of a wish; None where it is not over yet."""


@dataclass
class Outside:
    """What no crash of Fleet takes away. `deeds` are those that nobody can take back, oldest first: what it
    was, and the key of its wish.
    """

    dice: random.Random
    chaos: float
    now: int
    base: str = "base0"
    commits: int = 0
    merged: dict[str, str] = field(default_factory=dict)
    heads: dict[str, str] = field(default_factory=dict)
    inspected: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)  # run → live, stopping or ended
    commands: dict[str, str] = field(default_factory=dict)  # session → live, stopping, or how it ended
    tags: dict[str, str] = field(default_factory=dict)
    deeds: list[tuple[str, str]] = field(default_factory=list)
    undue: list[str] = field(default_factory=list)  # deeds that were not due when they were done

    def bad(self, share: float) -> bool:
        """Whether something goes wrong now that does so in this share of all bad luck."""
        return self.dice.random() < self.chaos * share

    def do(self, what: str, wish: Wish, why_not: str) -> None:
        """Do what nobody can take back."""
        self.deeds.append((what, wish.key))
        if why_not:
            self.undue.append(f"{what} of {wish.key} was not due: {why_not}")

    def often(self, what: str) -> Counter[str]:
        """How often it was done, by key."""
        return Counter(key for kind, key in self.deeds if kind == what)


def _start(it: Outside, fleet: Fleet, state: State, wish: Wish) -> list[Event]:
    del fleet
    run = state.runs[wish.args["run"]]
    if it.bad(0.2):
        return [
            Event(events.RUN_EXITED, {"run": run.id, "reason": "not started", "error": "no such program"})
        ]
    it.sessions.setdefault(run.id, "live")
    head = run.head or it.base
    return [Event(events.RUN_STARTED, {"run": run.id, "pid": 1, "at": it.now, "head": head})]


def _stop(it: Outside, fleet: Fleet, state: State, wish: Wish) -> list[Event]:
    del fleet, state
    for sessions in (it.sessions, it.commands):
        if sessions.get(wish.args["run"]) == "live":
            sessions[wish.args["run"]] = "stopping"
    return []


def _look(it: Outside, fleet: Fleet, state: State, wish: Wish) -> list[Event]:
    del fleet, state
    return [Event(events.RUN_LOOKED, {"run": wish.args["run"], "cpu_ms": it.dice.randrange(it.now)})]


def _say(it: Outside, fleet: Fleet, state: State, wish: Wish) -> list[Event]:
    del it, fleet, state
    return [Event(events.RUN_ACTED, {"run": wish.args["run"], "action": "was told"})]


def _collect(it: Outside, fleet: Fleet, state: State, wish: Wish) -> list[Event]:
    del fleet
    run = state.runs[wish.args["run"]]
    head = it.heads.get(run.id, run.head)
    commits = 1 if run.id in it.heads else 0
    return [Event(events.RUN_COLLECTED, {"run": run.id, "head": head, "commits": commits, "dirty": []})]


def _check(it: Outside, fleet: Fleet, state: State, wish: Wish) -> list[Event]:
    del fleet, state
    ok = not it.bad(0.5)
    results = [{"name": "test", "ok": ok, "output": "", "ms": 1}]
    data = {"change": wish.args["change"], "head": wish.args["head"], "base": it.base, "ok": ok}
    checked = Event(events.CHANGE_CHECKED, {**data, "results": results})
    return [Event(events.BASE_SEEN, {"sha": it.base}), checked]


def _assess(it: Outside, fleet: Fleet, state: State, wish: Wish) -> list[Event]:
    del fleet, state
    score = it.dice.choice((5, 50, 90))
    data = {"change": wish.args["change"], "head": wish.args["head"], "score": score, "factors": []}
    return [Event(events.CHANGE_ASSESSED, data)]


def _inspect(it: Outside, fleet: Fleet, state: State, wish: Wish) -> list[Event]:
    """One change in eight touches what rules the fleet."""
    del fleet, state
    head = str(wish.args["head"])
    rules = [{"path": "fleet.yaml", "what": "the rules"}] * (it.dice.random() < 0.125)
    found = {"base": it.base, "guarded": it.inspected.setdefault(head, rules)}
    data = {"change": wish.args["change"], "head": head, **found}
    return [Event(events.BASE_SEEN, {"sha": it.base}), Event(events.CHANGE_INSPECTED, data)]


def _merge(it: Outside, fleet: Fleet, state: State, wish: Wish) -> list[Event]:
    head, change = wish.args["head"], state.changes[wish.args["change"]]
    gate = requirements(fleet, state, change)
    if change.head != head or not change.open or not all(each["met"] for each in gate):
        return []
    if head not in it.merged:
        if wish.args["base"] != it.base:
            return [Event(events.BASE_SEEN, {"sha": it.base})]
        if it.bad(0.2):
            held = {"change": change.id, "head": head, "kind": "conflict", "reason": "a.txt", "paths": []}
            return [Event(events.CHANGE_HELD, held)]
        it.commits += 1
        it.base = f"base{it.commits}"
        it.merged[head] = it.base
        it.deeds.append(("merge", head))
    data = {"change": change.id, "item": change.item, "head": head, "sha": it.merged[head]}
    return [Event(events.CHANGE_MERGED, {**data, "base": it.base})]


def _release(it: Outside, fleet: Fleet, state: State, wish: Wish) -> list[Event]:
    """A tag that is there is found again. Now and then the forge refuses it for good."""
    instance, change, about = _about(state, wish)
    job, tag = str(wish.args["job"]), str(wish.args["tag"])
    if instance.outcome or instance.jobs[job].state != "waiting":
        return []
    if shut(fleet, state, ("release",), wish.key, change) is not None:
        return [_failed(wish, withdrawn=True)]
    if it.bad(0.1):
        asked = stuck(state, instance, job, "failed", "it is taken", number=state.approval_number + 1)
        return [*asked, _failed(wish, permanent=True)]
    if tag not in it.tags:
        it.tags[tag] = str(wish.args["commit"])
        it.do("release", wish, _not_due(it, state, wish))
    made = {"change": change.id, "repo": "", "tag": tag, "commit": wish.args["commit"], "url": ""}
    return [Event(events.RELEASE_MADE, about | made), _job_done(about, change)]


def _order(it: Outside, fleet: Fleet, state: State, wish: Wish) -> list[Event] | None:
    """A command that has begun is waited for. It ends well, badly, or is cut off."""
    instance, change, about = _about(state, wish)
    job, key, kind = str(wish.args["job"]), session_of(wish.args), str(wish.args["action"])
    if key not in it.commands:
        if instance.outcome or instance.jobs[job].state != "waiting":
            return []
        if shut(fleet, state, (kind,), wish.key, change) is not None:
            return [_failed(wish, withdrawn=True)]
        it.commands[key] = "live"
        it.do("order", wish, _not_due(it, state, wish))
    if it.commands[key] == "live" and quarantine(state, change):
        it.commands[key] = "stopping"
    if it.commands[key] in ("live", "stopping"):
        if it.chaos and it.dice.random() < 0.5:
            return None
        bad = it.dice.choice(("failed", "cut off")) if it.bad(1) else "ok"
        it.commands[key] = "stopped" if it.commands[key] == "stopping" else bad
    how = it.commands[key]
    told = Event(events.ORDER_ENDED, about | {"action": kind, "session": key, "ok": how == "ok", "how": how})
    if how == "ok":
        return [told, _job_done(about, change)]
    if instance.outcome:
        return [told]
    return [told, *stuck(state, instance, job, "command", how, number=state.approval_number + 1)]


def _not_due(it: Outside, state: State, wish: Wish) -> str:
    """Why this may not be done now, told independently of the rules; "" when it may."""
    _, change, _ = _about(state, wish)
    if wish.key not in state.wishes:
        return "nobody has wished for it"
    if not change.merged or change.merged not in it.merged.values() or wish.args["commit"] != change.merged:
        return f"it is about {wish.args['commit']}, and {change.merged or 'nothing'} was merged"
    authors = {by.removeprefix("agent/") for by in (change.author, *change.authors)}
    held = [name for name in authors if name in state.agents and state.agents[name].quarantined]
    return f"in quarantine: {held or change.id}" if held or change.quarantined else ""


def _about(state: State, wish: Wish) -> tuple[Instance, Change, dict[str, object]]:
    instance = state.instances[str(wish.args["instance"])]
    about: dict[str, object] = {"instance": instance.id, "job": str(wish.args["job"])}
    return instance, state.changes[int(wish.args["change"])], about


def _job_done(about: Mapping[str, object], change: Change) -> Event:
    return Event(events.JOB_FINISHED, {**about, "outcome": "done", "head": change.head})


def _failed(wish: Wish, *, withdrawn: bool = False, permanent: bool = False) -> Event:
    data = {"key": wish.key, "error": "no", "permanent": permanent, "withdrawn": withdrawn}
    return Event(events.EFFECT_FAILED, data | {"attempt": wish.attempt, "retry_at": 0})


def _nothing(it: Outside, fleet: Fleet, state: State, wish: Wish) -> list[Event]:
    del it, fleet, state, wish
    return []


DEEDS: Mapping[str, Deed] = {
    "start": _start,
    "stop": _stop,
    "look": _look,
    "say": _say,
    "collect": _collect,
    "check": _check,
    "assess": _assess,
    "inspect": _inspect,
    "merge": _merge,
    "release": _release,
    "order": _order,
    "tidy": _nothing,
    "allow": _nothing,
}
