"""What is true by a project's log: the newest snapshot, and the events since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.config.place import Place

if TYPE_CHECKING:
    from fleet.model.state import State
    from fleet.ports.log import Log
    from fleet.ports.snapshot import Snapshots


def open_snapshots(place: Place) -> Snapshots | None:
    """The project's snapshots, None before a watcher has made the secret that they are signed with."""
    from fleet.adapters.logs.snapshot import FileSnapshots

    try:
        return FileSnapshots(place.snapshot, place.secret.read_bytes())
    except FileNotFoundError:
        return None


def fold_log(place: Place, log: Log) -> State:
    """What is true now. Reads only what came after the snapshot, where there is one that holds."""
    from fleet.policy.fold import fold_all

    snapshots = open_snapshots(place)
    state = snapshots.load(log) if snapshots is not None else None
    return fold_all(log.read(state.seq if state is not None else 0), state)
