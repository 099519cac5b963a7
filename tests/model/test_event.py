"""The event as a CloudEvents record: what comes in, what is refused, and the way there and back."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.model.errors import Permanent
from fleet.model.event import (
    LATEST_TIME_MS,
    Event,
    check,
    from_cloudevent,
    parse_rfc3339,
    rfc3339,
    to_cloudevent,
)

MOMENTS = st.integers(0, LATEST_TIME_MS)
EVENTS = st.builds(
    Event,
    type=st.text(min_size=1),
    data=st.dictionaries(st.text(), st.integers() | st.text()),
    subject=st.text(),
    source=st.text(min_size=1),
    id=st.text(),
    time=MOMENTS,
    causation_id=st.text(),
    correlation_id=st.text(),
    seq=st.integers(0, 10**18 - 1),
    hash=st.text(),
)
LEAST = {"specversion": "1.0", "type": "a.b", "source": "me"}


@given(EVENTS)
def test_an_event_comes_back_from_its_record_unchanged(event: Event) -> None:
    assert from_cloudevent(to_cloudevent(event)) == event


@given(EVENTS)
def test_a_record_has_no_empty_attribute_and_only_names_that_cloudevents_allows(event: Event) -> None:
    record = to_cloudevent(event)

    assert all(record[name] for name in record if name != "data")
    assert all(name.isascii() and name.islower() and name.isalnum() for name in record)


def test_the_whole_record() -> None:
    event = Event("run.ended", {"n": 1}, "run/r7", "fleet", "e9", 1_769_860_800_250, "e8", "item/12", 9, "ab")

    assert json.loads(json.dumps(to_cloudevent(event))) == {
        "specversion": "1.0",
        "id": "e9",
        "source": "fleet",
        "type": "run.ended",
        "subject": "run/r7",
        "time": "2026-01-31T12:00:00.250Z",
        "causationid": "e8",
        "correlationid": "item/12",
        "sequence": "9",
        "hash": "ab",
        "datacontenttype": "application/json",
        "data": {"n": 1},
    }


def test_attributes_that_may_be_missing_are_left_to_the_log() -> None:
    assert from_cloudevent(LEAST) == Event("a.b", {}, source="me")


def test_extensions_that_are_not_known_are_passed_over() -> None:
    assert from_cloudevent(LEAST | {"traceparent": "00-1", "partitionkey": 7}) == Event(
        "a.b", {}, source="me"
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"specversion": "0.3"}, "specversion is '0.3'"),
        ({"specversion": None}, "specversion is None"),
        ({"datacontenttype": "text/xml"}, "datacontenttype is 'text/xml'"),
        ({"type": ""}, "no type or no source"),
        ({"source": ""}, "no type or no source"),
        ({"type": 7}, "7, not a text"),
        ({"id": None}, "None, not a text"),
        ({"subject": ["x"]}, "not a text"),
        ({"data": [1]}, "its data is a list"),
        ({"data": None}, "its data is a NoneType"),
        ({"time": 5}, "not RFC 3339"),
        ({"time": ""}, "not RFC 3339"),
        ({"time": "2026-01-31"}, "no time of day"),
        ({"time": "2026-01-31T12:00:00"}, "no offset"),
        ({"time": "1969-12-31T23:59:59Z"}, "before 1970"),
        ({"time": "9999-12-31T23:59:59-12:00"}, "up to the year 9999"),
        ({"sequence": 7}, "its sequence is 7"),
        ({"sequence": "-1"}, "its sequence is '-1'"),
        ({"sequence": "٣"}, "its sequence"),
        ({"sequence": "9" * 5000}, "its sequence"),
    ],
)
def test_a_wrong_record_is_refused_with_the_reason(change: dict[str, Any], says: str) -> None:
    with pytest.raises(Permanent) as raised:
        from_cloudevent(LEAST | change)

    assert says in str(raised.value)


@pytest.mark.parametrize("time", [-1, LATEST_TIME_MS + 1, 1.5, True, "now", None])
def test_a_time_that_is_no_moment_is_refused(time: Any) -> None:
    with pytest.raises(Permanent, match="its time is"):
        check(Event("a.b", {}, time=time))


@given(MOMENTS)
def test_a_moment_is_written_as_python_reads_it(moment: int) -> None:
    assert round(datetime.fromisoformat(rfc3339(moment)).timestamp() * 1000) == moment
    assert parse_rfc3339(rfc3339(moment)) == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01t01:00:00.0019+01:00", 1),
        ("1970-01-01T00:00:00.999999Z", 999),
        ("2026-01-31T12:00:00.250Z", 1_769_860_800_250),
    ],
)
def test_any_offset_and_any_number_of_digits_is_read(text: str, moment: int) -> None:
    assert parse_rfc3339(text) == moment
