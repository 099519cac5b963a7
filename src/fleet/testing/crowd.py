"""A fleet of any size with a past, for looking at and for measuring: real events under the real rules.

The dice are seeded, so the same words make the same fleet. Times are the past two weeks up to `now`.
"""

from __future__ import annotations

import random
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from fleet.adapters.logs.sqlite import SqliteLog
from fleet.config.load import load_fleet
from fleet.config.place import Place
from fleet.model import events
from fleet.testing.story import Story

DAY_MS, MINUTE_MS = 86_400_000, 60_000

_AREAS = (
    "cart",
    "search",
    "billing",
    "catalog",
    "accounts",
    "delivery",
    "returns",
    "prices",
    "mobile",
    "api",
)
_MODELS = ("opus", "sonnet", "haiku")
_TITLES = (
    "Take discounts in the {area}",
    "Say why a {area} request was refused",
    "Remove the old {area} cache",
    "Test {area} with an empty list",
    "Keep {area} settings over a restart",
    "Show {area} errors to support",
    "Make the {area} page usable by keyboard",
    "Retry {area} calls that time out",
)
_DOINGS = (
    "Edit: src/{area}/totals.py",
    "Bash: pytest tests/{area} -q",
    "Read: src/{area}/model.py",
    "Grep: def {area}_",
    "Write: tests/{area}/test_edges.py",
    "thinks about the {area} tests",
)
_HEAD = """\
version: 1
project: {name: shop, forge: local, base: main}
defaults: {harness: scripted}
agents:
"""
_TAIL = """\
checks: {test: make test}
gates:
  merge:
    - review: {approvals: 1}
    - checks: passing
    - human: {when: "risk.score >= 60"}
"""


WORK = "work"
_TOTALS = """def total(prices):
    return sum(prices)
"""
_NEW_TOTALS = """def total(prices, discount=0.0):
    \"\"\"What is to be paid: the prices, less a discount between 0 and 1.\"\"\"
    if not 0 <= discount <= 1:
        raise ValueError(f"a discount of {discount}")
    return round(sum(prices) * (1 - discount), 2)
"""
_LOGIN = """def may_discount(user):
    return user.role in ("sales", "admin")
"""
_TEST = """from cart.totals import total


def test_a_discount_is_taken():
    assert total([10, 20], discount=0.1) == 27


def test_an_empty_cart_costs_nothing():
    assert total([]) == 0
"""


class Clock:
    """The time of a log that is written after the fact; it goes on a little with each look."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        """The moment, ms since the epoch."""
        self.now += 7
        return self.now


def config(agents: int) -> str:
    """A fleet.yaml with so many agents (two at least), a third of them reviewers, in as many workflows."""
    makers, reviewers = _names(agents)
    lines = [_HEAD]
    for at, name in enumerate(makers):
        lines.append(
            f"  {name}: {{template: developer, model: {_MODELS[at % 3]}, slots: {1 + (at == 0)}, "
            "options: {script: script.yaml}, "
            "budget: {per_run: {time: 45m, cost: 5}, per_day: {time: 8h, cost: 60}}}\n"
        )
    lines += [
        f"  {name}: {{template: tech-lead, model: opus, options: {{script: script.yaml}}}}\n"
        for name in reviewers
    ]
    lines.append("workflows:\n")
    for at, maker in enumerate(makers):
        lines.append(
            f"  {maker.removesuffix('-developer')}:\n"
            f'    on: {{issue: {{labeled: "{maker}"}}}}\n'
            f"    jobs:\n      implement: {{agent: {maker}}}\n"
            f"      review: {{agent: {reviewers[at % len(reviewers)]}, needs: [implement]}}\n"
            "      merge: {action: merge, needs: [review]}\n    rounds: 2\n"
        )
    return "".join([*lines, _TAIL])


def make_project(root: Path, agents: int) -> Place:
    """A repository with that fleet.yaml and its `.fleet`, in an empty folder; and on the branch `work` a
    change to look at.
    """
    texts = {"fleet.yaml": config(agents), "script.yaml": "steps: []\n", ".gitignore": ".fleet/\n"}
    _write(root, texts | {"src/cart/totals.py": _TOTALS})
    git(root, "init", "-q", "-b", "main")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "Begin")
    git(root, "checkout", "-q", "-b", WORK)
    _write(
        root,
        {"src/cart/totals.py": _NEW_TOTALS, "src/accounts/login.py": _LOGIN, "tests/test_totals.py": _TEST},
    )
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "Take discounts in the cart")
    git(root, "checkout", "-q", "main")
    place = Place(root)
    place.dot.mkdir()
    return place


def git(where: Path, *words: str) -> str:
    """What git says."""
    who = ["-c", "user.name=Mia", "-c", "user.email=mia@example.org"]
    done = subprocess.run(["git", *who, *words], cwd=where, check=True, capture_output=True, text=True)
    return done.stdout.strip()


class Crowd:
    """The fleet at work. `past` issues were done in the two weeks before `now`."""

    def __init__(self, place: Place, now: int, *, past: int, seed: int = 1) -> None:
        self.dice = random.Random(seed)  # noqa: S311  # dice for a picture, not a secret
        self.clock = Clock(now - 14 * DAY_MS)
        self.log = SqliteLog(place.log, clock=self.clock)
        fleet = load_fleet(place.config)
        self.work = git(place.root, "rev-parse", WORK)
        self.story = Story(fleet, self.log)
        self.makers = [agent.name for agent in fleet.agents if agent.duty == "change"]
        self.pace = 1.0
        for number in range(past):
            self.clock.now = max(self.clock.now, now - 14 * DAY_MS + (number + 1) * 13 * DAY_MS // (past + 1))
            self._whole_story()
        # What is spent today is of today, so the live part is in the last hour.
        self.clock.now = max(self.clock.now, now - 70 * MINUTE_MS)
        self.pace = 3.5 / len(self.makers)

    def live(self, share: float = 0.7) -> None:
        """Most of the makers at work, some in each kind of trouble, and some that wait for a person."""
        makers = self.makers[:]
        for at, maker in enumerate(makers):
            kind = at % 10
            if kind == 9 or (at and at / len(makers) > share + 0.25):
                continue  # idle
            run = self._begin(maker)
            self._pass(1, 4)
            self._work(run)
            if kind == 2:
                self._finish(run, rounds=0, score=75, head=self.work)
            elif kind == 5:
                self.story.about(run, events.RUN_REPORTED, verdict="ask", text="Round half up, or to even?")
                self.story.end(run)
            elif kind == 8:
                self.story.end(run, reason="ceiling", finish="")
            elif kind == 7 and at > 7:
                self.story.tell(
                    events.AGENT_QUARANTINED, agent=maker, reason="3 failures in a row", actor="fleet"
                )
            elif kind == 4:
                self._begin(maker)  # the second one has to wait for the slot

    def act(self) -> None:
        """One live run does something: what a log is mostly made of."""
        live = [name for name in self.story.state.moving if self.story.state.runs[name].state == "running"]
        run = self.dice.choice(live)
        area = self.dice.choice(_AREAS)
        self.story.about(run, events.RUN_ACTED, action=self.dice.choice(_DOINGS).format(area=area))

    def close(self) -> None:
        """Let go of the log."""
        self.log.close()

    def _whole_story(self) -> None:
        maker = self.dice.choice(self.makers)
        run = self._begin(maker)
        self._work(run)
        self._pass(3, 25)
        score = self.dice.choice((5, 12, 20, 35, 70))
        rounds = self.dice.choice((0, 0, 0, 1, 1, 2))
        if self.dice.random() < 0.08:
            self.story.end(run, reason="ceiling", finish="")
            item = self.story.state.runs[run].item
            self.story.tell(
                events.ITEM_CLOSED, source="user/mia", item=item, reason="later", actor="user/mia"
            )
            return
        self._finish(run, rounds=rounds, score=score)
        waiting = list(self.story.state.asked)
        for name in waiting:
            self._pass(2, 90)
            self.story.tell(
                events.APPROVAL_GIVEN, source="user/mia", approval=name, actor="user/mia", note="Fine."
            )
        while any(wish.kind == "merge" for wish in self.story.state.wishes.values()):
            self.story.merge()

    def _begin(self, maker: str) -> str:
        area = self.dice.choice(_AREAS)
        title = self.dice.choice(_TITLES).format(area=area)
        before = set(self.story.state.runs)
        self.story.issue(title, maker)
        return next(name for name in self.story.state.runs if name not in before)

    def _work(self, run: str) -> None:
        state = self.story.state
        if state.runs[run].state != "starting":
            return
        self.story.start(run)
        cost, tokens = 0, 0
        for _ in range(self.dice.randint(2, 6)):
            self._pass(0, 3)
            area = self.dice.choice(_AREAS)
            self.story.about(run, events.RUN_ACTED, action=self.dice.choice(_DOINGS).format(area=area))
            cost += self.dice.randint(20_000, 400_000)
            tokens += self.dice.randint(5_000, 90_000)
            self.story.about(run, events.RUN_SPENT, cost_micros=cost, tokens=tokens)

    def _finish(self, run: str, *, rounds: int, score: int, head: str = "") -> None:
        """From a run at work to a change that is judged, after so many rounds."""
        if self.story.state.runs[run].state != "running":
            return
        self.story.about(run, events.RUN_REPORTED, verdict="done", text="It is done as asked, with a test.")
        self.story.end(run, commits=1, head=head)
        instance = self.story.state.runs[run].instance
        for left in range(rounds, -1, -1):
            reviews = self._queued(instance)
            if not reviews:
                return
            self._work(reviews[0])
            self._pass(1, 9)
            words = (
                ("request-changes", "The empty list is missing.")
                if left
                else ("approve", "Clear and tested.")
            )
            self.story.about(reviews[0], events.RUN_REPORTED, verdict=words[0], text=words[1])
            self.story.end(reviews[0])
            self.story.examine(score=score)
            again = self._queued(instance)
            if left and again:
                self._work(again[0])
                self.story.about(again[0], events.RUN_REPORTED, verdict="done", text="It takes that too.")
                self.story.end(again[0], commits=1)

    def _queued(self, instance: str) -> Sequence[str]:
        runs = self.story.state.runs
        moving = self.story.state.moving
        return [name for name in moving if runs[name].instance == instance and runs[name].state == "starting"]

    def _pass(self, least: int, most: int) -> None:
        self.clock.now += round(self.pace * self.dice.randint(least * MINUTE_MS, most * MINUTE_MS))


def _names(agents: int) -> tuple[list[str], list[str]]:
    reviewers = max(1, agents // 4)
    makers = max(1, agents - reviewers)
    rounds = [f"{area}-developer" for area in _AREAS]
    names = [
        name if at == 0 else f"{name.removesuffix('-developer')}{at + 1}-developer"
        for at in range(20)
        for name in rounds
    ]
    heads = ["tech-lead", *(f"tech-lead-{number}" for number in range(2, reviewers + 1))]
    return names[:makers], heads


def _write(root: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
