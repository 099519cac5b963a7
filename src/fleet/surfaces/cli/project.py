"""The project that a verb is about: its log, what is true by it, and its fleet.yaml."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fleet.wiring import Place, find_place, load_fleet, open_log, watcher_status

if TYPE_CHECKING:
    from fleet.model.event import Event
    from fleet.model.fleet import Fleet
    from fleet.model.state import State
    from fleet.ports.log import Log


class Project:
    """One project, opened for one verb. Everything is read when it is first asked for."""

    def __init__(self, place: Place, log: Log) -> None:
        self.place = place
        self.log = log
        self.now = time.time_ns() // 1_000_000
        self._state: State | None = None
        self._fleet: Fleet | None = None
        self._watcher: dict[str, Any] | None = None

    @property
    def state(self) -> State:
        """What is true by the log, as it was when this was first asked, or since `catch_up`."""
        return self._state if self._state is not None else self.catch_up()

    @property
    def fleet(self) -> Fleet:
        """The operator's fleet.yaml. Raises `UsageError` where it is wrong."""
        if self._fleet is None:
            self._fleet = load_fleet(self.place)
        return self._fleet

    @property
    def watcher(self) -> dict[str, Any]:
        """What is known of the watcher."""
        if self._watcher is None:
            self._watcher = watcher_status(self.place)
        return self._watcher

    @property
    def watched(self) -> bool:
        """Whether the watcher runs."""
        return self.watcher["running"] is True

    def events(self) -> Iterator[Event]:
        """The whole log."""
        return self.log.read()

    def catch_up(self) -> State:
        """Fold what the log has by now."""
        from fleet.folding import fold_log
        from fleet.policy.fold import fold_all

        if self._state is None:
            self._state = fold_log(self.place, self.log)
        return fold_all(self.log.read(self._state.seq), self._state)


@contextmanager
def open_project(place: Place | None = None) -> Iterator[Project]:
    """The project here (or at `place`), until the block is left."""
    found = place or find_place()
    log = open_log(found)
    try:
        yield Project(found, log)
    finally:
        log.close()
