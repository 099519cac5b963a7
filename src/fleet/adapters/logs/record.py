"""A record of the log: an event sealed by a hash over itself and everything before it.

`hash = sha256(hash before || seq as 8 bytes || body)`, where `body` is the canonical JSON of the CloudEvent.
The first record follows a fixed genesis hash. So a record cannot be changed, moved, put in or taken out
without every later hash being wrong; what the chain alone cannot show, a missing end, the anchor shows
(`anchor`).
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import NamedTuple

from fleet.adapters.logs.draft import Draft
from fleet.model.errors import Conflict, FleetError, Permanent
from fleet.model.event import Event, from_cloudevent, parse_rfc3339
from fleet.ports.log import Head

GENESIS = sha256(b"fleet event log, version 1").digest()


class Row(NamedTuple):
    """A record as it is stored. `id` and `type` repeat what the body says, to be looked up by."""

    seq: int
    id: str
    type: str
    body: str
    hash: bytes


class Tail(NamedTuple):
    """What the next record is joined to: the last one's seq, hash and time (ms)."""

    seq: int
    hash: bytes
    time: int

    @property
    def head(self) -> Head:
        """The same end as the port shows it."""
        return Head(self.seq, self.hash.hex())


EMPTY = Tail(0, GENESIS, 0)


def link(previous: bytes, seq: int, body: bytes) -> bytes:
    """The hash that seals the record `seq` with this body behind the record that has the hash `previous`."""
    return sha256(previous + seq.to_bytes(8, "big") + body).digest()


def seal(pending: Draft, tail: Tail, now: int) -> tuple[Row, Event, Tail]:
    """Put the draft behind `tail`: its row, the event as every reader will see it, and the new tail."""
    event = pending.event
    # The future is cut off, since one such time would be the time of all that follows.
    time = max(min(event.time or now, now), tail.time)
    seq = tail.seq + 1
    body = pending.body(time)
    digest = link(tail.hash, seq, body.encode())
    stored = Event(
        event.type,
        event.data,
        event.subject,
        event.source,
        pending.id,
        time,
        event.causation_id,
        event.correlation_id,
        seq,
        digest.hex(),
    )
    return Row(seq, pending.id, event.type, body, digest), stored, Tail(seq, digest, time)


def event_of(row: Row) -> Event:
    """The event that a stored record holds. Raises `Permanent` when the record cannot be read."""
    try:
        record = json.loads(row.body)
        record["sequence"] = str(row.seq)
        record["hash"] = row.hash.hex()
        return from_cloudevent(record)
    except (ValueError, TypeError, AttributeError, RecursionError, FleetError) as error:
        raise Permanent(
            f"Record {row.seq} of the log cannot be read.",
            why=f"it was damaged or changed ({error})",
            do="run `fleet audit verify`, and restore the log from a copy",
        ) from error


def time_of(body: str) -> int:
    """When the event of this body was appended, in ms; 0 when it cannot be read (`verify` tells that)."""
    try:
        return parse_rfc3339(json.loads(body)["time"])
    except (ValueError, TypeError, KeyError, RecursionError, FleetError):
        return 0


def conflict(expected: int, last: int) -> Conflict:
    """The error that says somebody else appended first."""
    return Conflict(
        "Nothing was appended: the log has grown since it was read.",
        why=f"it ends with record {last}, not {expected}",
        do="read on and decide anew",
    )
