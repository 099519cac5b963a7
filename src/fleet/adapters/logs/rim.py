"""What the logs take from the machine where nothing else is given: the time, and new ids."""

from __future__ import annotations

import secrets
import time


def system_clock() -> int:
    """The time now in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def random_id() -> str:
    """A new event id: 96 random bits, since an event with an id that is known would be skipped."""
    return secrets.token_hex(12)
