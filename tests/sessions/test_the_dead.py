"""Processes that have ended, and that nobody collects: they fill the kernel's table as the living do."""

from __future__ import annotations

import os
import time

from fleet.shim import watch


def test_they_count_among_the_processes_that_a_run_may_have(runs):
    leaves = "import os, time\nfor _ in range(30):\n os.fork() or os._exit(0)\ntime.sleep(60)"
    runs.python(leaves, processes=20)
    assert runs.end().reason == "processes"


def test_who_collects_them_stops_to_look_at_the_time(monkeypatch):
    """Where they come without end, no ceiling would be kept otherwise."""
    monkeypatch.setattr(watch, "_MOST_REAPED", 2)
    made = object.__new__(watch.Watch)
    made._childless = made._main_gone = made._unreaped = False
    made._child, made._ending = 0, watch.Ending("")
    children = [os.posix_spawn("/bin/true", ["true"], {}) for _ in range(3)]
    for child in children:
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    made._reap()
    assert made._unreaped
    assert made._until_next() == 0
    begun = time.monotonic()
    while not made._childless:
        made._reap()
        assert time.monotonic() - begun < 10
    assert not made._unreaped
