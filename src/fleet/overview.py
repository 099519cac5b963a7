"""The document of `fleet status`: the board, and what keeps Fleet from going on.

The watcher makes it from what it knows already (see `fleet.gateway.board`); where none runs, it is made from
the log, by the same function.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from shutil import disk_usage
from typing import TYPE_CHECKING, Any

from fleet.model.errors import FleetError

if TYPE_CHECKING:
    from fleet.config.place import Place
    from fleet.model.fleet import Fleet
    from fleet.model.state import State
    from fleet.ports.log import Log

_LEAST_FREE = 1024 * 1024  # bytes: below, an append may fail at any moment


def overview(
    place: Place, fleet: Fleet, state: State, log: Log, now: int, watcher: Mapping[str, Any]
) -> dict[str, Any]:
    """Everything that the screen shows, at `now` (ms since the epoch). `watcher` is what is known of it."""
    from fleet.engine.disk_note import read_note
    from fleet.views.board import board

    found = board(fleet, state, now, watcher)
    found["forge"] = forge_notes(place)
    found["troubles"] = troubles(place, log)
    if state.crowded:
        found["troubles"].append(f"Nothing new begins: {state.crowded} (workspace.disk).")
    found["workspaces"] = read_note(place.dot)
    return found


def forge_notes(place: Place) -> list[dict[str, Any]]:
    """What the poller last noted of each repository on a forge: quota, next look, and what went wrong."""
    found = []
    for path in sorted((place.dot / "forge").glob("*.quota.json")):
        try:
            note = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue  # written anew at this very moment
        found.append(note)
    return found


def troubles(place: Place, log: Log) -> list[str]:
    """What keeps Fleet from recording anything, and so from going on; on a good day nothing."""
    from fleet.adapters.logs.anchor import Anchor, cut_off

    found = []
    try:
        noted = Anchor(place.dot / "log.head").read()  # before the log, which is never behind it
        last = log.head().seq
        if noted is not None and noted.seq > last:
            found.append(str(cut_off(noted, last)))
    except FleetError as error:
        found.append(str(error))
    if disk_usage(place.dot).free < _LEAST_FREE:
        found.append(f"The disk of {place.dot} is full: nothing can be recorded until there is space.")
    return found
