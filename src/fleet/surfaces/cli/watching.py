"""Waiting for a watcher to end."""

from __future__ import annotations

import os
import select
import time

from fleet.engine.lease import holder
from fleet.wiring import Place


def await_end(place: Place, pid: int, seconds: float) -> bool:
    """Wait until the process has ended, and so let go of the lock. False when it has not in time."""
    try:
        descriptor = os.pidfd_open(pid)
    except (ProcessLookupError, AttributeError):
        descriptor = -1
    if descriptor >= 0:
        try:
            return bool(select.select([descriptor], [], [], seconds)[0])
        finally:
            os.close(descriptor)
    until = time.monotonic() + seconds
    while holder(place.lock) == pid:  # a platform without descriptors of processes leaves nothing but looking
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True
