"""An event on its way into the log: checked, made writable, and spelled but for its time.

The spelling is that of `canonical(to_cloudevent(event))`. It is put together by hand, since the names of a
CloudEvent and their order never change, and since this way everything that takes long is done before the
log's write lock is taken: only the time is missing, which is known under the lock.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from json.encoder import encode_basestring as quoted
from typing import NamedTuple

from fleet.adapters.logs.canonical import canonical, canonical_if_simple, is_writable, writable
from fleet.model.event import CONTENT_TYPE, SPEC_VERSION, Event, check, rfc3339


class Draft(NamedTuple):
    """The event as it will be stored, its id, and its body around the time.

    `given` says whether the caller chose the id, so that the log may hold it already.
    """

    event: Event
    id: str
    given: bool
    before: str
    after: str

    def body(self, time_ms: int) -> str:
        """The canonical JSON of the event at this time."""
        return f'{self.before}"time":"{rfc3339(time_ms)}",{self.after}'


def draft(event: Event, new_id: Callable[[], str]) -> Draft:
    """Check the event and give it an id where it has none. Raises `Permanent` when it is not valid."""
    check(event)
    data = canonical_if_simple(event.data)
    if data is None:
        data = canonical(event.data)
        event = replace(event, data=json.loads(data))
    pending = _spelled(event, data, new_id)
    if not is_writable(pending.before) or not is_writable(pending.after):
        pending = _spelled(_with_writable_texts(event), data, new_id)
    return pending


def _spelled(event: Event, data: str, new_id: Callable[[], str]) -> Draft:
    given = bool(event.id)
    key = event.id or new_id()
    causation = f'"causationid":{quoted(event.causation_id)},' if event.causation_id else ""
    correlation = f'"correlationid":{quoted(event.correlation_id)},' if event.correlation_id else ""
    subject = f'"subject":{quoted(event.subject)},' if event.subject else ""
    before = (
        f'{{{causation}{correlation}"data":{data},"datacontenttype":"{CONTENT_TYPE}","id":{quoted(key)},'
        f'"source":{quoted(event.source)},"specversion":"{SPEC_VERSION}",{subject}'
    )
    return Draft(event, key, given, before, f'"type":{quoted(event.type)}}}')


def _with_writable_texts(event: Event) -> Event:
    return replace(
        event,
        type=writable(event.type),
        subject=writable(event.subject),
        source=writable(event.source),
        id=writable(event.id),
        causation_id=writable(event.causation_id),
        correlation_id=writable(event.correlation_id),
    )
