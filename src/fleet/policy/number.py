"""The numbers of items and changes. What a forge has counted keeps its number there, so that people read the
same one everywhere; where two repositories have counted the same, the later one gets a number of Fleet's own.
"""

from __future__ import annotations

from collections.abc import Collection

from fleet.model.fleet import Fleet
from fleet.model.state import State

OWN = 1_000_000
"""Fleet's own numbers lie above this in a fleet that works on a forge, where the forge's do not come soon."""


def last_number(fleet: Fleet, state: State) -> int:
    """The number after which the next of Fleet's own comes."""
    return max(state.number, OWN) if fleet.repos else state.number


def new_number(state: State, ref: str, given: Collection[int] = ()) -> int:
    """A number for what a forge calls `ref` (owner/name#12), or for what it does not know (""). `given` are
    taken.
    """
    theirs = ref.rpartition("#")[2]
    number = int(theirs) if theirs.isdigit() else 0
    taken = number in state.items or number in state.changes or number in given
    if number and not taken:
        return number
    return max([state.number, *([OWN] if ref else []), *given]) + 1
