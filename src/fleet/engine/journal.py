"""The journal: the state as the watcher knows it, and the one place where it appends.

Facts (what sessions, agents and effects report) are queued and appended together, so a burst costs one
commit. What the rules decide is appended only if nothing has come between: `expected` is the event that they
saw. A whole chain of decisions (a run has ended, so its job is done, so the next one is queued, so it starts)
is one append.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from itertools import takewhile
from uuid import uuid4

from fleet.model import events
from fleet.model.errors import Conflict
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import State
from fleet.policy.decide import decide
from fleet.policy.fold import fold, fold_all
from fleet.policy.number import new_number
from fleet.ports.log import Clock, Log
from fleet.ports.snapshot import Snapshots

_MOST_AT_ONCE = 500
_MOST_STEPS = 10_000
_SNAPSHOT_EVENTS = 2_000  # so many are folded in some 20 ms
_BYTES_AN_EVENT = 200  # to read so much of a snapshot takes at most as long as to fold an event


class Journal:
    """The state, and all that is written on behalf of this watcher. Used on one event loop only."""

    def __init__(self, log: Log, clock: Clock, snapshots: Snapshots | None = None) -> None:
        self._log = log
        self._clock = clock
        self._snapshots = snapshots
        self._snapshot_due = 0  # the event after which the next one is worth its while
        self._queue: list[tuple[Sequence[Event], asyncio.Future[None]]] = []
        self._writer = ThreadPoolExecutor(1, "log")
        self.state = State()
        self.wake = asyncio.Event()
        self.told: Callable[[Event], None] | None = None

    def load(self) -> State:
        """Read the log up to its end. Blocks; for the start, before anything else runs."""
        self.state = (self._snapshots and self._snapshots.load(self._log)) or State()
        self._snapshot_due = self.state.seq + _SNAPSHOT_EVENTS
        return fold_all(self._log.read(after=self.state.seq), self.state)

    async def keep(self, *, last: bool = False) -> None:
        """Keep a snapshot of what is true, when so much has come since the one before that it pays, or in any
        case when it is the last one. For when the rules have nothing more to say.
        """
        seq = self.state.seq
        if self._snapshots is None or (seq < self._snapshot_due and not last):
            return
        packed = self._snapshots.pack(self.state)
        self._snapshot_due = seq + max(_SNAPSHOT_EVENTS, len(packed) // _BYTES_AN_EVENT)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._writer, self._snapshots.save, packed, self._log, seq)

    async def record(self, facts: Sequence[Event]) -> None:
        """Append these facts; returns when they are durable and folded."""
        if not facts:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((_named(facts), future))
        self.wake.set()
        await future

    async def write(self, facts: Sequence[Event]) -> None:
        """Append these facts and all that is queued, now. For the loop itself, which nobody else wakes."""
        if facts:
            self._queue.append((_named(facts), asyncio.get_running_loop().create_future()))
        await self.write_facts()

    async def write_facts(self) -> None:
        """Append what is queued, in groups. Raises `Temporary` when it can't be now; it stays queued then."""
        while self._queue:
            taken: list[tuple[Sequence[Event], asyncio.Future[None]]] = []
            count = 0
            for entry in self._queue:
                if taken and count + len(entry[0]) > _MOST_AT_ONCE:
                    break
                taken.append(entry)
                count += len(entry[0])
            await self._append_facts([event for facts, _ in taken for event in facts])
            del self._queue[: len(taken)]
            for _, future in taken:
                if not future.done():
                    future.set_result(None)

    async def settle(self, fleet: Fleet) -> None:
        """Ask the rules and append what they decide, until they have nothing more to say."""
        while decided := self._conclusions(fleet):
            stored: list[Event] = []
            try:
                stored = await self._append(decided, decided[0].seq - 1)
            except Conflict:
                pass  # somebody was faster: what was folded in advance is not what happened
            finally:
                if [replace(event, hash="") for event in stored] != decided:
                    stored = await self._start_over(decided[0].seq - 1)
            for event in stored:
                self._tell(event)

    def _conclusions(self, fleet: Fleet) -> list[Event]:
        """All that follows from what is true, folded in advance."""
        found: list[Event] = []
        now = max(self.state.now, self._clock())
        for _ in range(_MOST_STEPS):
            decided = decide(fleet, self.state)
            if not decided:
                return found
            for event in decided:
                made = replace(event, id=uuid4().hex, time=now, seq=self.state.seq + 1)
                fold(self.state, made)
                found.append(made)
        raise RuntimeError(f"the rules do not come to rest; the last one was {found[-1].source}")

    async def _start_over(self, after: int) -> list[Event]:
        """Fold the log anew, into the same state, which others hold and must never find half-filled. Returns
        the events after the given one, which nobody was told of.
        """
        loop = asyncio.get_running_loop()
        fresh, known = await loop.run_in_executor(self._writer, self._read_anew, after)
        for part in fields(State):
            setattr(self.state, part.name, getattr(fresh, part.name))
        return known

    def _read_anew(self, after: int) -> tuple[State, list[Event]]:
        state = (self._snapshots and self._snapshots.load(self._log)) or State()
        if state.seq > after:
            state = State()
        fold_all(takewhile(lambda event: event.seq <= after, self._log.read(state.seq)), state)
        known = list(self._log.read(after))
        return fold_all(known, state), known

    async def catch_up(self) -> None:
        """Fold what others have appended."""
        loop = asyncio.get_running_loop()
        self.take(await loop.run_in_executor(self._writer, lambda: list(self._log.read(self.state.seq))))

    def take(self, stored: Sequence[Event]) -> None:
        """Fold those events that come next; what is known already is passed over, nothing is taken after a
        gap.
        """
        for event in stored:
            if event.seq == self.state.seq + 1:
                fold(self.state, event)
                self._tell(event)
                if event.type == events.AUDIT_REDACTED and self._snapshots is not None:
                    self._snapshots.forget()  # and make none of what this state remembers of that text
                    self._snapshots = None

    def _tell(self, event: Event) -> None:
        if self.told is not None:
            self.told(event)

    def close(self) -> None:
        """Let go of the thread that writes."""
        self._writer.shutdown(wait=True)
        for _, future in self._queue:
            future.cancel()

    async def _append_facts(self, facts: list[Event]) -> None:
        while True:
            numbered = _numbered(facts, self.state)
            expected = self.state.seq if numbered is not facts else None
            try:
                self.take(await self._append(numbered, expected))
            except Conflict:
                await self.catch_up()
                continue
            await self.catch_up()  # somebody else's events may lie between
            return

    async def _append(self, batch: list[Event], expected: int | None) -> list[Event]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._writer, lambda: self._log.append(batch, expected))


def _named(facts: Sequence[Event]) -> list[Event]:
    """The facts under ids of their own, so that appending them again after a failure adds nothing."""
    return [event if event.id else replace(event, id=uuid4().hex) for event in facts]


def _numbered(facts: list[Event], state: State) -> list[Event]:
    """The facts with Fleet's own number for each item and change: the one that it has already, else a new
    one. The same list when nothing needs one.
    """
    given: dict[str, int] = {}
    found: list[Event] = []
    for event in facts:
        name = "change" if event.type.startswith("fleet.change.") else "item"
        ref = str(event.data.get("ref") or "")
        if event.data.get(name) or not (ref or event.type == events.ITEM_OPENED):
            found.append(event)
            continue
        known = given.get(ref) or state.refs.get(ref) if ref else None
        if known is None and event.type in (events.ITEM_OPENED, events.CHANGE_OPENED):
            known = new_number(state, ref, given.values())
            given[ref or f"{len(given)}"] = known
        if known is not None:
            event = replace(event, data={**event.data, name: known}, subject=f"{name}/{known}")
        found.append(event)
    return facts if all(new is old for new, old in zip(found, facts, strict=True)) else found
