"""The first screen: agents, what needs a person, the queue, and what happens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.widget import Widget

from fleet.model.event import Event
from fleet.model.state import Approval
from fleet.surfaces.figures import clock
from fleet.surfaces.tui.arrange import WIDE, Box, arrange, halves
from fleet.surfaces.tui.card import Patch, card
from fleet.surfaces.tui.deck import Deck, Target
from fleet.surfaces.tui.feed import Feed
from fleet.surfaces.tui.look import Line, Piece, cut, shown
from fleet.surfaces.tui.roster import Roster
from fleet.surfaces.tui.rows import Rows
from fleet.surfaces.tui.waits import needs, queued
from fleet.surfaces.tui.words import Words
from fleet.views.needs import how_many
from fleet.views.waiting import asked

_MANY = 10_000
_LISTS = ("agents", "needs", "queue", "events")


class Home(Deck):
    """Everything at a glance. Tab goes from list to list; the list with the keys gets more room."""

    HINTS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("enter", "open"),
        ("a", "approve"),
        ("r", "reject"),
        ("s", "say"),
        ("c", "costs"),
        ("i", "insight"),
        ("p", "agent"),
        ("question_mark", "help"),
        ("q", "quit"),
        ("x", "stop"),
        ("t", "retry"),
        ("slash", "find"),
    )

    def __init__(self) -> None:
        super().__init__()
        self._feed = Feed()
        self._roster: Roster | None = None
        self._boxes: dict[str, Box] = {}
        self._card_key: tuple[object, ...] = ()
        self._card_lines: list[Line] = []

    def compose(self) -> ComposeResult:
        """The lists, between the top and the bottom line."""
        yield Words(id="top")
        with Container(id="lists"):
            yield Rows(id="agents")
            yield Rows(id="needs")
            yield Words(id="card")
            yield Rows(id="queue")
            yield Rows(id="events", follow=True)
        yield Words(id="foot")

    def on_mount(self) -> None:
        """Begin with what needs a person, if something does."""
        self._roster = Roster(self.live)
        self._feed.heard(self.live.latest)
        self.query_one("#needs" if asked(self.live.state) else "#agents").focus()

    def heard(self, fresh: Sequence[Event]) -> None:
        """Take in new events, drawn or not."""
        self._feed.heard(fresh)
        if self._roster is not None:
            self._roster.heard(fresh)

    def draw(self, fresh: Sequence[Event]) -> None:
        """See `Deck`."""
        if self._roster is None or not self.is_attached:
            return
        if not fresh:
            self._roster.heard(())
        live, lists = self.live, {name: self.query_one(f"#{name}", Rows) for name in _LISTS}
        self._place()
        seen = [lists["agents"].rows[at] for at in lists["agents"].within]
        lists["agents"].show(*self._roster.lines(self._boxes["agents"].width - 2, seen))
        lists["needs"].show(*needs(live, self._boxes["needs"].width - 2))
        lists["queue"].show(*queued(live, self._boxes["queue"].width - 2))
        lists["events"].show(*self._feed.rows())
        self._draw_card()
        self.query_one("#top", Words).show([self._top(self._roster)])
        self.draw_foot()

    def target(self) -> Target:
        """See `Deck`."""
        rows = self.focused
        kind, _, rest = (rows.chosen if isinstance(rows, Rows) else "").partition(":")
        state = self.live.state
        if kind == "ask" and rest in state.approvals:
            found = state.approvals[rest]
            job = (
                state.instances[found.instance].jobs.get(found.job)
                if found.instance in state.instances
                else None
            )
            last = job.runs[-1] if job is not None and job.runs else ""
            run = state.runs.get(found.run or last)
            change = state.changes.get(found.change)
            author = change.author if change is not None and change.author.startswith("agent/") else ""
            agent = run.agent if run else author.removeprefix("agent/")
            return Target(found.id, found.run or last, agent, found.change)
        if kind == "agent":
            agent, _, name = rest.partition(":")
            return Target(run=name, agent=agent, change=self._change_of(name))
        if kind == "run":
            return Target(run=rest, change=self._change_of(rest))
        event = self._feed.event(rows.chosen) if kind == "event" and isinstance(rows, Rows) else None
        if event is None:
            return Target()
        told = {name: str(event.data.get(name, "")) for name in ("run", "approval", "agent")}
        change = event.data.get("change")
        number = change if isinstance(change, int) else self._change_of(told["run"])
        run = state.runs.get(told["run"])
        return Target(told["approval"], told["run"], told["agent"] or (run.agent if run else ""), number)

    def nothing_waits(self) -> None:
        """Lead to what does wait: nothing is answered that one does not see."""
        if not asked(self.live.state):
            self.tell("Nothing waits for your answer", "dim")
            return
        self.query_one("#needs").focus()
        self.tell("This is what waits: look at it, then press a or r again", "warn")

    def action_open(self) -> None:
        """The question, the run, or the change that is chosen."""
        target = self.target()
        if target.approval in self.live.state.asked:
            self.board.open_approval(target.approval)
        elif target.run in self.live.state.runs:
            self.board.open_run(target.run)
        elif target.change in self.live.state.changes:
            self.board.open_change(target.change)
        else:
            self.tell("There is no run to read here", "dim")

    def action_everything(self) -> None:
        """All events, or only what matters."""
        self._feed.show_everything(not self._feed.everything)
        self.draw(())

    @on(Rows.Chosen, "#needs")
    def _other_question(self) -> None:
        self._draw_card()

    def on_descendant_focus(self) -> None:
        """The list with the keys gets more room."""
        self.call_after_refresh(self.draw, ())

    def _draw_card(self) -> None:
        height = self._boxes["card"].height if "card" in self._boxes else 0
        if height:
            self.query_one("#card", Words).show(self._card()[:height])

    def _card(self) -> list[Line]:
        """The card of the question that is chosen. It takes a while to make, so it is kept for a second."""
        chosen = self.query_one("#needs", Rows).chosen.removeprefix("ask:")
        found = self.live.state.approvals.get(chosen) or next(iter(asked(self.live.state)), None)
        if found is None:
            return []
        change = self.live.state.changes.get(found.change)
        patch = self.board.patches.of(self.live.fleet, change) if change is not None else None
        key = (found.id, found.answer, self.size.width, self.live.now // 1000, patch is None)
        if key != self._card_key:
            self._card_key, self._card_lines = key, self._make_card(found, patch)
        return self._card_lines

    def _make_card(self, found: Approval, patch: Patch | None) -> list[Line]:
        wide = self.size.width >= WIDE
        room = halves(self.size.width)[1] if wide else self.size.width
        lines = card(self.live, found, patch, room - 4, short=not wide)
        return [(("  │ ", "warn"), *line) for line in lines]

    def _place(self) -> None:
        """Give each list its place, where that is another one now."""
        assert self._roster is not None
        moving = (self.live.state.runs[name] for name in self.live.state.moving)
        wants = {
            "agents": 1 + self._roster.rows,
            "needs": 1 + how_many(self.live.state),
            "card": len(self._card()),
            "queue": 1 + sum(1 for run in moving if run.state == "queued"),
            "events": _MANY,
        }
        focus = self.focused.id or "" if self.focused is not None else ""
        size = self.query_one("#lists").size
        boxes = arrange(size.width, size.height, wants, focus)
        for name, box in boxes.items():
            if self._boxes.get(name) != box:
                _put(self.query_one(f"#{name}"), box)
        self._boxes = boxes

    def _change_of(self, run: str) -> int:
        found = self.live.state.runs.get(run)
        if found is None:
            return 0
        instance = self.live.state.instances.get(found.instance)
        return found.change or (instance.change if instance else 0)

    def _top(self, roster: Roster) -> Line:
        """How it goes, in a line; what there is no room for is left out from the end."""
        live = self.live
        waiting = len(asked(live.state))
        trouble = roster.count("failed", "blocked", "quarantined")
        first: list[Piece] = [(f" {cut(shown(live.fleet.name), 20)}  ", "bold")]
        if waiting:
            first += [(f" ! {waiting} need{'s' if waiting == 1 else ''} you ", "alarm"), ("  ", "")]
        first.append((f"● {roster.count('running')} running  ", "busy"))
        if trouble:
            first.append((f"◆ {trouble} held up  ", "warn"))
        first.append((f"○ {roster.count('idle')} idle  ", "dim"))
        first.append((f"${sum(roster.spent.values()):.2f} today", ""))
        time = (f"  {clock(live.now)} ", "dim")
        if live.problem:
            ends: list[list[Piece]] = [[(f" {cut(shown(live.problem), 40)} ", "alarm")]]
        elif live.watched:
            ends = [[("watcher runs", "dim"), time], [("watcher runs ", "dim")]]
        else:
            down = " watcher down"
            told = (f"{down}: fleet watcher start ", "alarm")
            ends = [[told, time], [told], [(f"{down} ", "alarm"), time], [(f"{down} ", "alarm")]]
        used = _width(first)
        if used + _width(ends[-1]) + 1 > self.size.width:
            first = [each for each in first if not each[0].startswith("○")]
            used = _width(first)
        end = next((each for each in ends if used + _width(each) + 1 <= self.size.width), ends[-1])
        return (*first, (" " * max(1, self.size.width - used - _width(end)), ""), *end)


def _width(pieces: Sequence[Piece]) -> int:
    return sum(cell_len(text) for text, _ in pieces)


def _put(widget: Widget, box: Box) -> None:
    widget.display = box.height > 0
    widget.styles.offset = (box.x, box.y)
    widget.styles.width, widget.styles.height = box.width, box.height
