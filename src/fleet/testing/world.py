"""A world made of dice: it plays agents, people, git and crashes against the rules, from one seed.

Nothing real is in it: no process, no clock, no repository. It does what the world may do to a watcher at
any time: sessions end in every way there is, people answer or don't, the base branch moves, the watcher dies
between a deed and the event that tells of it. After each step `broken_promises` says what should never be.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import Run, State, Wish
from fleet.policy.decide import decide
from fleet.policy.due import next_due, rest
from fleet.policy.fold import fold, fold_all
from fleet.policy.gate import requirements

START_MS = 1_767_225_600_000
_MOST_STEPS = 500


class BrokenPromise(AssertionError):
    """Something that Fleet promises did not hold."""


class World:
    """One story. `chaos` is the share of steps in which something goes wrong."""

    def __init__(self, fleet: Fleet, seed: int, *, chaos: float = 0.2) -> None:
        self.fleet = fleet
        self.dice = random.Random(seed)  # noqa: S311  # the same seed has to give the same story
        self.chaos = chaos
        self.log: list[Event] = []
        self.ids: set[str] = set()
        self.state = State()
        self.now = START_MS
        self.base = "base0"
        self.commits = 0
        self.merged: dict[str, str] = {}
        self.merges: Counter[str] = Counter()
        self.heads: dict[str, str] = {}
        self.inspected: dict[str, list[dict[str, str]]] = {}
        self.sessions: dict[str, str] = {}
        self.append(
            [Event(events.WATCHER_STARTED, {"step": False}), Event(events.BASE_SEEN, {"sha": self.base})]
        )

    # ------------------------------------------------------------ the log

    def append(self, batch: Sequence[Event]) -> None:
        """Append and fold. An event whose id is known adds nothing, as in a real log."""
        for event in batch:
            if event.id and event.id in self.ids:
                continue
            seq = len(self.log) + 1
            stored = replace(event, id=event.id or f"e{seq}", time=self.now, seq=seq)
            self._check_before(stored)
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
        self.now += self.dice.choice((0, 1, 50, 2_000, 60_000))
        if self.dice.random() < self.chaos * 0.3:
            self.crash()
        self.dice.choice(
            (self._people, self._perform, self._perform, self._session, self._session, self._tick)
        )()
        self.settle()

    def rest(self, most: int = 4_000) -> None:
        """No more chaos: sessions do well, people answer everything, and all has to come to an end."""
        self.chaos = 0.0
        for _ in range(most):
            self.now += 1_000
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
        if due is not None and due <= self.now:
            self.append([Event(events.CLOCK_TICKED, {"due": due})])
        elif due is not None and not self.state.wishes and self.chaos == 0.0:
            self.now = due

    def _people(self) -> None:
        actor = "user/ann"
        choice = self.dice.randrange(10)
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
        elif choice == 8 and self.state.items and self.dice.random() < self.chaos:
            item = self.dice.choice(list(self.state.items))
            self.append([Event(events.ITEM_CLOSED, {"item": item, "actor": actor})])
        elif choice == 9:
            self._push()

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
            self.commits += 1
            self.base = f"base{self.commits}"

    def _answer(self) -> None:
        for name in list(self.state.asked):
            if self.chaos and self.dice.random() < 0.5:
                continue
            approval = self.state.approvals[name]
            refuse = self.dice.random() < self.chaos or (self.chaos == 0.0 and approval.kind != "merge")
            data = {
                "approval": name,
                "actor": "user/ann",
                "note": "so be it",
                "send_back": self.dice.random() < 0.5,
            }
            self.append([Event(events.APPROVAL_REFUSED if refuse else events.APPROVAL_GIVEN, data)])
        for name, agent in list(self.state.agents.items()):
            if self.chaos == 0.0 and agent.quarantined:
                self.append(
                    [Event(events.AGENT_RELEASED, {"agent": name, "reason": "fine", "actor": "user/ann"})]
                )

    # ------------------------------------------------------------ deeds

    def _perform(self) -> None:
        """Perform some wishes, perhaps dying before or after the deed."""
        for wish in list(self.state.wishes.values()):
            if (
                wish.retry_at > self.now
                or wish.key not in self.state.wishes
                or self.dice.random() < self.chaos
            ):
                continue
            if self.dice.random() < self.chaos * 0.3:
                data = {"key": wish.key, "error": "disk full", "attempt": wish.attempt + 1}
                self.append([Event(events.EFFECT_FAILED, {**data, "retry_at": self.now + 500})])
                continue
            facts = getattr(self, f"_do_{wish.kind}")(wish)
            if self.dice.random() < self.chaos * 0.3:
                self.crash()  # the deed is done and nobody was told: it will be done again
                continue
            self.append([*facts, Event(events.EFFECT_DONE, {"key": wish.key})])
            self.settle()

    def _do_start(self, wish: Wish) -> list[Event]:
        run = self.state.runs[wish.args["run"]]
        if self.dice.random() < self.chaos * 0.2:
            return [
                Event(events.RUN_EXITED, {"run": run.id, "reason": "not started", "error": "no such program"})
            ]
        self.sessions.setdefault(run.id, "live")
        head = run.head or self.base
        return [Event(events.RUN_STARTED, {"run": run.id, "pid": 1, "at": self.now, "head": head})]

    def _do_stop(self, wish: Wish) -> list[Event]:
        if self.sessions.get(wish.args["run"]) == "live":
            self.sessions[wish.args["run"]] = "stopping"
        return []

    def _do_look(self, wish: Wish) -> list[Event]:
        return [Event(events.RUN_LOOKED, {"run": wish.args["run"], "cpu_ms": self.dice.randrange(self.now)})]

    def _do_say(self, wish: Wish) -> list[Event]:
        return [Event(events.RUN_ACTED, {"run": wish.args["run"], "action": "was told"})]

    def _do_collect(self, wish: Wish) -> list[Event]:
        run = self.state.runs[wish.args["run"]]
        head = self.heads.get(run.id, run.head)
        commits = 1 if run.id in self.heads else 0
        return [Event(events.RUN_COLLECTED, {"run": run.id, "head": head, "commits": commits, "dirty": []})]

    def _do_check(self, wish: Wish) -> list[Event]:
        ok = self.dice.random() >= self.chaos * 0.5
        results = [{"name": "test", "ok": ok, "output": "", "ms": 1}]
        data = {"change": wish.args["change"], "head": wish.args["head"], "base": self.base, "ok": ok}
        checked = Event(events.CHANGE_CHECKED, {**data, "results": results})
        return [Event(events.BASE_SEEN, {"sha": self.base}), checked]

    def _do_assess(self, wish: Wish) -> list[Event]:
        score = self.dice.choice((5, 50, 90))
        data = {"change": wish.args["change"], "head": wish.args["head"], "score": score, "factors": []}
        return [Event(events.CHANGE_ASSESSED, data)]

    def _do_inspect(self, wish: Wish) -> list[Event]:
        """One change in eight touches what rules the fleet."""
        head = str(wish.args["head"])
        rules = [{"path": "fleet.yaml", "what": "the rules"}] * (self.dice.random() < 0.125)
        found = {"base": self.base, "guarded": self.inspected.setdefault(head, rules)}
        data = {"change": wish.args["change"], "head": head, **found}
        return [Event(events.BASE_SEEN, {"sha": self.base}), Event(events.CHANGE_INSPECTED, data)]

    def _do_merge(self, wish: Wish) -> list[Event]:
        head, change = wish.args["head"], self.state.changes[wish.args["change"]]
        gate = requirements(self.fleet, self.state, change)
        if change.head != head or not change.open or not all(each["met"] for each in gate):
            return []
        if head not in self.merged:
            if wish.args["base"] != self.base:
                return [Event(events.BASE_SEEN, {"sha": self.base})]
            if self.dice.random() < self.chaos * 0.2:
                held = {"change": change.id, "head": head, "kind": "conflict", "reason": "a.txt", "paths": []}
                return [Event(events.CHANGE_HELD, held)]
            self.commits += 1
            self.base = f"base{self.commits}"
            self.merged[head] = self.base
            self.merges[head] += 1
        data = {"change": change.id, "item": change.item, "head": head, "sha": self.merged[head]}
        return [Event(events.CHANGE_MERGED, {**data, "base": self.base})]

    def _do_tidy(self, _wish: Wish) -> list[Event]:
        return []

    _do_allow = _do_tidy

    # ------------------------------------------------------------ sessions

    def _session(self) -> None:
        """One live session does something, or comes to an end."""
        live = [name for name, how in self.sessions.items() if how in ("live", "stopping")]
        live = [name for name in live if self.state.runs[name].state == "running"]
        if not live:
            return
        run = self.state.runs[self.dice.choice(live)]
        thrifty = run.cost_micros + 400_000 < (run.cost_limit or 2**40)
        if self.sessions[run.id] == "live" and self.dice.random() < 0.3 and (self.chaos or thrifty):
            self.append(
                [self._fact(run, events.RUN_SPENT, {"cost_micros": run.cost_micros + 400_000, "tokens": 9})]
            )
            return
        self._report(run)
        self.append([self._fact(run, events.RUN_EXITED, self._exit(run))])
        self.sessions[run.id] = "ended"

    def _report(self, run: Run) -> None:
        bad = self.dice.random() < self.chaos
        if run.duty == "change":
            if not bad:
                self.commits += 1
                self.heads[run.id] = f"head{self.commits}"
            verdict = self.dice.choice(("done", "ask", "")) if bad else "done"
        else:
            verdict = (
                self.dice.choice(("request-changes", "request-changes", "ask", "")) if bad else "approve"
            )
        if verdict:
            self.append([self._fact(run, events.RUN_REPORTED, {"verdict": verdict, "text": "my words"})])

    def _exit(self, run: Run) -> dict[str, Any]:
        found: dict[str, Any] = {"reason": "exited", "code": 0, "finish": "ok", "ended": self.now}
        if self.sessions[run.id] == "stopping":
            return found | {"reason": "stopped", "code": None, "signal": 15, "finish": ""}
        if self.dice.random() < self.chaos:
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

    # ------------------------------------------------------------ promises

    def _check_before(self, event: Event) -> None:
        """What may not be said, given what is true before it."""
        data = event.data
        if event.type == events.EFFECT_WANTED and data["key"] in self.state.wishes:
            raise BrokenPromise(f"{data['key']} is wanted twice")
        if event.type == events.CHANGE_MERGED:
            self._check_merge(self.state, data)
        agent = self.state.agents.get(data.get("agent", ""))
        if event.type == events.RUN_ADMITTED and agent is not None and agent.quarantined:
            raise BrokenPromise(f"{data['agent']} is quarantined and was given {data['run']}")

    def _check_merge(self, state: State, data: Any) -> None:
        """The third invariant, told independently of the rules: from the events themselves."""
        change = state.changes[data["change"]]
        if change.merged:
            raise BrokenPromise(f"change {change.id} is merged twice")
        if change.head != data["head"]:
            raise BrokenPromise(f"change {change.id} is merged at a head that it has left")
        said = [event.data for event in self.log if event.type == events.CHANGE_REVIEWED]
        last = {each["by"]: each["verdict"] for each in said if each["head"] == change.head}
        approving = {by for by, verdict in last.items() if verdict == "approve" and by != change.author}
        wanted = max((each.approvals for each in self.fleet.merge_gate if each.kind == "review"), default=0)
        if len(approving) < wanted:
            raise BrokenPromise(f"change {change.id} is merged with the approvals of {approving}")
        if self.fleet.checks and not change.checks.get("ok"):
            raise BrokenPromise(f"change {change.id} is merged without its checks: {change.checks}")
        human = [each for each in self.fleet.merge_gate if each.kind == "human"]
        needed = any(not each.when or change.risk.get("score", 0) >= 60 for each in human)
        needed = needed or bool(self.inspected.get(change.head))
        by_review = any(by.startswith("user/") for by in approving)
        if (
            needed
            and not by_review
            and not any(
                event.type == events.APPROVAL_GIVEN
                and (asked := state.approvals[event.data["approval"]]).change == change.id
                and asked.head == change.head
                for event in self.log
            )
        ):
            raise BrokenPromise(f"change {change.id} is merged without a person's word")

    def broken_promises(self) -> list[str]:
        """What is true now and should never be."""
        found = [f"{head} was merged {n} times" for head, n in self.merges.items() if n > 1]
        for agent in self.fleet.agents:
            live = [
                r for name in self.state.moving if (r := self.state.runs[name]).live and r.agent == agent.name
            ]
            if len(live) > agent.slots:
                found.append(f"{agent.name} has {len(live)} runs in {agent.slots} slots")
            most = agent.budget.per_day.cost_micros
            record = self.state.agents.get(agent.name)
            day = record.spent.get(self.state.now // 86_400_000, {}) if record else {}
            held = day.get("cost_micros", 0) + sum(run.cost_limit for run in live)
            overshoot = 400_000 * (
                len(live) + sum(1 for r in self.state.runs.values() if r.agent == agent.name)
            )
            if most and held > most + overshoot:
                found.append(f"{agent.name} holds {held} of {most} micro-dollars of the day")
        for instance in self.state.instances.values():
            workflow = self.fleet.workflow(instance.workflow)
            extra = sum(1 for each in self.state.approvals.values() if each.instance == instance.id)
            if workflow is not None and instance.round > workflow.rounds + 1 + extra:
                found.append(f"{instance.id} is in round {instance.round}")
        return found
