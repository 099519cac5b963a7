"""Taking the data out of a record, so that the log still verifies and says that it was done.

The chain is made of the records' hashes. A record whose data was taken away keeps its hash, so everything
behind it, and every checkpoint, still holds; what its body was can no longer be checked, and that it was
taken away is said by a later record: `fleet.audit.redacted` names the record, its hash, and the digest of
what was left in its place. A stub that no later record speaks of is a changed record.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from fleet.adapters.logs.canonical import canonical
from fleet.adapters.logs.sqlite_file import begin_writing, connect, telling
from fleet.model.errors import FleetError

MARK = "redacted"
"""The CloudEvents attribute that a stub has: the digest of the body that was there."""
_BUSY_MS = 10_000


class Stub(NamedTuple):
    """A record without its data: its place, its hash, the digest of the body that was, and the new body."""

    seq: int
    hash: str
    was: str
    body: str

    @property
    def left(self) -> str:
        """The digest of what is left."""
        return sha256(self.body.encode()).hexdigest()


def stub_of(path: Path, seq: int, data: Mapping[str, Any]) -> Stub:
    """What would be left of a record with this data instead of its own. Raises `FleetError` when there is no
    such record, or when that was done before.
    """
    with telling(path, "read"), closing(connect(path, "ro", _BUSY_MS)) as connection:
        row = connection.execute("SELECT body, hash FROM events WHERE seq = ?", (seq,)).fetchone()
    if row is None:
        raise FleetError(f"There is no event {seq}")
    record = json.loads(row[0])
    if MARK in record:
        raise FleetError(f"Event {seq} is redacted already")
    was = sha256(row[0].encode()).hexdigest()
    return Stub(seq, row[1].hex(), was, canonical(record | {"data": data, MARK: was}))


def put_stub(path: Path, stub: Stub) -> None:
    """Put the stub in the record's place, so that nothing of the old body is left in the file.

    The log has said so before; done again, it changes nothing.
    """
    with telling(path, "redact"), closing(connect(path, "rw", _BUSY_MS)) as connection:
        connection.execute("PRAGMA secure_delete=ON")
        begin_writing(connection, _BUSY_MS)
        connection.execute(
            "UPDATE events SET body = ? WHERE seq = ? AND hash = ?",
            (stub.body, stub.seq, bytes.fromhex(stub.hash)),
        )
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class Stubs:
    """The stubs that a verification has met, until the record that speaks of each has passed."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._open: dict[int, tuple[str, str]] = {}
        self.said = 0

    def meet(self, seq: int, body: str, stored: bytes) -> bool:
        """Whether this body is a stub; then it is waited for the record that speaks of it."""
        try:
            record = json.loads(body)
            is_stub = isinstance(record[MARK], str) and record["id"] and record["type"]
        except (ValueError, TypeError, KeyError, RecursionError):
            return False
        if is_stub:
            self._open[seq] = (stored.hex(), sha256(body.encode()).hexdigest())
        return bool(is_stub)

    def hear(self, kind: object, record: Mapping[str, Any]) -> None:
        """A good record: perhaps it is the one that speaks of a stub."""
        if kind != self._kind or not self._open:
            return
        data = record.get("data")
        if isinstance(data, dict):
            found = self._open.get(data.get("seq", 0) if isinstance(data.get("seq"), int) else 0)
            if found == (data.get("hash"), data.get("left")):
                del self._open[data["seq"]]
                self.said += 1

    def unsaid(self) -> int:
        """The first stub that no record speaks of, 0 for none."""
        return min(self._open, default=0)
