"""What `fleet demo` answers where its fleet waits for a person; where one is there, that person is asked."""

from __future__ import annotations

import sys
import termios
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

from fleet.model.errors import FleetError
from fleet.model.event import Event
from fleet.model.state import Approval, Change, State
from fleet.surfaces.cli.acting import actor
from fleet.surfaces.cli.demo_stage import Stage, git
from fleet.surfaces.cli.output import clean, say, style, width
from fleet.surfaces.cli.table import Column, table_lines
from fleet.surfaces.deeds import answer

Pause = Callable[[], AbstractContextManager[None]]

CEILING_NOTE = "it would never come to an end"
_MOST_ANSWERS = 2  # to one job's questions
_OWN_MIND = "Nobody is here to ask. Decide it yourself, and keep the change small."
_STAT_LINES = 12


class Answers:
    """Answers each approval once. `pause` gives the terminal to the question; without `person` nobody is
    asked.
    """

    def __init__(self, stage: Stage, *, person: bool, pause: Pause) -> None:
        self._stage = stage
        self._person = person
        self._pause = pause
        self._answered: set[str] = set()
        self._questions: dict[tuple[str, str], int] = {}

    def to(self, approval: Approval, state: State) -> Event | None:
        """The answer to append; None when it was given already."""
        if approval.id in self._answered:
            return None
        self._answered.add(approval.id)
        if approval.kind == "merge":
            return self._merge(approval, state)
        if approval.kind == "timed_out":
            return answer(approval, actor(), CEILING_NOTE, given=False)
        if approval.kind == "question":
            return self._question(approval)
        return answer(approval, actor(), "the demo tries nothing twice", given=False)

    def _merge(self, approval: Approval, state: State) -> Event:
        given, note = True, "the demo, as nobody was there to ask"
        if self._person:
            with self._pause():
                self._show(approval, state.changes[approval.change])
                word = _ask("Shall it be merged? [Y/n] ")
            if word is not None:
                given, note = word.lower() in ("", "y", "yes"), ""
        return answer(approval, actor(), note, given=given)

    def _question(self, approval: Approval) -> Event:
        asked = self._questions[approval.instance, approval.job] = (
            self._questions.get((approval.instance, approval.job), 0) + 1
        )
        if asked > _MOST_ANSWERS:
            return answer(approval, actor(), "it asked too often for a demo", given=False)
        word = None
        if self._person:
            with self._pause():
                say(f"\n{style('An agent asks', 'bold')} ({approval.id})")
                say(f"  {clean(approval.why)}")
                word = _ask("Your answer: ")
        return answer(approval, actor(), word or _OWN_MIND, given=True)

    def _show(self, approval: Approval, change: Change) -> None:
        say(style(f"\nPull request {change.id} waits for you", "bold") + f" ({approval.id})")
        say(f"  {clean(change.title)}, by {clean(change.author)}, at {change.head[:12]}")
        say(f"  why you: {clean(approval.why)}\n")
        try:
            stat = git(
                self._stage.repository, "diff", f"--stat={width() - 4}", f"{self._stage.base}...{change.head}"
            )
        except FleetError as error:
            stat = str(error)
        for line in stat.splitlines()[-_STAT_LINES:]:
            say(f"  {clean(line, keep_lines=True)}")
        say()
        lines = table_lines(
            [Column("points", "right"), "factor", Column("why", least=20)],
            [[str(each["points"]), each["name"], each["reason"]] for each in change.risk.get("factors", ())],
            width() - 2,
        )
        for line in lines:
            say(f"  {line}")
        say(f"\n  In a project of your own: fleet approve {approval.id}, or fleet reject {approval.id}")


def _ask(question: str) -> str | None:
    """What the person types; None when the terminal has gone."""
    with suppress(OSError, termios.error):
        termios.tcflush(sys.stdin, termios.TCIFLUSH)  # what was typed before the question is no answer to it
    sys.stdout.write(question)
    sys.stdout.flush()
    line = sys.stdin.readline()
    return line.strip() if line else None
