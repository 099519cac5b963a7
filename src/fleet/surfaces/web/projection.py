"""What is true now, in memory: the fold of the log, kept up by a follower that is woken and never polls.

Beside the state it remembers in which records something was spoken of, so that a page about one run need not
read the whole log.
"""

from __future__ import annotations

import asyncio
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from fleet.model import events
from fleet.model.errors import FleetError, Temporary
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import State
from fleet.policy.fold import fold
from fleet.ports.log import Following, Log
from fleet.views.events import headline
from fleet.views.why import routed_names

Heard = Callable[[frozenset[str]], None]
"""Told of new events: the names of all that they speak of."""

_NAMED = ("run", "item", "change", "instance", "agent", "approval")
_WATCHER = (events.WATCHER_STARTED, events.WATCHER_STOPPED)
_QUEUE = (
    events.AGENT_QUARANTINED,
    events.AGENT_RELEASED,
    events.RUN_QUEUED,
    events.RUN_ADMITTED,
    events.RUN_ENDED,
    events.RUN_CANCELLED,
)
"""What changes what waits behind a question, or that an agent waits for a person."""

_NO_CAUSE = (events.RUN_ACTED, events.RUN_SPENT, events.CLOCK_TICKED)
"""Most of a log, and what leads to nothing by itself: where these are is not remembered by their ids."""

_HEADLINES = 40
_PAGE = 1000
_SAFETY_SECONDS = 1.0
"""A ring is lost when its appender is killed before it rang; this is how long one looks away at most."""


class Projection:
    """The state by the log, and who wants to hear of changes. It belongs to one event loop.

    `load_fleet` reads fleet.yaml, and is called anew when a watcher has; `watcher` says what is known of it.
    """

    def __init__(
        self,
        log: Log,
        load_fleet: Callable[[], Fleet],
        watcher: Callable[[], dict[str, Any]],
        clock: Callable[[], int],
    ) -> None:
        self.log = log
        self.state = State()
        self.clock = clock
        self.listeners: set[Heard] = set()
        self.headlines: deque[tuple[Event, str]] = deque(maxlen=_HEADLINES)
        self._load_fleet, self._ask_watcher = load_fleet, watcher
        self.fleet = load_fleet()
        self.watcher = watcher()
        self._places: dict[str, array[int]] = {}
        self._seqs: dict[str, int] = {}
        self._routed: dict[str, int] = {}
        self._following: Following | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def watched(self) -> bool:
        """Whether the watcher runs, as far as one knows."""
        return self.watcher.get("running") is True

    def load(self) -> None:
        """Fold the log from where this stands. Blocks."""
        for event in self.log.read(self.state.seq):
            self._take(event)

    def open(self) -> None:
        """Follow the log from here on, in the running event loop."""
        self._following = self.log.follow(self.state.seq)
        asyncio.get_running_loop().add_reader(self._following.fileno(), self.catch_up)
        self._look_anyway()

    def close(self) -> None:
        """Follow no more. May be repeated."""
        if self._timer is not None:
            self._timer.cancel()
        if self._following is not None:
            asyncio.get_running_loop().remove_reader(self._following.fileno())
            self._following.close()
            self._following = None

    def catch_up(self) -> None:
        """Fold what there is, a page of the log at most, and tell the listeners."""
        following = self._following
        try:
            found = following.poll() if following is not None else list(self.log.read(self.state.seq, _PAGE))
        except Temporary:
            return  # one looks again soon
        fresh = [event for event in found if event.seq > self.state.seq]
        if not fresh:
            return
        about: set[str] = set()
        for event in fresh:
            about |= self._take(event)
        if any(event.type == events.CONFIG_LOADED for event in fresh):
            self._reload()
        if any(event.type in _WATCHER for event in fresh):
            self.watcher = self._ask_watcher()
        self.tell(frozenset(about))

    def tell(self, about: frozenset[str]) -> None:
        """Let the listeners know that something is different."""
        for heard in tuple(self.listeners):
            heard(about)

    def about(self, name: str, latest: int | None = None) -> Iterator[Event]:
        """The events that speak of this (`run/r7`, `item/3` …), oldest first; only the `latest` if given."""
        places = self._places.get(name, array("Q"))
        for seq in places[-latest:] if latest is not None else places:
            yield from self.log.read(seq - 1, 1)

    def find(self, id: str) -> Event | None:
        """The record of that id, if it may have led to another."""
        seq = self._seqs.get(id)
        return next(self.log.read(seq - 1, 1), None) if seq else None

    def routed(self, name: str) -> Event | None:
        """What the rules said of a trigger, an instance or an item: see `fleet.views.why`."""
        seq = self._routed.get(name)
        return next(self.log.read(seq - 1, 1), None) if seq else None

    def count(self, name: str) -> int:
        """How many events speak of this."""
        return len(self._places.get(name, ()))

    def _take(self, event: Event) -> set[str]:
        fold(self.state, event)
        if event.type not in _NO_CAUSE:
            self._seqs[event.id] = event.seq
            self._routed.update(dict.fromkeys(routed_names(event, self.find), event.seq))
        names = names_in(event)
        for name in names:
            if name not in self._places:
                self._places[name] = array("Q")
            self._places[name].append(event.seq)
        said = headline(event)
        if said:
            self.headlines.appendleft((event, said))
        return names

    def _reload(self) -> None:
        try:
            self.fleet = self._load_fleet()
        except FleetError:
            return  # the file is being edited: what was read before stays

    def _look_anyway(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(_SAFETY_SECONDS, self._look_anyway)
        self.catch_up()
        found = self._ask_watcher()
        if found != self.watcher:
            self.watcher = found
            self.tell(frozenset({"watcher"}))


def names_in(event: Event) -> set[str]:
    """What an event speaks of, as `kind/id`. What a run spends is kept apart: it is counted, not told."""
    data = event.data
    if event.type == events.RUN_SPENT:
        return {f"spent/{data.get('run')}"}
    names = {"watcher"} if event.type in _WATCHER else set()
    if event.type in _QUEUE:
        names.add("queue")
    if event.type in (events.AGENT_QUARANTINED, events.AGENT_RELEASED):
        names.add("approvals")  # each counts as one thing more, or less, that waits for a person
    names |= set(_named(data))
    args = data.get("args")
    if isinstance(args, Mapping):
        names |= set(_named(args))
    if event.subject.startswith("run/"):
        names.add(event.subject)
    if event.correlation_id:
        names.add(f"instance/{event.correlation_id}")
    return names


def _named(data: Mapping[str, Any]) -> Iterable[str]:
    for kind in _NAMED:
        value = data.get(kind)
        if value and isinstance(value, str | int):
            yield f"{kind}/{value}"
            if kind == "approval":
                yield "approvals"
