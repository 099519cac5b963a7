"""Gates are asked again at the deed: between the wish and it there may be a new commit, a lapsed approval, or
hours in which nothing could be reached.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from fleet.engine.parts import Parts
from fleet.model.errors import FleetError
from fleet.model.event import Event
from fleet.model.state import Change, State, Wish
from fleet.policy.passage import shut


class Withdrawn(FleetError):
    """The gate is not open any more: nothing is done, and the rules decide anew. `events` tell of it."""

    def __init__(self, what: str, events: Iterable[Event] = ()) -> None:
        super().__init__(what)
        self.events = tuple(events)


def as_of_now(parts: Parts, state: State) -> State:
    """The state at this very moment: since its last event an approval may have lapsed or a window closed."""
    return replace(state, now=max(state.now, parts.clock()))


def still_open(
    parts: Parts, state: State, wish: Wish, kinds: Iterable[str], change: Change, *, run: str = ""
) -> None:
    """Raises `Withdrawn` where the gates of these kinds do not let the wish pass now."""
    held = shut(parts.fleet, as_of_now(parts, state), tuple(kinds), wish.key, change, run=run)
    if held is not None:
        raise Withdrawn(f"{wish.key} waits: its gate is not open any more", held)
