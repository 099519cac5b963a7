"""A snapshot of the fold in one file: a line that says what it is of, then the state as JSON.

The line is signed with the project's secret, together with the state, and names the hash of the last event
that was folded, the hash chain's name for all events up to it. It also names the rules that folded: a digest
of their sources' sizes and times, so that after an update, or an edit, the log is folded anew.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import fleet
from fleet.model.state import State
from fleet.ports.log import Log

_RULES = ("model", "policy")
_MADE = {"by": str, "seq": int, "hash": str, "mac": str}


class FileSnapshots:
    """The snapshot in the file `path`, signed with `secret`."""

    def __init__(self, path: Path, secret: bytes) -> None:
        self._path = path
        self._secret = secret

    def load(self, log: Log) -> State | None:
        """See `fleet.ports.snapshot.Snapshots.load`."""
        try:
            line, _, packed = self._path.read_bytes().partition(b"\n")
            made = json.loads(line)
        except (OSError, ValueError):
            return None
        if not isinstance(made, dict) or any(
            type(made.get(each)) is not kind for each, kind in _MADE.items()
        ):
            return None
        good = self._mac(made["by"], made["seq"], made["hash"], packed)
        if made["by"] != _rules() or not hmac.compare_digest(made["mac"].encode(), good.encode()):
            return None
        if _hash_of(log, made["seq"]) != made["hash"]:
            return None
        return _adapter().validate_json(packed)  # type: ignore[no-any-return]

    def pack(self, state: State) -> bytes:
        """See `fleet.ports.snapshot.Snapshots.pack`."""
        return _adapter().dump_json(state, exclude_defaults=True)  # type: ignore[no-any-return]

    def save(self, packed: bytes, log: Log, seq: int) -> None:
        """See `fleet.ports.snapshot.Snapshots.save`."""
        by, named = _rules(), _hash_of(log, seq)
        made = {"by": by, "seq": seq, "hash": named, "mac": self._mac(by, seq, named, packed)}
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(json.dumps(made).encode() + b"\n" + packed)
            fresh.replace(self._path)
        except OSError:  # a full disk: what is there is still good, and only time is lost
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)

    def forget(self) -> None:
        """See `fleet.ports.snapshot.Snapshots.forget`."""
        self._path.unlink(missing_ok=True)

    def _mac(self, by: str, seq: int, named: str, packed: bytes) -> str:
        return hmac.new(self._secret, f"snapshot {by} {seq} {named}\n".encode() + packed, sha256).hexdigest()


def _hash_of(log: Log, seq: int) -> str:
    return next((event.hash for event in log.read(seq - 1, 1) if event.seq == seq), "")


@cache
def _rules() -> str:
    """What tells these rules from others: when and how large the files are that they stand in."""
    sources = sorted(path for part in _RULES for path in (Path(fleet.__file__).parent / part).rglob("*.py"))
    found = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in sources]
    return sha256(repr(found).encode()).hexdigest()


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(State)
