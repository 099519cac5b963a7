"""A watcher as users have it, but for its clock: that is off by what the file `clock` says (ms), and can be
moved while it runs.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from pathlib import Path

from fleet.engine.lease import lease
from fleet.engine.steady import Steady
from fleet.surfaces.cli.watch_here import _on_signals, _ready
from fleet.wiring import Place, load_fleet, watch


def main(root: str, file: str) -> int:
    """Watch until a signal."""
    place, moved = Place(Path(root)), Path(file)

    def clock() -> int:
        try:
            return time.time_ns() // 1_000_000 + int(moved.read_text() or 0)
        except (OSError, ValueError):
            return time.time_ns() // 1_000_000

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s", stream=sys.stderr)
    place.dot.mkdir(mode=0o700, exist_ok=True)
    with lease(place.lock):
        return asyncio.run(
            watch(
                place,
                load_fleet(place, check_harnesses=True),
                ready=lambda port: _ready(place, port, -1),
                stopping=_on_signals,
                clock=Steady(clock),
            )
        )


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main(*sys.argv[1:]))
