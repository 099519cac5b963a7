"""Walking the chain: is every record the one that was sealed, in its place, with nothing between missing?"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from fleet.adapters.logs.record import GENESIS, link
from fleet.ports.log import Head, Verification

_SHOWN = 80  # characters of a value that are shown to a person


class Found(NamedTuple):
    """A row as it was found. A damaged file may hold anything in its columns, `check_chain` believes none."""

    seq: object
    id: object
    type: object
    body: object
    hash: object


def check_chain(rows: Iterable[Found], noted: Head | None) -> Verification:
    """Walk the rows, which come ordered by seq, up to the first bad one.

    `noted` is what the anchor says (None: this log has none): that record must be there and be the same.
    """
    seq, digest = 0, GENESIS
    for row in rows:
        if not isinstance(row.seq, int):  # the table is another one, in which seq is no key
            text = f"Record {seq + 1}: its number is {_shown(row.seq)}."
            return Verification(False, seq, Head(seq, digest.hex()), seq + 1, text)
        problem, sealed = _problem(row, row.seq, seq, digest)
        if not problem and noted is not None and noted.seq == row.seq and noted.hash != sealed.hex():
            problem = "log.head was written for another record: one of the two was changed"
        if problem:
            bad = seq + 1 if row.seq > seq else row.seq
            text = f"Record {_name(row) if row.seq == bad else bad}: {problem}."
            return Verification(False, seq, Head(seq, digest.hex()), bad, text)
        seq, digest = row.seq, sealed
    head = Head(seq, digest.hex())
    if noted is not None and noted.seq > seq:
        text = f"The end of the log was cut off: it ends with record {seq}, but log.head was at {noted.seq}."
        return Verification(False, seq, head, seq + 1, text)
    if noted is not None and noted.seq == 0 and noted.hash != GENESIS.hex():
        return Verification(
            False, seq, head, 0, "log.head does not hold the hash that every log begins with."
        )
    return Verification(True, seq, head)


def _problem(row: Found, seq: int, before: int, digest: bytes) -> tuple[str, bytes]:
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
        why = "its body or its hash was changed, or it is not in its place (the hash chain breaks here)"
        return why, sealed
    try:
        record = json.loads(body)
        said = (record["id"], record["type"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        return f"its body is no event ({error})", sealed
    for column, sealed_value, value in zip(("id", "type"), said, (row.id, row.type), strict=True):
        if value != sealed_value:
            what = f"it is {_shown(value)} where the sealed body says {_shown(sealed_value)}"
            return f"its column `{column}` was changed: {what}", sealed
    return "", sealed


def _name(row: Found) -> str:
    """A record for a person: number, id and type."""
    return f"{row.seq} (id {_shown(row.id)}, type {_shown(row.type)})"


def _shown(value: object) -> str:
    """A value as it can be printed anywhere, cut to a bound."""
    text = value if isinstance(value, str) else repr(value)
    return text[:_SHOWN].encode("utf-8", "backslashreplace").decode()
