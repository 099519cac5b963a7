"""The quick part of a verification: over good records as fast as Python goes, up to the first doubt.

It takes a record for good only where `check` would, and leaves every other one to it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any

from fleet.ports.log import Head, Witness

_scan: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder().scan_once  # type: ignore[attr-defined]


class Progress:
    """How far a verification has come: the last good record, which may be told when the file fails."""

    def __init__(self, seq: int, digest: bytes) -> None:
        self.seq = seq
        self.digest = digest

    @property
    def head(self) -> Head:
        """The same as the port shows it."""
        return Head(self.seq, self.digest.hex())


def run_ahead(
    rows: Iterable[tuple[Any, ...]], noted: Head | None, witness: Witness | None, at: Progress
) -> tuple[int, str]:
    """Move `at` over the good records (seq, id, type, body, hash). Returns what the witness has to say
    against one of them: its number and why, (0, "") when it has nothing to say.
    """
    stop = noted.seq if noted is not None else 0
    seq, digest = at.seq, at.digest
    try:
        for number, name, kind, body, stored in rows:
            if number != seq + 1 or type(body) is not str or type(stored) is not bytes:
                break
            sealed = sha256(digest + number.to_bytes(8, "big") + body.encode()).digest()
            if sealed != stored or (number == stop and noted is not None and noted.hash != sealed.hex()):
                break
            record, end = _scan(body, 0)
            if end != len(body) or record["id"] != name or record["type"] != kind:
                break
            if witness is not None:
                bad, why = witness.see(sealed)
                if bad:
                    return bad, why
            seq, digest = number, sealed
    except (ValueError, TypeError, KeyError, StopIteration, RecursionError, AttributeError, OverflowError):
        pass  # whatever it is that this record holds instead of an event
    finally:
        at.seq, at.digest = seq, digest
    return 0, ""
