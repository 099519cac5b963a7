"""What every screen can do: act on what is chosen, and say how it went on the line at the bottom."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from textual.binding import BindingType
from textual.screen import Screen

from fleet.model.errors import FleetError
from fleet.model.event import Event
from fleet.model.state import Approval, State
from fleet.surfaces import deeds
from fleet.surfaces.always import preview
from fleet.surfaces.questions import ask
from fleet.surfaces.tui.ask import Answer, Ask
from fleet.surfaces.tui.board import Board
from fleet.surfaces.tui.help import Help
from fleet.surfaces.tui.keys import bindings, name
from fleet.surfaces.tui.live import Live
from fleet.surfaces.tui.look import Line, shown
from fleet.surfaces.tui.rows import Rows
from fleet.surfaces.tui.words import Words
from fleet.views.waiting import asked
from fleet.wiring import open_sessions, open_terminal

_SAID_MS = 8000
_SEND_BACK = "send it back to its author, with your words"
_CLOSE = "refuse it: the pull request is closed, the work ends"


class Target(NamedTuple):
    """What the keys are about: whatever of it there is."""

    approval: str = ""
    run: str = ""
    agent: str = ""
    change: int = 0


class Deck(Screen[None]):
    """A screen whose last line is `#foot`. Those below say what is chosen and how it is drawn."""

    BINDINGS: ClassVar[list[BindingType]] = bindings()
    HINTS: ClassVar[tuple[tuple[str, str], ...]] = ()

    def __init__(self) -> None:
        super().__init__()
        self._said: Line = ()
        self._said_at = 0
        self._doing: set[asyncio.Task[None]] = set()

    @property
    def board(self) -> Board:
        """The app."""
        assert isinstance(self.app, Board)
        return self.app

    @property
    def live(self) -> Live:
        """What is true now."""
        return self.board.live

    def target(self) -> Target:
        """What is chosen."""
        raise NotImplementedError

    def draw(self, fresh: Sequence[Event]) -> None:
        """Draw what is true now."""
        raise NotImplementedError

    def nothing_waits(self) -> None:
        """What to do where there is nothing to answer here."""
        self.tell("Nothing here waits for your answer", "dim")

    def on_screen_resume(self) -> None:
        """It is on top again, and may be of yesterday."""
        self.call_after_refresh(self.draw, ())

    def on_resize(self) -> None:
        """Another size."""
        self.call_after_refresh(self.draw, ())

    # ---------------------------------------------------------------- the bottom line

    def tell(self, text: str, style: str = "") -> None:
        """Say something on the bottom line, for a while."""
        self._said, self._said_at = ((f" {shown(text)}", style),), self.live.now
        self.draw_foot()

    def draw_foot(self) -> None:
        """The bottom line: what was said last, else what the keys do."""
        if self._said and self.live.now - self._said_at < _SAID_MS:
            self.query_one("#foot", Words).show([self._said])
            return
        line: list[tuple[str, str]] = [(" ", "")]
        for key, word in self.HINTS:
            line += [(name(key), "key"), (f" {word}  ", "dim")]
        self.query_one("#foot", Words).show([tuple(line)])

    # ---------------------------------------------------------------- deeds

    def do(self, decide: Callable[[State, str], list[Event]], done: str) -> None:
        """Append what `decide` makes of the state and of who acts, and say that it is done, or why not."""
        task = asyncio.create_task(self._do(decide, done))
        self._doing.add(task)
        task.add_done_callback(self._doing.discard)

    def action_approve(self) -> None:
        """Let it go on."""
        found = self._approval()
        if found is None:
            self.nothing_waits()
        elif found.kind == "question":
            self._answer_question(found)
        elif found.kind == "command":
            self._answer_command(found)
        else:
            self.do(lambda state, actor: deeds.approved(state, actor, found.id), _done("approved", found))

    def action_always(self) -> None:
        """Let a call of a tool go on, and its agent do just that from now on; shown before it is done."""
        found = self._approval()
        if found is None:
            self.nothing_waits()
            return
        board = self.board

        def answered(answer: Answer | None) -> None:
            if answer is not None:
                self.do(
                    lambda state, actor: deeds.always(state, actor, found.id, answer.words),
                    f"You approved {found.id}; the pull request on fleet.yaml follows",
                )

        async def shown_first() -> None:
            try:
                what = await asyncio.to_thread(
                    preview, board.place, self.live.fleet, self.live.state, found.id
                )
            except FleetError as error:
                self.tell(f"✗ {error.what}{': ' if error.why else ''}{error.why}", "bad")
                return
            about = f"{shown(what.said)}. It changes fleet.yaml:\n{what.patch}"
            self.app.push_screen(Ask(f"Always allow this? ({found.id})", about, label="a word"), answered)

        task = asyncio.create_task(shown_first())
        self._doing.add(task)
        task.add_done_callback(self._doing.discard)

    def action_reject(self) -> None:
        """Refuse it, with a reason."""
        found = self._approval()
        if found is None:
            self.nothing_waits()
            return

        def refused(answer: Answer | None) -> None:
            if answer is not None:
                back = found.kind == "merge" and answer.choice == 0
                self.do(
                    lambda state, actor: deeds.refused(state, actor, found.id, answer.words, send_back=back),
                    _done("sent back" if back else "refused", found),
                )

        choices = (_SEND_BACK, _CLOSE) if found.kind == "merge" else ()
        title = f"Reject {found.id} ({found.kind})"
        self.app.push_screen(
            Ask(title, shown(found.why), label="your reason", choices=choices, needed=True), refused
        )

    def action_say(self) -> None:
        """Words for a run."""
        run = self.target().run
        if not run:
            self.tell("Choose a run to tell something", "dim")
            return
        question = deeds.question_of(self.live.state, run)
        if question is not None:
            self._answer_question(question)
            return

        def told(answer: Answer | None) -> None:
            if answer is not None:
                self.do(lambda state, actor: deeds.said(state, actor, run, answer.words), f"You told {run}")

        self.app.push_screen(Ask(f"Tell {self._named(run)}", label="your words", needed=True), told)

    def action_stop(self) -> None:
        """Stop a run, after a word of confirmation."""
        run = self.target().run
        found = self.live.state.runs.get(run)
        if found is None or not (found.live or found.state == "queued"):
            self.tell("Nothing runs here that could be stopped", "dim")
            return

        def stopped(answer: Answer | None) -> None:
            if answer is not None:
                self.do(
                    lambda state, actor: deeds.stopped(state, actor, run, answer.words),
                    f"{run} is asked to stop",
                )
                self._stop_session(run)

        self.app.push_screen(
            Ask(
                f"Stop {self._named(run)}?", "What it has committed so far is kept.", label="why, if you like"
            ),
            stopped,
        )

    def action_retry(self) -> None:
        """Try again."""
        run = self.target().run
        if not run:
            self.tell("Choose a run to try again", "dim")
            return
        self.do(lambda state, actor: deeds.retried(state, actor, run), f"{run} is tried again")

    def action_quarantine(self) -> None:
        """Quarantine an agent, or release it."""
        agent = self.target().agent
        if not agent:
            self.tell("Choose an agent to quarantine", "dim")
            return
        record = self.live.state.agents.get(agent)
        held = record is not None and bool(record.quarantined)
        deed, done = (deeds.released, "may work again") if held else (deeds.quarantined, "is in quarantine")

        def answered(answer: Answer | None) -> None:
            if answer is not None:
                self.do(lambda state, actor: deed(state, actor, agent, answer.words), f"{agent} {done}")

        title = f"Release {shown(agent)}" if held else f"Quarantine {shown(agent)}"
        about = "It may work again." if held else "Its runs are stopped, and it gets no new ones."
        self.app.push_screen(Ask(title, about, label="your reason", needed=True), answered)

    def action_attach(self) -> None:
        """Give the terminal to the run's own, until it is left."""
        run = self.target().run
        command = None
        if run:
            command = open_terminal(self.board.place, self.live.fleet.name).attach_command(run)
        if command is None:
            self.tell(f"{run or 'This'} has no terminal to attach to; enter shows its transcript", "warn")
            return
        with self.app.suspend():
            subprocess.run(command, check=False)
        self.refresh()

    # ---------------------------------------------------------------- ways

    def action_filter(self) -> None:
        """Show only lines with these words, in the list that has the keys."""
        rows = self.focused
        if not isinstance(rows, Rows):
            return

        def sifted(answer: Answer | None) -> None:
            if answer is not None:
                rows.sift(answer.words)

        self.app.push_screen(
            Ask("Show only lines with", "Empty shows all.", label="words", words=rows.filter), sifted
        )

    def action_back(self) -> None:
        """Take a filter away, else go back."""
        if isinstance(self.focused, Rows) and self.focused.filter:
            self.focused.sift("")
        elif len(self.app.screen_stack) > 2:
            self.app.pop_screen()

    def action_help(self) -> None:
        """All keys."""
        self.app.push_screen(Help())

    def action_quit(self) -> None:
        """Leave."""
        self.app.exit()

    def action_open(self) -> None:
        """Read what is chosen."""

    def action_diff(self) -> None:
        """What the pull request changes."""
        change = self.target().change
        if change in self.live.state.changes:
            self.board.open_change(change)
        else:
            self.tell("There is no pull request here", "dim")

    def action_agent(self) -> None:
        """The agent that is chosen, with its record."""
        agent = self.target().agent
        if agent:
            self.board.open_agent(agent)
        else:
            self.tell("Choose an agent, or a run of one", "dim")

    def action_budgets(self) -> None:
        """What was spent, against every ceiling."""
        self.board.open_budgets()

    def action_insight(self) -> None:
        """What came of the work."""
        self.board.open_insight()

    def action_everything(self) -> None:
        """Show more, where there is more."""

    def action_fold(self) -> None:
        """Fold, where something can be."""

    # ---------------------------------------------------------------- inner

    async def _do(self, decide: Callable[[State, str], list[Event]], done: str) -> None:
        actor = self.board.actor
        try:
            await self.live.act(lambda state: decide(state, actor))
        except FleetError as error:
            self.tell(f"✗ {error.what}{': ' if error.why else ''}{error.why}", "bad")
            return
        late = "" if self.live.watched else "; taken up when the watcher is started"
        self.tell(f"✓ {done}{late}", "good")

    def _stop_session(self, run: str) -> None:
        """Tell a run's session to end, where no watcher is there to do so."""
        found = self.live.state.runs.get(run)
        if self.live.watched or found is None or not found.live:
            return

        def stop() -> None:
            sessions = open_sessions(self.board.place)
            try:
                sessions.stop(run, "person")
            finally:
                sessions.close()

        task: asyncio.Task[None] = asyncio.create_task(asyncio.to_thread(stop))
        self._doing.add(task)
        task.add_done_callback(self._doing.discard)

    def _answer_question(self, found: Approval) -> None:
        def answered(answer: Answer | None) -> None:
            if answer is not None:
                self.do(
                    lambda state, actor: deeds.approved(state, actor, found.id, answer.words),
                    f"You answered {found.id}",
                )

        about = shown(found.why)
        self.app.push_screen(
            Ask(f"{self._named(found.run)} asks", about, label="your answer", needed=True), answered
        )

    def _answer_command(self, found: Approval) -> None:
        def answered(answer: Answer | None) -> None:
            if answer is None:
                return
            if answer.choice == 0:
                self.do(
                    lambda state, actor: deeds.approved(state, actor, found.id, answer.words),
                    _done("approved", found),
                )
                return
            self.do(
                lambda state, actor: deeds.taken_as_done(
                    self.live.fleet, state, actor, found.id, answer.words
                ),
                f"You took {found.id} as done",
            )

        choices = ("run it once more", "take it as done, with your reason")
        title = f"{ask('command')} ({found.id})"
        self.app.push_screen(Ask(title, shown(found.why), label="your reason", choices=choices), answered)

    def _approval(self) -> Approval | None:
        """The question that is chosen, or that what is chosen waits with."""
        target = self.target()
        for each in asked(self.live.state):
            if each.id == target.approval or (target.run and each.run == target.run):
                return each
        return None

    def _named(self, run: str) -> str:
        found = self.live.state.runs.get(run)
        if found is None:
            return run
        about = f", #{found.item}" if found.item else ""
        return f"{run} ({shown(found.agent or found.job)}{about})"


def _done(word: str, found: Approval) -> str:
    about = f" PR{found.change} at {found.head[:12]}" if found.head else ""
    return f"You {'have ' if word == 'sent back' else ''}{word} {found.id} ({found.kind}){about}"
