"""Stories for tests: real events under the real rules, with a world that does exactly as it is told.

Where `fleet.testing.world` throws dice, a story is written down: an issue, a run that delivers, a reviewer
who objects. Over a real log it also takes up what others (a verb, a person) have appended.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Agent, Budget, Check, Fleet, Job, Limit, Requirement, Trigger, Workflow
from fleet.model.state import State
from fleet.policy.decide import decide
from fleet.policy.fold import fold
from fleet.ports.log import Log

NOON = 1_767_268_800_000  # 2026-01-01T12:00:00Z

BUDGET = Budget(
    per_run=Limit(time_ms=600_000, cost_micros=5_000_000),
    per_day=Limit(time_ms=8 * 3_600_000, cost_micros=60_000_000),
)

FLEET = Fleet(
    name="shop",
    agents=(
        Agent("developer", "change", harness="scripted", model="small", slots=1, budget=BUDGET),
        Agent("tech-lead", "review", harness="scripted"),
    ),
    workflows=(
        Workflow(
            "feature",
            (Trigger("issue", label="fleet:ready"),),
            (
                Job("implement", agents=("developer",)),
                Job("review", agents=("tech-lead",), needs=("implement",)),
                Job("merge", action="merge", needs=("review",)),
            ),
            rounds=1,
        ),
    ),
    checks=(Check("test", "make test"),),
    merge_gate=(Requirement("review"), Requirement("checks"), Requirement("human", when="risk.score >= 60")),
)


class Story:
    """A log and its state. Each word makes something happen; the rules answer at once.

    Without a `log` of its own it is kept in memory, and a second passes with each word.
    """

    def __init__(self, fleet: Fleet = FLEET, log: Log | None = None) -> None:
        self.fleet = fleet
        self.real = log
        self.state = State()
        self.log: list[Event] = []
        self.now = NOON
        self.tell(events.WATCHER_STARTED, step=False)
        self.tell(events.BASE_SEEN, sha="b" * 40)

    def tell(
        self, kind: str, /, *, source: str = "fleet", cause: str = "", story: str = "", **data: Any
    ) -> Event:
        """Something happens, a second later."""
        self.now += 1000
        self.catch_up()
        told = self._append(Event(kind, data, source=source, causation_id=cause, correlation_id=story))
        self.settle()
        return told

    def settle(self) -> None:
        """Take up what others have appended, and let the rules say all that they have to say."""
        self.catch_up()
        for _ in range(100):
            decided = decide(self.fleet, self.state)
            if not decided:
                return
            self._append(*decided)
        raise AssertionError("the rules do not come to rest")

    def catch_up(self) -> None:
        """Take up what others have appended."""
        for event in self.real.read(self.state.seq) if self.real is not None else ():
            self.log.append(event)
            fold(self.state, event)

    def about(self, run: str, kind: str, /, **data: Any) -> Event:
        """Something happens to a run."""
        found = self.state.runs[run]
        return self.tell(
            kind, source=f"agent/{found.agent}", cause=found.cause, story=found.instance, run=run, **data
        )

    def issue(self, title: str = "Add a note", *labels: str, **more: Any) -> int:
        """Somebody who is trusted opens an issue; returns its number."""
        number = self.state.number + 1
        data: dict[str, Any] = {"item": number, "kind": "issue", "title": title, "body": ""}
        data |= {"author": "user/mia", "labels": list(labels or ("fleet:ready",)), "trusted": True, **more}
        self.tell(events.ITEM_OPENED, **data)
        return number

    def start(self, run: str) -> None:
        """Its session starts."""
        at = self.now + 1000 if self.real is None else 0
        self.about(run, events.RUN_STARTED, pid=7, at=at, head=self.state.runs[run].head)
        self.tell(events.EFFECT_DONE, key=f"start/{run}")

    def end(self, run: str, *, commits: int = 0, head: str = "", **exit_: Any) -> None:
        """Its session ends, and its commits are brought in; `head` names one that is really there."""
        self.about(run, events.RUN_EXITED, **{"reason": "exited", "code": 0, "finish": "ok", **exit_})
        if f"collect/{run}" in self.state.wishes:
            head = (head or f"{len(self.log):040x}") if commits else self.state.runs[run].head
            self.about(run, events.RUN_COLLECTED, head=head, commits=commits, dirty=[])
            self.tell(events.EFFECT_DONE, key=f"collect/{run}")

    def deliver(self, run: str, verdict: str = "done", text: str = "as asked", commits: int = 1) -> None:
        """A run from its start to a good end."""
        self.start(run)
        self.about(run, events.RUN_REPORTED, verdict=verdict, text=text)
        self.end(run, commits=commits if self.state.runs[run].duty == "change" else 0)

    def examine(self, *, score: int = 5, ok: bool = True, **inspected: Any) -> None:
        """Checks, risk and what was seen of its files come in, of every change that asks for them."""
        for wish in list(self.state.wishes.values()):
            change = self.state.changes.get(wish.args.get("change", 0))
            if wish.kind == "check" and change is not None:
                results = [{"name": "test", "ok": ok, "output": "1 failed", "ms": 5}]
                base = wish.args["base"]
                self.tell(
                    events.CHANGE_CHECKED,
                    cause=wish.cause,
                    change=change.id,
                    head=change.head,
                    base=base,
                    ok=ok,
                    results=results,
                )
            elif wish.kind == "assess" and change is not None:
                factors = [{"name": "size", "points": score, "reason": "big"}]
                self.tell(
                    events.CHANGE_ASSESSED,
                    cause=wish.cause,
                    change=change.id,
                    head=change.head,
                    score=score,
                    factors=factors,
                    files=2,
                    lines=40,
                    paths=["a.py", "b.py"],
                )
            elif wish.kind == "inspect" and change is not None:
                base = wish.args["base"]
                found = {"change": change.id, "head": change.head, "base": base, "guarded": [], **inspected}
                self.tell(events.CHANGE_INSPECTED, cause=wish.cause, **found)
            else:
                continue
            self.tell(events.EFFECT_DONE, key=wish.key)

    def merge(self) -> None:
        """The merge that is wished for is done."""
        wish = next(each for each in self.state.wishes.values() if each.kind == "merge")
        change = self.state.changes[wish.args["change"]]
        self.tell(
            events.CHANGE_MERGED,
            cause=wish.cause,
            story=change.instance,
            change=change.id,
            head=change.head,
            sha="c" * 40,
            base="c" * 40,
        )
        self.tell(events.EFFECT_DONE, key=wish.key)

    def _append(self, *given: Event) -> Event:
        """Append and fold; returns the last one."""
        if self.real is not None:
            stored = self.real.append(given, expected=self.state.seq)
        else:
            first = len(self.log) + 1
            numbered = enumerate(given, first)
            stored = [
                replace(each, id=each.id or f"e{seq}", time=self.now, seq=seq) for seq, each in numbered
            ]
        for event in stored:
            self.log.append(event)
            fold(self.state, event)
        return stored[-1]
