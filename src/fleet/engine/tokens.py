"""Tokens of runs: each is good for its own run alone, and needs to be kept nowhere."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path


def token_of(secret: bytes, run: str) -> str:
    """The token of this run."""
    return f"{run}.{hmac.new(secret, run.encode(), hashlib.sha256).hexdigest()}"


def run_of(secret: bytes, token: str) -> str | None:
    """The run that the token was made for, None for a token that was not made here."""
    run, _, _ = token.partition(".")
    good = hmac.compare_digest(token_of(secret, run).encode(), token.encode("utf-8", "surrogatepass"))
    return run if run and good else None


def read_secret(path: Path) -> bytes:
    """The project's secret; made when there is none. Only its owner may read it."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        found = path.read_bytes()
        if len(found) >= 32:
            return found
        path.unlink()  # cut off while it was made: no token can have been given out yet
        return read_secret(path)
    made = secrets.token_bytes(32)
    with os.fdopen(handle, "wb") as file:
        file.write(made)
        file.flush()
        os.fsync(handle)
    return made
