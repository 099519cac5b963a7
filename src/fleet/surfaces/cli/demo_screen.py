"""The screen of `fleet demo`: a live picture of the agents side by side, the issues, and the news."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import State
from fleet.surfaces.cli import demo_picture as picture
from fleet.surfaces.cli.demo_stage import Stage
from fleet.surfaces.cli.demo_words import Said, said
from fleet.surfaces.figures import clock, duration, money


class Screen:
    """A picture that moves, until the block is left; then it is gone and the terminal is as it was."""

    beat: float | None = 0.1

    def __init__(self, fleet: Fleet, stage: Stage) -> None:
        self._fleet = fleet
        self._stage = stage
        self._state = State()
        self._news: deque[tuple[int, Said]] = deque(maxlen=60)
        self._began = time.monotonic()
        self._console = Console(highlight=False)
        # Asked before the picture begins: while it lasts, it stands in front of stdout.
        self._utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
        self._live = self._fresh()

    def __enter__(self) -> Self:
        """Begin to show."""
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal."""
        self._live.stop()

    def show(self, news: Sequence[Event], state: State) -> None:
        """See `demo_play.Show`."""
        self._state = state
        self._news += [(event.time, line) for event in news if (line := said(event, state)) is not None]
        self._live.update(self._drawn(), refresh=True)

    @contextmanager
    def pause(self) -> Iterator[None]:
        """See `demo_play.Show`."""
        self._live.stop()
        try:
            yield
        finally:
            self._live = self._fresh()
            self._live.start()

    def _fresh(self) -> Live:
        return Live(
            self._drawn(), console=self._console, auto_refresh=False, transient=True, vertical_overflow="crop"
        )

    def _drawn(self) -> RenderableType:
        now = time.time_ns() // 1_000_000
        agents = picture.agent_rows(self._fleet, self._state, now)
        issues = picture.issue_rows(self._state)
        room = self._console.height - len(agents) - len(issues) - 7
        parts: list[RenderableType] = [
            Text(),
            self._heading(),
            Text(),
            self._agents(agents),
            Text(),
            *map(self._issue, issues),
        ]
        if room >= 2:
            parts += [Text(), *self._latest(room - 1)]
        return Group(*parts)

    def _heading(self) -> Text:
        passed = duration(round((time.monotonic() - self._began) * 10) * 100)
        live = sum(self._state.runs[name].live for name in self._state.moving)
        merged = picture.merges(self._state)
        return self._line(
            ("Fleet demo", "bold"),
            (f"   {passed}", ""),
            (f"   {live} at work", "cyan" if live else "dim"),
            (f"   {merged} merged", "green" if merged else "dim"),
            (f"   {money(picture.spent(self._state))}", ""),
            (f"   event {self._state.seq}", "dim"),
        )

    def _issue(self, row: picture.IssueRow) -> Text:
        title = max(16, self._console.width - 56)
        parts = [(f"#{row.number} ", "bold"), (f"{_short(row.title, title):<{title}}", "")]
        for job in row.jobs:
            parts.append((f" {job.mark}", job.style))
            parts.append((job.name, "dim" if job.style == "dim" else ""))
        if row.remark:
            parts.append((f"  {row.remark}", row.style))
        return self._line(*parts)

    def _latest(self, lines: int) -> list[Text]:
        return [
            self._line((clock(time), "dim"), (f"  {line.text}", line.style))
            for time, line in list(self._news)[-lines:]
        ]

    def _agents(self, rows: list[picture.AgentRow]) -> Table:
        table = Table(box=None, expand=True, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
        for title, width in (("AGENT", 16), ("", 12), ("ISSUE", 5)):
            table.add_column(title, width=width, no_wrap=True)
        table.add_column("DOING", ratio=1, no_wrap=True, overflow="ellipsis")
        table.add_column("TIME", width=5, justify="right", no_wrap=True)
        table.add_column("COST", width=5, justify="right", no_wrap=True)
        above = ""
        for row in rows:
            name = "" if row.name == above else row.name
            above = row.name
            busy = "" if row.style == "cyan" else "dim"
            table.add_row(
                Text(name, "bold"),
                self._line((row.mark, row.style), (f" {row.state}", row.style)),
                Text(row.item, busy),
                self._line((row.doing, "red" if row.style == "red" else busy)),
                Text(row.time, busy),
                Text(row.cost, busy),
            )
        return table

    def _line(self, *parts: tuple[str, str]) -> Text:
        """One line that is cut where the terminal ends."""
        text = Text(no_wrap=True, overflow="ellipsis" if self._utf8 else "crop")
        for words, style in parts:
            text.append(words if self._utf8 else words.translate(picture.PLAIN), style)
        return text


def _short(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1]}…"
