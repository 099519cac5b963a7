"""The stream of events: the newest some thousand, in plain words, those that are bookkeeping left out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from fleet.model import events
from fleet.model.event import Event
from fleet.surfaces.figures import clock
from fleet.surfaces.tui.look import Line
from fleet.surfaces.tui.rows import Row
from fleet.views.events import headline, told, who

_KEPT = 1500
_ALSO = {events.RUN_ACTED, events.RUN_SAID, events.RUN_STARTED, events.AGENT_RELEASED, events.ITEM_COMMENTED}
_MATTERS: dict[str, bool] = {}
_SIGNS: dict[str, tuple[str, str]] = {
    events.APPROVAL_ASKED: ("!", "warn bold"),
    events.APPROVAL_GIVEN: ("✓", "good"),
    events.APPROVAL_REFUSED: ("✗", "bad"),
    events.CHANGE_MERGED: ("✓", "good bold"),
    events.CHANGE_HELD: ("◆", "warn"),
    events.AGENT_QUARANTINED: ("⊘", "bad"),
    events.AGENT_DENIED: ("✗", "bad"),
    events.EFFECT_FAILED: ("✗", "bad"),
    events.RUN_ACTED: ("·", "dim"),
    events.ITEM_OPENED: ("+", "busy"),
    events.CHANGE_OPENED: ("+", "busy"),
}


class EventRow(Row):
    """An event, put into words when somebody sees it."""

    __slots__ = ("event",)

    def __init__(self, event: Event) -> None:
        super().__init__(f"event:{event.seq}", ())
        self.event = event

    @property
    def line(self) -> Line:
        """See `Row`."""
        self._line = self._line or _line(self.event)
        return self._line


class Feed:
    """The events as rows. With `everything` the bookkeeping is shown too."""

    def __init__(self) -> None:
        self.everything = False
        self._events: deque[Event] = deque(maxlen=_KEPT)
        self._rows: deque[EventRow] = deque(maxlen=_KEPT)

    def heard(self, fresh: Iterable[Event]) -> None:
        """Take in what is new."""
        for event in fresh:
            self._events.append(event)
            if self.everything or _matters(event):
                self._rows.append(EventRow(event))

    def show_everything(self, everything: bool) -> None:
        """Show the bookkeeping too, or no more."""
        self.everything = everything
        kept = list(self._events)
        self._events.clear()
        self._rows.clear()
        self.heard(kept)

    def event(self, key: str) -> Event | None:
        """The event of a row."""
        return next((each for each in self._events if key == f"event:{each.seq}"), None)

    def rows(self) -> tuple[Line, list[Row]]:
        """The head of the list, and its rows, the newest last."""
        note = "  all of them (v: only what matters)" if self.everything else ""
        return (("EVENTS", "bold"), (note, "dim")), list(self._rows)


def _matters(event: Event) -> bool:
    """Whether people care about events of this type."""
    if event.type not in _MATTERS:
        _MATTERS[event.type] = event.type in _ALSO or bool(headline(event))
    return _MATTERS[event.type]


def _line(event: Event) -> Line:
    sign = _SIGNS.get(event.type, ("·", "dim"))
    text = told(event)
    by = who(event)
    line: Line = (
        (f"{sign[0]} ", sign[1]),
        (f"{clock(event.time)}  ", "dim"),
        (text, "dim" if event.type == events.RUN_ACTED else ""),
    )
    return line if by in ("", "fleet") or by in text else (*line, (f"  {by}", "dim"))
