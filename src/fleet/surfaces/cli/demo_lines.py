"""The progress of `fleet demo` where no terminal is: a line for everything that a person cares about."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from fleet.model.event import Event
from fleet.model.state import State
from fleet.surfaces.cli.demo_words import said
from fleet.surfaces.cli.output import clock, say
from fleet.surfaces.cli.table import cut

_ROOM = 160


class Lines:
    """Prints each headline as it comes."""

    beat: float | None = None

    def show(self, news: Sequence[Event], state: State) -> None:
        """See `demo_play.Show`."""
        for event in news:
            line = said(event, state)
            if line is not None:
                say(f"  {clock(event.time)}  {cut(line.text, _ROOM)}")
        sys.stdout.flush()

    @contextmanager
    def pause(self) -> Iterator[None]:
        """See `demo_play.Show`: the lines wait by themselves."""
        yield


class Silence:
    """Shows nothing: for machines."""

    beat: float | None = None

    def show(self, news: Sequence[Event], state: State) -> None:
        """See `demo_play.Show`."""

    @contextmanager
    def pause(self) -> Iterator[None]:
        """See `demo_play.Show`."""
        yield
