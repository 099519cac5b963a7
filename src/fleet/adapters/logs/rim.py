"""What the logs take from the machine where nothing else is given: the time, and new ids."""

from __future__ import annotations

import os
import time


def system_clock() -> int:
    """The time now in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def new_id() -> str:
    """A new event id: the time in ms and 64 random bits, in hex.

    Nobody may have had it before, since an event with a known id is skipped. The time in front keeps new ids
    next to each other in the index, so that a group of appends touches one page and not one page each.
    """
    return f"{system_clock():012x}{os.urandom(8).hex()}"
