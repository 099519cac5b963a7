"""The event: one fact that happened, and its form as a CloudEvents 1.0 record.

The names of CloudEvents attributes are limited to `[a-z0-9]`, so `causation_id` and `correlation_id` are
written `causationid` and `correlationid`. `sequence` (the CloudEvents sequence extension) and `hash` tell a
reader where a record stands in the log and what seals it; they are for display and no part of the body that
the log hashes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from fleet.model.errors import Permanent

SPEC_VERSION = "1.0"
CONTENT_TYPE = "application/json"
LATEST_TIME_MS = 253_402_300_799_999  # the last millisecond of the year 9999, where RFC 3339 ends
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Event:
    """One fact, named in the past tense (`run.ended`).

    `data` is plain JSON and must not be changed after the event is made. `time` is milliseconds since the
    epoch. `id`, `time`, `seq` and `hash` are empty until the log gives them; an `id` may also be chosen by
    the caller, so that appending the same fact again adds nothing. `causation_id` is the id of the event that
    led to this one, `correlation_id` is common to everything that belongs to one story.
    """

    type: str
    data: Mapping[str, Any]
    subject: str = ""
    source: str = "fleet"
    id: str = ""
    time: int = 0
    causation_id: str = ""
    correlation_id: str = ""
    seq: int = 0
    hash: str = ""


def to_cloudevent(event: Event) -> dict[str, Any]:
    """The event as a CloudEvents 1.0 JSON object; attributes that are empty are left out.

    Raises `Permanent` when an attribute has the wrong type. `data` is handed on as it is, not copied.
    """
    check(event)
    attributes = {
        "specversion": SPEC_VERSION,
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time": rfc3339(event.time) if event.time else "",
        "causationid": event.causation_id,
        "correlationid": event.correlation_id,
        "sequence": str(event.seq) if event.seq else "",
        "hash": event.hash,
        "datacontenttype": CONTENT_TYPE,
    }
    return {name: value for name, value in attributes.items() if value} | {"data": event.data}


def from_cloudevent(record: Mapping[str, Any]) -> Event:
    """The event that a CloudEvents 1.0 JSON object describes.

    `id` and `time` may be missing (the log gives them). Extension attributes that Fleet does not know are
    passed over, as CloudEvents asks of a consumer. Raises `Permanent` when the record is not a valid event.
    """
    version = record.get("specversion")
    if version != SPEC_VERSION:
        raise _invalid(f"its specversion is {version!r}", f"write specversion {SPEC_VERSION!r}")
    content = record.get("datacontenttype", CONTENT_TYPE)
    if content != CONTENT_TYPE:
        raise _invalid(f"its datacontenttype is {content!r}", f"send data as {CONTENT_TYPE}")
    event = Event(
        type=record.get("type", ""),
        data=record.get("data", {}),
        subject=record.get("subject", ""),
        source=record.get("source", ""),
        id=record.get("id", ""),
        time=parse_rfc3339(record["time"]) if "time" in record else 0,
        causation_id=record.get("causationid", ""),
        correlation_id=record.get("correlationid", ""),
        seq=_sequence(record["sequence"]) if "sequence" in record else 0,
        hash=record.get("hash", ""),
    )
    check(event)
    return event


def check(event: Event) -> None:
    """Raise `Permanent` when the event has an attribute of a wrong type or range, or no type or source."""
    texts = (
        event.type,
        event.source,
        event.id,
        event.subject,
        event.causation_id,
        event.correlation_id,
        event.hash,
    )
    for value in texts:
        if not isinstance(value, str):
            raise _invalid(f"one of its attributes is {value!r}, not a text", "give a string")
    if not event.type or not event.source:
        raise _invalid("it has no type or no source", "name both")
    _check_time(event.time)
    if not isinstance(event.data, Mapping):
        raise _invalid(f"its data is a {type(event.data).__name__}, not an object", "give a JSON object")


def rfc3339(time_ms: int) -> str:
    """Milliseconds since the epoch as RFC 3339 in UTC with milliseconds: `2026-01-31T12:00:00.250Z`."""
    _check_time(time_ms)
    seconds, millis = divmod(time_ms, 1000)
    return f"{_rfc3339_second(seconds)}.{millis:03d}Z"


def parse_rfc3339(text: object) -> int:
    """Milliseconds since the epoch of an RFC 3339 time with any offset; finer digits are cut off."""
    try:
        if not isinstance(text, str):
            raise ValueError("it is no text")
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None or "T" not in text.upper():
            raise ValueError("it has no offset or no time of day")
    except ValueError as error:
        example = "write it like 2026-01-31T12:00:00.250Z"
        raise _invalid(f"its time {text!r} is not RFC 3339 ({error})", example) from error
    since = moment - _EPOCH
    if since.days < 0:
        raise _invalid(f"its time {text!r} is before 1970", "check the clock of the sender")
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000


@lru_cache(maxsize=64)
def _rfc3339_second(seconds: int) -> str:
    """The whole second as text. Remembered, since events come in bursts within one second."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _check_time(value: object) -> None:
    if type(value) is not int or not 0 <= value <= LATEST_TIME_MS:
        raise _invalid(f"its time is {value!r}", "give milliseconds since the epoch, up to the year 9999")


def _sequence(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    raise _invalid(f"its sequence is {value!r}", "write the number as a string of digits")


def _invalid(why: str, do: str) -> Permanent:
    return Permanent("This is not a valid event.", why=why, do=do)
