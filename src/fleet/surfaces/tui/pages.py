"""The screens that one opens: a run with its transcript, a question with its diff, a change."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult

from fleet.model.errors import FleetError
from fleet.model.event import Event
from fleet.model.state import Run
from fleet.surfaces.figures import money, tokens
from fleet.surfaces.tui.card import by_risk, card
from fleet.surfaces.tui.deck import Deck, Target
from fleet.surfaces.tui.look import SPINNER, Line, bar, lasted, shown, wrapped
from fleet.surfaces.tui.patch import patch_lines
from fleet.surfaces.tui.reading import Reading
from fleet.surfaces.tui.rows import Row, Rows
from fleet.surfaces.tui.transcript import Scroll
from fleet.surfaces.tui.words import Words
from fleet.views.changes import change_page
from fleet.views.run_page import is_about

_LOOK_ANYWAY_MS = 1000
"""The watcher tells of what a run does. Where none runs, nobody rings, and this is how often one looks."""


class RunPage(Deck):
    """A run: what it is about, and its transcript, which is followed while its end is in sight."""

    HINTS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("escape", "back"),
        ("s", "say"),
        ("x", "stop"),
        ("t", "retry"),
        ("d", "diff"),
        ("g", "attach"),
        ("space", "fold"),
        ("question_mark", "help"),
    )

    def __init__(self, run: str) -> None:
        super().__init__()
        self.run_id = run
        self._scroll = Scroll()
        self._reading: Reading | None = None
        self._look: asyncio.Task[None] | None = None
        self._looked = 0
        self._stale = True
        self._problem = ""
        self._frames = 0  # the spinner turns with what happens to the run, and once a second

    def compose(self) -> ComposeResult:
        """Its head, and the transcript."""
        yield Words(id="head")
        yield Rows(id="transcript", follow=True)
        yield Words(id="foot")

    def on_mount(self) -> None:
        """Begin at its end."""
        self.query_one(Rows).focus()

    def on_unmount(self) -> None:
        """Let go of its files, once nobody reads in them."""
        if self._look is not None and not self._look.done():
            self._look.add_done_callback(lambda _: self._close())
        else:
            self._close()

    def target(self) -> Target:
        """See `Deck`."""
        found = self.live.state.runs.get(self.run_id)
        if found is None:
            return Target()
        instance = self.live.state.instances.get(found.instance)
        change = found.change or (instance.change if instance else 0)
        return Target(run=found.id, agent=found.agent, change=change)

    def draw(self, fresh: Sequence[Event]) -> None:
        """See `Deck`."""
        found = self.live.state.runs.get(self.run_id)
        if found is None or not self.is_attached:
            return
        about = any(is_about(event, self.run_id) for event in fresh)
        self._frames += about or not fresh
        head = self._head(found)
        words = self.query_one("#head", Words)
        words.styles.height = len(head)
        words.show(head)
        self._stale |= about
        self._stale |= found.live and self.live.now - self._looked >= _LOOK_ANYWAY_MS
        if self._stale and found.harness and (self._look is None or self._look.done()):
            self._stale, self._looked = False, self.live.now
            self._look = asyncio.create_task(self._read_on(found))
        self._show(found)
        self.draw_foot()

    def action_fold(self) -> None:
        """Show all of a result, or fold it."""
        rows = self.query_one(Rows)
        if rows.chosen:
            self._scroll.fold(rows.chosen)
            self.draw(())

    def _show(self, run: Run) -> None:
        rows = self.query_one(Rows)
        self._scroll.add((), rows.size.width - 1)
        follows = "  follows what comes" if run.live and rows.at_end else "  end follows" if run.live else ""
        note = self._problem or follows
        if not self._scroll.rows and not note:
            note = "  nothing was said yet"
        rows.show((("TRANSCRIPT", "bold"), (note, "dim")), self._scroll.rows)

    async def _read_on(self, run: Run) -> None:
        try:
            if self._reading is None:
                self._reading = Reading(self.board.place, run)
            news = await self._reading.news()
            self._problem = ""
        except (FleetError, OSError) as error:
            self._problem = f"  it can't be read: {shown(error)}"
            return
        if self.is_attached:
            self._scroll.add(news, self.query_one(Rows).size.width - 1)
            self._show(run)

    def _close(self) -> None:
        if self._reading is not None:
            self._reading.close()

    def _head(self, run: Run) -> list[Line]:
        state, now = self.live.state, self.live.now
        item, change = state.items.get(run.item), state.changes.get(self.target().change)
        sign = SPINNER[self._frames % len(SPINNER)] if run.live else "·"
        style = {"succeeded": "good", "": "busy", "stopped": "warn"}.get(run.outcome, "bad")
        title = f"#{item.id} {shown(item.title)}" if item else ""
        pull = f"  PR{change.id}" if change else ""
        time = lasted((run.ended or now) - run.started) if run.started else "—"
        who = f"{shown(run.agent or '—')}  {run.job}" + (f"  try {run.attempt}" if run.attempt > 1 else "")
        lines: list[Line] = [
            (
                (f" {sign} ", style),
                (f"{run.id}  ", "bold"),
                (who, "bold"),
                (f"  {title}", ""),
                (pull, "place"),
            ),
            (
                (f"   {run.outcome or run.state}", style),
                (f"  {time} ", ""),
                bar((run.ended or now) - run.started, run.ceiling_ms) if run.started else ("", ""),
                (f"  {money(run.cost_micros)} ", ""),
                bar(run.cost_micros, run.cost_limit),
                (f"  {tokens(run.tokens)} tokens  {shown(run.harness)} {shown(run.model)}", "dim"),
            ),
        ]
        waits = next((each for each in self._asked() if each), "")
        for text, how in (
            (waits, "warn"),
            (run.stop_reason and f"stopping: {run.stop_reason}", "warn"),
            (run.reason, style),
        ):
            if text:
                lines += [((f"   {part}", how),) for part in wrapped(shown(text), self.size.width - 4)[:3]]
        return [*lines, ()]

    def _asked(self) -> list[str]:
        found = self._approval()
        return [f"! {found.id} waits for you: {found.why}  (a answers)"] if found is not None else []


class CardPage(Deck):
    """A question in full, or a change, with its diff, the riskiest file first."""

    HINTS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("escape", "back"),
        ("a", "approve"),
        ("r", "reject"),
        ("enter", "the run"),
        ("slash", "find"),
        ("question_mark", "help"),
    )

    def __init__(self, approval: str = "", change: int = 0) -> None:
        super().__init__()
        self._asked_id, self._change = approval, change

    def compose(self) -> ComposeResult:
        """All of it, to read."""
        yield Rows(id="card-page", reading=True)
        yield Words(id="foot")

    def on_mount(self) -> None:
        """Read from the beginning."""
        self.query_one(Rows).focus()

    def target(self) -> Target:
        """See `Deck`."""
        state = self.live.state
        found = state.approvals.get(self._asked_id)
        number = self._change or (found.change if found else 0)
        change = state.changes.get(number)
        run = found.run if found is not None else ""
        instance = state.instances.get(found.instance if found else change.instance if change else "")
        if not run and instance is not None:
            name = (
                found.job if found is not None and found.job else change.maker if change is not None else ""
            )
            record = instance.jobs.get(name)
            run = record.runs[-1] if record is not None and record.runs else ""
        agent = state.runs[run].agent if run in state.runs else ""
        return Target(self._asked_id, run, agent, number)

    def draw(self, fresh: Sequence[Event]) -> None:
        """See `Deck`."""
        if not self.is_attached:
            return
        live, rows = self.live, self.query_one(Rows)
        room = max(20, self.size.width - 4)
        found, change = live.state.approvals.get(self._asked_id), live.state.changes.get(self.target().change)
        patch = self.board.patches.of(live.fleet, change) if change is not None else None
        if found is not None:
            lines = card(live, found, patch, room, short=False)
            head: Line = (("NEEDS YOU", "bold"), ("  a approve  r reject", "dim"))
            if found.answer:
                head = ((f"ANSWERED: {found.answer} by {shown(found.by)}", "bold"),)
            elif found.handled:
                head = (("WAITS NO MORE: what it asked about has changed", "bold"),)
        else:
            assert change is not None
            page = change_page(live.fleet, live.state, change)
            head = ((f"PR{change.id}  {shown(change.title)}", "bold"),)
            lines = [
                ((f"{page['standing']}  ", "warn"), (part, ""))
                for part in wrapped(shown(page["reason"]), room)[:3]
            ]
        if patch is not None:
            lines += patch_lines(patch.text, [each.path for each, _ in by_risk(patch.files)], room)
        rows.show(head, [Row(str(at), (("  ", ""), *line)) for at, line in enumerate(lines)])
        self.draw_foot()

    def action_open(self) -> None:
        """The run that it is about."""
        run = self.target().run
        if run in self.live.state.runs:
            self.board.open_run(run)
        else:
            self.tell("There is no run to read here", "dim")
