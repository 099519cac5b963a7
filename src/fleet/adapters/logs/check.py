"""Walking the chain: is every record the one that was sealed, in its place, with nothing between missing?"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from fleet.adapters.logs.quick import Progress
from fleet.adapters.logs.record import GENESIS, link
from fleet.adapters.logs.redact import Stubs
from fleet.model.events import AUDIT_REDACTED
from fleet.ports.log import Head, Verification, Witness

_SHOWN = 80  # characters of a value that are shown to a person


class Found(NamedTuple):
    """A row as it was found. A damaged file may hold anything in its columns, `check_chain` believes none."""

    seq: object
    id: object
    type: object
    body: object
    hash: object


def check_chain(
    rows: Iterable[Found], noted: Head | None, witness: Witness | None = None, at: Progress | None = None
) -> Verification:
    """Walk the rows, which come ordered by seq, up to the first bad one.

    `noted` is what the anchor says (None: this log has none): that record must be there and be the same. The
    `witness` is shown each record. `at` is where the walk begins, and is moved as it goes.
    """
    at = Progress(0, GENESIS) if at is None else at
    stubs = Stubs(AUDIT_REDACTED)
    for row in rows:
        seq, digest = at.seq, at.digest
        if not isinstance(row.seq, int):  # the table is another one, in which seq is no key
            text = f"Record {seq + 1}: its number is {_shown(row.seq)}."
            return Verification(False, seq, at.head, seq + 1, text)
        problem, sealed = _problem(row, row.seq, seq, digest, stubs)
        if not problem and noted is not None and noted.seq == row.seq and noted.hash != sealed.hex():
            problem = "log.head was written for another record: one of the two was changed"
        if problem:
            bad = seq + 1 if row.seq > seq else row.seq
            text = f"Record {_name(row) if row.seq == bad else bad}: {problem}."
            return Verification(False, seq, at.head, bad, text)
        bad, why = witness.see(sealed) if witness is not None else (0, "")
        if bad:
            return contradicted(bad, why)
        at.seq, at.digest = row.seq, sealed
    return _ended(noted, witness, stubs, at)


def contradicted(bad: int, why: str) -> Verification:
    """A record that the chain holds, and the witness does not. What the one before it was is not kept."""
    return Verification(False, bad - 1, Head(bad - 1, ""), bad, f"Record {bad}: {why}.")


def _ended(noted: Head | None, witness: Witness | None, stubs: Stubs, at: Progress) -> Verification:
    """What there is to say behind the last record."""
    seq, head = at.seq, at.head
    if stubs.unsaid():
        return contradicted(stubs.unsaid(), "its data was taken away, and no later record says so")
    cut = witness.end() if witness is not None else ""
    if cut:
        suspect = witness.suspect() if witness is not None else 0
        other = f" Record {suspect} is another one than it signed, too." if suspect else ""
        bad = suspect or seq + 1
        return Verification(False, bad - 1, head if bad > seq else Head(bad - 1, ""), bad, f"{cut}.{other}")
    if noted is not None and noted.seq > seq:
        text = f"The end of the log was cut off: it ends with record {seq}, but log.head was at {noted.seq}."
        return Verification(False, seq, head, seq + 1, text)
    if noted is not None and noted.seq == 0 and noted.hash != GENESIS.hex():
        return Verification(
            False, seq, head, 0, "log.head does not hold the hash that every log begins with."
        )
    return Verification(True, seq, head, redacted=stubs.said)


def _problem(row: Found, seq: int, before: int, digest: bytes, stubs: Stubs) -> tuple[str, bytes]:
    """What is wrong with this row behind the record `before` (empty: nothing), and the hash it must have."""
    if seq > before + 1:
        return f"it is missing; the next one there is {_name(row)}", b""
    if seq < before + 1:
        return "its number is below 1", b""
    if not isinstance(row.body, str) or not isinstance(row.hash, bytes):
        return "its body or its hash is not of the type that was stored", b""
    try:
        body = row.body.encode()
    except UnicodeEncodeError:
        return "its body is not UTF-8", b""
    sealed = link(digest, seq, body)
    if sealed != row.hash:
        if not stubs.meet(seq, row.body, row.hash):
            why = "its body or its hash was changed, or it is not in its place (the hash chain breaks here)"
            return why, sealed
        sealed = row.hash  # the next record's hash speaks for it
    try:
        record = json.loads(body)
        said = (record["id"], record["type"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        return f"its body is no event ({error})", sealed
    for column, sealed_value, value in zip(("id", "type"), said, (row.id, row.type), strict=True):
        if value != sealed_value:
            what = f"it is {_shown(value)} where the sealed body says {_shown(sealed_value)}"
            return f"its column `{column}` was changed: {what}", sealed
    stubs.hear(row.type, record)
    return "", sealed


def _name(row: Found) -> str:
    """A record for a person: number, id and type."""
    return f"{row.seq} (id {_shown(row.id)}, type {_shown(row.type)})"


def _shown(value: object) -> str:
    """A value as it can be printed anywhere, cut to a bound."""
    text = value if isinstance(value, str) else repr(value)
    return text[:_SHOWN].encode("utf-8", "backslashreplace").decode()
