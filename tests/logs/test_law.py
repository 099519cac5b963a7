"""Both logs obey the law of the port, and every law is broken by some log that is wrong in just one way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from fleet.adapters.logs.following import Follower
from fleet.adapters.logs.memory import MemoryLog
from fleet.adapters.logs.sqlite import SqliteLog
from fleet.model.errors import Conflict, FleetError
from fleet.model.event import Event
from fleet.ports.log import Clock, Head, Verification
from fleet.testing import log_law
from fleet.testing.log_law import LAWS, Law


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_obeys(kind: str, law: Law, tmp_path: Path) -> None:
    made = 0

    def make(clock: Clock) -> MemoryLog | SqliteLog:
        nonlocal made
        made += 1
        if kind == "memory":
            return MemoryLog(clock=clock)
        return SqliteLog(tmp_path / str(made) / "log.db", clock=clock)

    law(make)


class KeepsTheCallersSeq(MemoryLog):
    def append(self, events: Sequence[Event], expected: int | None = None) -> list[Event]:
        stored = super().append(events, expected)
        return [replace(one, seq=given.seq or one.seq) for given, one in zip(events, stored, strict=True)]


class ReadsWithoutSubject(MemoryLog):
    def read(self, after: int = 0, limit: int | None = None) -> Iterator[Event]:
        return (replace(event, subject="") for event in super().read(after, limit))


class ChokesOnOddText(MemoryLog):
    def append(self, events: Sequence[Event], expected: int | None = None) -> list[Event]:
        for event in events:
            assert "\udcff" not in event.subject, "no text that I know"
        return super().append(events, expected)


class WritesOneByOne(MemoryLog):
    def append(self, events: Sequence[Event], expected: int | None = None) -> list[Event]:
        return [
            stored for event in events for stored in super(WritesOneByOne, self).append([event], expected)
        ]


class BelievesTheCallersFuture(MemoryLog):
    def append(self, events: Sequence[Event], expected: int | None = None) -> list[Event]:
        given, self._clock = self._clock, lambda: max(event.time for event in events) or given()
        try:
            return super().append(events, expected)
        finally:
            self._clock = given


class ForgetsIds(MemoryLog):
    def append(self, events: Sequence[Event], expected: int | None = None) -> list[Event]:
        return super().append([replace(event, id="") for event in events], expected)


class LooksAtNoExpected(MemoryLog):
    def append(self, events: Sequence[Event], expected: int | None = None) -> list[Event]:
        return super().append(events)


class RefusesWhatItAcceptedOnce(MemoryLog):
    def append(self, events: Sequence[Event], expected: int | None = None) -> list[Event]:
        if expected is not None and expected != self.head().seq:
            raise Conflict("too late")
        return super().append(events, expected)


class ReadsOneTooEarly(MemoryLog):
    def read(self, after: int = 0, limit: int | None = None) -> Iterator[Event]:
        return super().read(after - 1, limit)


class HoldsItsLockWhileRead(MemoryLog):
    reading = False

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[Event]:
        self.reading = True
        yield from super().read(after, limit)
        self.reading = False

    def append(self, events: Sequence[Event], expected: int | None = None) -> list[Event]:
        assert not self.reading, "this would wait for ever"
        return super().append(events, expected)


class HeadIsOneBehind(MemoryLog):
    def head(self) -> Head:
        head = super().head()
        return replace(head, seq=max(head.seq - 1, 0))


class HashesEachRecordAlone(MemoryLog):
    def read(self, after: int = 0, limit: int | None = None) -> Iterator[Event]:
        for event in super().read(after, limit):
            yield replace(event, hash=f"{event.id}{sorted(event.data)}")


class FollowsFromTheBeginning(MemoryLog):
    def follow(self, after: int) -> Follower:
        return super().follow(0)


class IsSilentAboutThePast(MemoryLog):
    def follow(self, after: int) -> Follower:
        following = super().follow(after)
        following._bell.hush()
        return following


class RingsNoBell(MemoryLog):
    def follow(self, after: int) -> Follower:
        following = super().follow(after)
        self._bells.clear()
        return following


class GivesAllInOnePage(MemoryLog):
    def _page(self, after: int, limit: int) -> list[Event]:
        return list(self.read(after))


class LetsThreadsMix(MemoryLog):
    """Each event of a group is appended alone, and all threads stand between two of them at the same time."""

    def append(self, events: Sequence[Event], expected: int | None = None) -> list[Event]:
        stored = []
        for event in events:
            stored += super().append([event], expected)
            if threading.current_thread() is not threading.main_thread():
                self.meeting.wait(10)
        return stored

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock=clock)
        self.meeting = threading.Barrier(4)


class MiscountsWhatHolds(MemoryLog):
    def verify(self) -> Verification:
        return replace(super().verify(), events=0)


class IsNeverClosed(MemoryLog):
    def close(self) -> None:
        pass


TWINS: list[tuple[Callable[..., MemoryLog], Law]] = [
    (KeepsTheCallersSeq, log_law.what_is_empty_is_given),
    (ReadsWithoutSubject, log_law.what_append_returns_is_read),
    (ChokesOnOddText, log_law.odd_values_become_text),
    (WritesOneByOne, log_law.what_is_no_json_is_refused),
    (BelievesTheCallersFuture, log_law.times_never_go_backwards),
    (ForgetsIds, log_law.a_repeated_append_adds_nothing),
    (LooksAtNoExpected, log_law.expected_keeps_others_out),
    (RefusesWhatItAcceptedOnce, log_law.expected_keeps_others_out),
    (ReadsOneTooEarly, log_law.read_begins_and_ends_where_asked),
    (HoldsItsLockWhileRead, log_law.read_begins_and_ends_where_asked),
    (HeadIsOneBehind, log_law.head_is_the_end),
    (HashesEachRecordAlone, log_law.a_hash_covers_all_before_it),
    (FollowsFromTheBeginning, log_law.a_follower_sees_each_event_once),
    (IsSilentAboutThePast, log_law.a_follower_sees_each_event_once),
    (RingsNoBell, log_law.a_follower_is_woken),
    (GivesAllInOnePage, log_law.a_page_is_at_most_a_thousand),
    (LetsThreadsMix, log_law.threads_share_one_order),
    (MiscountsWhatHolds, log_law.verify_confirms_what_was_appended),
    (IsNeverClosed, log_law.a_closed_log_says_so),
]


@pytest.mark.parametrize(("twin", "law"), TWINS, ids=lambda part: part.__name__)
def test_a_broken_log_is_caught(
    twin: Callable[..., MemoryLog], law: Law, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_law, "_SOON_SECONDS", 0.05)  # what never comes is waited for

    with pytest.raises((AssertionError, FleetError)):
        law(lambda clock: twin(clock=clock))


def test_every_law_has_shown_that_it_can_fail() -> None:
    assert {law for _, law in TWINS} == set(LAWS)
