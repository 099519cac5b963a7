"""A world made of dice: it plays agents, people, git and crashes against the rules, from one seed.

Nothing real is in it: no process, no clock, no repository. It does what the world may do to a watcher at
any time: sessions end in every way there is, people answer or don't, the base branch moves, the watcher dies
between a deed and the event that tells of it. What deeds do to it is in `world_outside`; what
should never be, told after each step, in `world_promises`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import Run, State
from fleet.policy.decide import decide
from fleet.policy.due import next_due, rest
from fleet.policy.fold import fold, fold_all
from fleet.testing.world_outside import DEEDS, Outside
from fleet.testing.world_promises import BrokenPromise, broken_promises, check_before

START_MS = 1_767_225_600_000
_MOST_STEPS = 500
_PATIENT = ("merge", "gate", "command")
"""What people let go on once the bad luck has ended; the rest they refuse, so that all comes to an end."""


class World:
    """One story. `chaos` is the share of steps in which something goes wrong."""

    def __init__(self, fleet: Fleet, seed: int, *, chaos: float = 0.2) -> None:
        self.fleet = fleet
        self.dice = random.Random(seed)  # noqa: S311  # the same seed has to give the same story
        self.log: list[Event] = []
        self.ids: set[str] = set()
        self.state = State()
        self.outside = Outside(self.dice, chaos, START_MS)
        self.append(
            [
                Event(events.WATCHER_STARTED, {"step": False}),
                Event(events.BASE_SEEN, {"sha": self.outside.base}),
            ]
        )

    @property
    def now(self) -> int:
        """The time (ms since the epoch)."""
        return self.outside.now

    # ------------------------------------------------------------ the log

    def append(self, batch: Sequence[Event]) -> None:
        """Append and fold. An event whose id is known adds nothing, as in a real log."""
        for event in batch:
            if event.id and event.id in self.ids:
                continue
            seq = len(self.log) + 1
            stored = replace(event, id=event.id or f"e{seq}", time=self.outside.now, seq=seq)
            check_before(self.outside, self.fleet, self.state, self.log, stored)
            self.ids.add(stored.id)
            self.log.append(stored)
            fold(self.state, stored)

    def settle(self) -> None:
        """Ask the rules until they have nothing more to say."""
        decided: list[Event] = []
        for _ in range(_MOST_STEPS):
            decided = decide(self.fleet, self.state)
            if not decided:
                return
            self.append(decided)
        raise BrokenPromise(f"the rules do not come to rest: {decided[0]}")

    def crash(self) -> None:
        """Lose everything but the log."""
        before = self.state
        self.state = fold_all(self.log)
        if before != self.state:
            raise BrokenPromise("folding the log again gives another state")

    # ------------------------------------------------------------ time and people

    def step(self) -> None:
        """One thing happens, and the rules answer."""
        self.outside.now += self.dice.choice((0, 1, 50, 2_000, 60_000))
        if self.dice.random() < self.outside.chaos * 0.3:
            self.crash()
        self.dice.choice(
            (self._people, self._perform, self._perform, self._session, self._session, self._tick)
        )()
        self.settle()

    def rest(self, most: int = 4_000) -> None:
        """No more chaos: sessions do well, people answer everything, and all has to come to an end."""
        self.outside.chaos = 0.0
        for _ in range(most):
            self.outside.now += 1_000
            self.settle()
            self._answer()
            self._perform()
            self._session()
            self._tick()
            if rest(self.fleet, self.state) != "busy" and not self.state.asked and not self.state.wishes:
                return
        raise BrokenPromise(f"it never comes to rest: {self.state.moving or self.state.wishes}")

    def _tick(self) -> None:
        due = next_due(self.fleet, self.state)
        if due is not None and due <= self.outside.now:
            self.append([Event(events.CLOCK_TICKED, {"due": due})])
        elif due is not None and not self.state.wishes and self.outside.chaos == 0.0:
            self.outside.now = due

    def _people(self) -> None:
        actor = "user/ann"
        choice = self.dice.randrange(11)
        if choice < 3:
            self.open_issue(trusted=self.dice.random() < 0.9)
        elif choice < 6:
            self._answer()
        elif choice == 6 and self.state.moving:
            run = self.dice.choice(list(self.state.moving))
            kind = self.dice.choice((events.RUN_STOP_ASKED, events.RUN_SAID))
            self.append([Event(kind, {"run": run, "reason": "enough", "text": "look", "actor": actor})])
        elif choice == 7 and self.state.agents:
            agent = self.dice.choice(list(self.state.agents))
            kind = self.dice.choice((events.AGENT_RELEASED, events.AGENT_RELEASED, events.AGENT_QUARANTINED))
            self.append([Event(kind, {"agent": agent, "reason": "a person said so", "actor": actor})])
        elif choice == 8 and self.state.items and self.dice.random() < self.outside.chaos:
            item = self.dice.choice(list(self.state.items))
            self.append([Event(events.ITEM_CLOSED, {"item": item, "actor": actor})])
        elif choice == 9:
            self._push()
        elif choice == 10 and self.state.changes:
            change = self.state.changes[self.dice.choice(list(self.state.changes))]
            kind = self.dice.choice((events.CHANGE_RELEASED, events.CHANGE_QUARANTINED))
            data = {"change": change.id, "head": change.head, "reason": "a person said so", "actor": actor}
            self.append([Event(kind, data)])

    def open_issue(self, *, trusted: bool = True) -> None:
        """Somebody opens an issue that a workflow listens to."""
        labels = [
            trigger.label for each in self.fleet.workflows for trigger in each.triggers if trigger.label
        ]
        data = {
            "item": self.state.number + 1,
            "kind": "issue",
            "title": f"Issue {self.state.number + 1}",
            "body": "",
            "labels": labels,
            "author": "user/ann",
            "trusted": trusted,
        }
        self.append([Event(events.ITEM_OPENED, data)])

    def _push(self) -> None:
        """A person commits to the base branch, or judges a change."""
        open_changes = [change for change in self.state.changes.values() if change.open]
        if open_changes and self.dice.random() < 0.5:
            change = self.dice.choice(open_changes)
            verdict = self.dice.choice(("approve", "request-changes"))
            data = {"change": change.id, "head": change.head, "verdict": verdict}
            data |= {"by": "user/bob", "text": "so"}
            self.append([Event(events.CHANGE_REVIEWED, data)])
        else:
            self.outside.commits += 1
            self.outside.base = f"base{self.outside.commits}"

    def _answer(self) -> None:
        for name in list(self.state.asked):
            if self.outside.chaos and self.dice.random() < 0.5:
                continue
            approval = self.state.approvals[name]
            refuse = self.dice.random() < self.outside.chaos or (
                self.outside.chaos == 0.0 and approval.kind not in _PATIENT
            )
            data = {
                "approval": name,
                "actor": "user/ann",
                "note": "so be it",
                "send_back": self.dice.random() < 0.5,
            }
            if approval.kind == "command":
                data["as_done"] = self.outside.chaos == 0.0 or self.dice.random() < 0.5
                data["actor"] = self.dice.choice(("user/ann", "user/bob", "agent/dev"))
            self.append([Event(events.APPROVAL_REFUSED if refuse else events.APPROVAL_GIVEN, data)])
        if self.outside.chaos == 0.0:
            self._release_all()

    def _release_all(self) -> None:
        why = {"reason": "fine", "actor": "user/ann"}
        for name, agent in list(self.state.agents.items()):
            if agent.quarantined:
                self.append([Event(events.AGENT_RELEASED, {"agent": name, **why})])
        for change in list(self.state.changes.values()):
            if change.quarantined:
                data = {"change": change.id, "head": change.head, **why}
                self.append([Event(events.CHANGE_RELEASED, data)])

    # ------------------------------------------------------------ deeds

    def _perform(self) -> None:
        """Perform some wishes, perhaps dying before or after the deed."""
        for wish in list(self.state.wishes.values()):
            if (
                wish.retry_at > self.outside.now
                or wish.key not in self.state.wishes
                or self.dice.random() < self.outside.chaos
            ):
                continue
            if self.dice.random() < self.outside.chaos * 0.3:
                data = {"key": wish.key, "error": "disk full", "attempt": wish.attempt + 1}
                self.append([Event(events.EFFECT_FAILED, {**data, "retry_at": self.outside.now + 500})])
                continue
            facts = DEEDS[wish.kind](self.outside, self.fleet, self.state, wish)
            if self.dice.random() < self.outside.chaos * 0.3:
                self.crash()  # the deed is done and nobody was told: it will be done again
                continue
            if facts is None:
                continue
            failed = any(event.type == events.EFFECT_FAILED for event in facts)
            done = Event(events.EFFECT_DONE, {"key": wish.key})
            self.append(facts if failed else [*facts, done])
            self.settle()

    def broken_promises(self) -> list[str]:
        """What is true now and should never be."""
        return broken_promises(self.outside, self.fleet, self.state, self.log)

    # ------------------------------------------------------------ sessions

    def _session(self) -> None:
        """One live session does something, or comes to an end."""
        live = [name for name, how in self.outside.sessions.items() if how in ("live", "stopping")]
        live = [name for name in live if self.state.runs[name].state == "running"]
        if not live:
            return
        run = self.state.runs[self.dice.choice(live)]
        thrifty = run.cost_micros + 400_000 < (run.cost_limit or 2**40)
        if (
            self.outside.sessions[run.id] == "live"
            and self.dice.random() < 0.3
            and (self.outside.chaos or thrifty)
        ):
            self.append(
                [self._fact(run, events.RUN_SPENT, {"cost_micros": run.cost_micros + 400_000, "tokens": 9})]
            )
            return
        self._report(run)
        self.append([self._fact(run, events.RUN_EXITED, self._exit(run))])
        self.outside.sessions[run.id] = "ended"

    def _report(self, run: Run) -> None:
        bad = self.dice.random() < self.outside.chaos
        if run.duty == "change":
            if not bad:
                self.outside.commits += 1
                self.outside.heads[run.id] = f"head{self.outside.commits}"
            verdict = self.dice.choice(("done", "ask", "")) if bad else "done"
        else:
            verdict = (
                self.dice.choice(("request-changes", "request-changes", "ask", "")) if bad else "approve"
            )
        if verdict:
            self.append([self._fact(run, events.RUN_REPORTED, {"verdict": verdict, "text": "my words"})])

    def _exit(self, run: Run) -> dict[str, Any]:
        found: dict[str, Any] = {"reason": "exited", "code": 0, "finish": "ok", "ended": self.outside.now}
        if self.outside.sessions[run.id] == "stopping":
            return found | {"reason": "stopped", "code": None, "signal": 15, "finish": ""}
        if self.dice.random() < self.outside.chaos:
            bad: Sequence[dict[str, Any]] = (
                {"code": 1, "finish": "error", "error": "it broke"},
                {"reason": "ceiling", "finish": ""},
                {"reason": "shim killed", "finish": ""},
                {"code": 1, "finish": "overloaded", "error": "529"},
                {"code": 1, "finish": "auth", "error": "401"},
                {"finish": "budget"},
            )
            return found | self.dice.choice(bad)
        return found

    def _fact(self, run: Run, kind: str, data: dict[str, Any]) -> Event:
        return Event(kind, {"run": run.id, **data}, correlation_id=run.instance)
