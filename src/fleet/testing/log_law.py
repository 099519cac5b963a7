"""The conformance suite of `fleet.ports.log`: what every log must do, as plain functions.

    for law in LAWS:
        law(make)

`make(clock)` gives a new, empty log that takes the time from `clock`; the law closes it. A broken law raises
`AssertionError` with a sentence that says which promise was broken, or whatever the log itself raised. What a
log must survive (kills, full disks, changed files) depends on what it is made of: that is no part of this.
"""

from __future__ import annotations

import select
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from fleet.model.errors import Conflict, FleetError, Permanent
from fleet.model.event import Event
from fleet.ports.log import Clock, Following, Log

MakeLog = Callable[[Clock], Log]
Law = Callable[[MakeLog], None]

NOON = 1_770_000_000_000  # the time on the clock of a law that is not about time
_SOON_SECONDS = 10.0  # how long to wait for what should come at once
_MANY = 1500  # more than any page


def what_is_empty_is_given(make: MakeLog) -> None:
    """`id`, `time`, `seq` and `hash` come from the log; an id and a time that the caller chose are kept."""
    with _log(make) as log:
        first, second = log.append([Event("a.b", {}), Event("a.b", {}, id="mine", time=NOON)])
        _must(bool(first.id) and first.time == NOON, "an event without id and time is given both")
        _must((second.id, second.time) == ("mine", NOON), "an id and a time that are given are kept")
        _must((first.seq, second.seq) == (1, 2), "seq is 1, 2, 3 …")
        _must(len({first.hash, second.hash, ""}) == 3, "every record has a hash of its own")
        (third,) = log.append([Event("a.b", {}, seq=77, hash="ff")])
        _must(
            third.seq == 3 and third.hash != "ff", "seq and hash are the log's own, whatever the caller says"
        )
        _must(len({first.id, second.id, third.id}) == 3, "new ids differ")


def what_append_returns_is_read(make: MakeLog) -> None:
    """Every attribute, and every kind of JSON value, is read as `append` returned it."""
    data = {
        "text": 'tab\t quote" \\ é 漢 😀 \x7f \u2028',
        "numbers": [0, -1, 2**53 - 1, 0.1, -0.0, 1e300, 5e-324, 1.0, 1e21],
        "flags": [True, False, None],
        "nested": {"": [], "b": {"a": [{}]}, "é": 1, "\ue000": 2, "😀": 3},
    }
    full = Event("ä.b", data, "issue/12", "agent/dev", "e-1", NOON - 5, "cause", "story")
    with _log(make) as log:
        stored = log.append([full, Event("x.y", {})])
        _must(list(log.read()) == stored, "read yields what append returned")
        for name in ("type", "data", "subject", "source", "id", "time", "causation_id", "correlation_id"):
            _must(getattr(stored[0], name) == getattr(full, name), f"{name} is stored as it was given")


def odd_values_become_text(make: MakeLog) -> None:
    """Text that is no UTF-8 and numbers that JSON cannot carry exactly are replaced, and stop nothing."""
    odd = {
        "raw": b"a\xffb".decode("utf-8", "surrogateescape"),
        "nan": float("nan"),
        "inf": [float("inf"), float("-inf")],
        "big": 2**60 + 1,
        "\ud800": 1,
    }
    with _log(make) as log:
        stored = log.append([Event("a.b", odd, subject="\udcff", id="\ud800")])
        _must(list(log.read()) == stored, "read yields what append returned, for odd values too")
        told = {"raw": "a\\udcffb", "nan": "NaN", "inf": ["Infinity", "-Infinity"], "\\ud800": 1}
        _must(stored[0].data == told | {"big": str(2**60 + 1)}, "odd values become a readable text")
        _must(log.append([Event("a.b", odd, id="\ud800")]) == stored, "an odd id is recognized again")
        _must(log.verify().ok, "odd values leave a valid log")


def what_is_no_json_is_refused(make: MakeLog) -> None:
    """Bytes, sets, keys that are no text, cycles and wrong attributes raise `Permanent`, all or none."""
    cycle: dict[str, Any] = {}
    cycle["self"] = cycle
    wrong: Any = 7
    bad = [
        Event("a.b", {"x": b"raw"}),
        Event("a.b", {"x": {1, 2}}),
        Event("a.b", {"x": {7: "seven"}}),
        Event("a.b", cycle),
        Event("", {}),
        Event("a.b", {}, subject=wrong),
        Event("a.b", {}, time=-1),
        Event("a.b", wrong),
    ]
    with _log(make) as log:
        for event in bad:
            _refuses(Permanent, repr(event)[:200], log.append, [Event("a.b", {}), event])
        _must(log.head().seq == 0 and not list(log.read()), "a refused group leaves nothing of itself")


def times_never_go_backwards(make: MakeLog) -> None:
    """… when the clock does, when a caller's time is old, and when it is yet to come."""
    now = [NOON]
    with closing(make(lambda: now[0])) as log:
        log.append([Event("a.b", {})])
        now[0] -= 60_000
        log.append([Event("clock.back", {}), Event("old.time", {}, time=5)])
        now[0] = NOON + 10
        log.append([Event("future.time", {}, time=NOON + 3_600_000), Event("a.b", {})])
        times = [event.time for event in log.read()]
        _must(times == sorted(times), f"times never go backwards ({times})")
        _must(times[-1] == NOON + 10, "a caller's time from the future does not become the log's time")


def a_repeated_append_adds_nothing(make: MakeLog) -> None:
    """A known id is skipped, and the stored event is returned in its place."""
    with _log(make) as log:
        group = [Event("a.b", {"n": 1}, id="one"), Event("a.b", {"n": 2}, id="two")]
        stored = log.append(group)
        changed = Event("c.d", {"n": 9}, id="two")
        _must(log.append(group) == stored, "a repeated group returns what is stored")
        _must(log.append([changed]) == stored[1:], "the id decides, not what else the event says")
        mixed = log.append([Event("a.b", {}, id="three"), changed, Event("a.b", {"late": 1}, id="three")])
        _must([event.seq for event in mixed] == [3, 2, 3], "in a mixed group only what is new is added, once")
        _must(mixed[0] == mixed[2] and mixed[0].data == {}, "of an id twice in one group, the first counts")
        _must([event.seq for event in log.read()] == [1, 2, 3], "nothing else was added")


def expected_keeps_others_out(make: MakeLog) -> None:
    """With `expected`, a group is written only where the log has not grown; a repeated one is accepted."""
    with _log(make) as log:
        group = [Event("a.b", {}, id="one")]
        stored = log.append(group, expected=0)
        for stale in (0, 7):
            _refuses(Conflict, f"expected={stale}", log.append, [Event("a.b", {})], stale)
        mixed = [*group, Event("a.b", {}, id="two")]
        _refuses(Conflict, "a stale group with one known event", log.append, mixed, 0)
        _must(log.head().seq == 1, "a conflict leaves nothing behind")
        _must(log.append(group, expected=0) == stored, "a group that was accepted once is accepted again")
        _must(log.append([Event("a.b", {})], expected=1)[0].seq == 2, "the right seq lets a group in")
        _must(log.append([], expected=0) == [], "an empty group is no append")


def read_begins_and_ends_where_asked(make: MakeLog) -> None:
    """`after` and `limit`, beyond every page, and while the log grows."""
    with _log(make) as log:
        stored = log.append([Event("a.b", {"n": n}) for n in range(_MANY)])
        _must(list(log.read()) == stored, "all is read, in order")
        for after, limit in ((0, 1), (0, 0), (7, 3), (0, 1001), (_MANY - 2, 99), (_MANY, None), (2**70, 5)):
            end = None if limit is None else after + limit
            _must(list(log.read(after, limit)) == stored[after:end], f"read(after={after}, limit={limit})")
        reading = log.read()
        next(reading)
        log.append([Event("a.b", {})])
        _must(next(reading) == stored[1], "a reader holds no lock and goes on")


def head_is_the_end(make: MakeLog) -> None:
    """The head of an empty log is 0 and a hash; then it is that of the last event."""
    with _log(make) as log:
        empty = log.head()
        _must(empty.seq == 0 and len(empty.hash) == 64, "an empty log has seq 0 and the genesis hash")
        last = log.append([Event("a.b", {}), Event("a.b", {})])[-1]
        _must((log.head().seq, log.head().hash) == (last.seq, last.hash), "the head is the last event's")


def a_hash_covers_all_before_it(make: MakeLog) -> None:
    """Equal logs have equal hashes; a difference anywhere is in every later hash."""

    def ends(data: dict[str, Any]) -> list[str]:
        with _log(make) as log:
            log.append([Event("a.b", data, id="1"), Event("a.b", {}, id="2"), Event("a.b", {}, id="3")])
            return [event.hash for event in log.read()]

    plain, same, other = ends({"n": 1}), ends({"n": 1}), ends({"n": 2})
    _must(plain == same, "the same events have the same hashes")
    _must(not set(plain) & set(other), "what is different shows in every hash from there on")


def a_follower_sees_each_event_once(make: MakeLog) -> None:
    """From where it begins, in order, through more than a page, and what comes later too."""
    with _log(make) as log:
        log.append([Event("a.b", {}) for _ in range(_MANY)])
        with log.follow(3) as following, log.follow(_MANY) as late:
            seen = [event.seq for event in _poll_while_readable(following)]
            _must(
                seen == list(range(4, _MANY + 1)), "a follower sees all from where it begins, once, in order"
            )
            _must(
                following.poll() == [] and late.poll() == [], "poll does not block, and gives nothing twice"
            )
            _must(following.wait(0) == [] == following.wait(0.01), "wait ends with its time")
            new = log.append([Event("a.b", {"n": 1}), Event("a.b", {"n": 2})])
            _must(_poll_while_readable(following) == new == late.wait(_SOON_SECONDS), "all followers see it")


def a_follower_is_woken(make: MakeLog) -> None:
    """An append makes `fileno` readable and ends a `wait`; what has been seen leaves it quiet."""
    with _log(make) as log, log.follow(0) as following:
        _poll_while_readable(following)
        _must(not _readable(following, 0), "fileno is quiet when there is nothing")
        log.append([Event("a.b", {})])
        _must(_readable(following, _SOON_SECONDS), "an append makes fileno readable")
        _must(len(following.poll()) == 1 and not _readable(following, 0), "a poll hushes it")
        appender = threading.Thread(target=lambda: log.append([Event("a.b", {})]))
        appender.start()
        _must([event.seq for event in following.wait(_SOON_SECONDS)] == [2], "an append ends a wait")
        appender.join()


def a_page_is_at_most_a_thousand(make: MakeLog) -> None:
    """`poll` gives a bounded page, and `fileno` stays readable for the rest."""
    with _log(make) as log:
        log.append([Event("a.b", {}) for _ in range(1001)])
        with log.follow(0) as following:
            _must(len(following.poll()) == 1000, "a poll gives at most a thousand events")
            _must(_readable(following, 0), "fileno stays readable for the rest")
            _must(len(following.poll()) == 1, "the next poll gives the rest")


def threads_share_one_order(make: MakeLog) -> None:
    """Groups that many threads append at once are all there, whole, and in one order without a gap."""
    with _log(make) as log:
        stored: list[list[Event]] = []

        def work(name: str) -> None:
            for n in range(20):
                group = [Event("a.b", {"by": name, "n": n, "part": part}) for part in range(3)]
                stored.append(log.append(group))

        threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        events = list(log.read())
        _must([event.seq for event in events] == list(range(1, 241)), "nothing is lost, no number left out")
        for group in stored:
            first = group[0].seq
            _must(events[first - 1 : first + 2] == group, "a group stands together, as it was returned")
        for name in ("t0", "t1", "t2", "t3"):
            mine = [event.data["n"] for event in events if event.data["by"] == name]
            _must(mine == sorted(mine), "each thread's groups are in the order it appended them")


def verify_confirms_what_was_appended(make: MakeLog) -> None:
    """A log that only `append` has touched is good, empty or not."""
    with _log(make) as log:
        _must(log.verify().ok and log.verify().events == 0, "an empty log is good")
        log.append([Event("a.b", {"n": n}) for n in range(20)])
        found = log.verify()
        _must(found.ok and not found.problem and not found.bad_seq, f"it is good ({found.problem})")
        _must((found.events, found.head) == (20, log.head()), "verify counts every record, to the head")


def a_closed_log_says_so(make: MakeLog) -> None:
    """After `close`, log and followers raise `Permanent`; closing again is nothing."""
    log = make(lambda: NOON)
    log.append([Event("a.b", {})])
    first, second = log.follow(0), log.follow(0)
    first.close()
    first.close()
    _refuses(Permanent, "poll of a closed follower", first.poll)
    log.close()
    log.close()
    _refuses(Permanent, "poll after the log was closed", second.poll)
    second.close()
    _refuses(Permanent, "append after close", log.append, [Event("a.b", {})])
    _refuses(Permanent, "read after close", next, log.read())
    _refuses(Permanent, "head after close", log.head)


LAWS: Sequence[Law] = (
    what_is_empty_is_given,
    what_append_returns_is_read,
    odd_values_become_text,
    what_is_no_json_is_refused,
    times_never_go_backwards,
    a_repeated_append_adds_nothing,
    expected_keeps_others_out,
    read_begins_and_ends_where_asked,
    head_is_the_end,
    a_hash_covers_all_before_it,
    a_follower_sees_each_event_once,
    a_follower_is_woken,
    a_page_is_at_most_a_thousand,
    threads_share_one_order,
    verify_confirms_what_was_appended,
    a_closed_log_says_so,
)


@contextmanager
def _log(make: MakeLog) -> Iterator[Log]:
    with closing(make(lambda: NOON)) as log:
        yield log


def _must(holds: bool, promise: str) -> None:
    if not holds:
        raise AssertionError(f"The log's law is broken: {promise}.")


def _refuses(kind: type[FleetError], what: str, act: Callable[..., object], *given: object) -> None:
    try:
        act(*given)
    except kind:
        return
    raise AssertionError(f"The log's law is broken: no {kind.__name__} for {what}.")


def _readable(following: Following, seconds: float) -> bool:
    ready = select.poll()
    ready.register(following.fileno(), select.POLLIN)
    return bool(ready.poll(seconds * 1000))


def _poll_while_readable(following: Following) -> list[Event]:
    """What an event loop gets, which polls only when `fileno` is readable."""
    events: list[Event] = []
    while _readable(following, 0):
        events += following.poll()
    return events
