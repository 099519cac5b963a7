"""The life of one run, from its start to its exit record: the shim's table of contents."""

from __future__ import annotations

import os
import time

from fleet.shim import launch, tree


def live(run: str) -> int:
    """Start the harness of the folder `run`, watch it to its end, leave `exit.json`; returns the exit status.

    Until `session.json` is there nothing runs, and a failure is told to the starter. From then on there is
    always an exit record, even when the fault is the shim's own.
    """
    try:
        launched = launch.launch(run)
    except OSError as error:
        launch.answer(f"!{error}")
        return 1
    try:
        _watch(launched)
    except BaseException:  # it cannot even tell its failure, so others will: but nothing is left behind
        tree.kill_all(launched.pid)
        raise
    return 0


def _watch(launched: launch.Launched) -> None:
    # Imported only now: the harness is on its way, and what these bring along (json, re, enum) takes 10 ms.
    from fleet.shim import record, watch

    bell = record.Bell("", "")
    try:
        command = record.read_command()
        bell = record.Bell(command["wake"], command["key"])
        ending = watch.Watch(launched, command, bell).until_end()
    except BaseException as error:  # noqa: BLE001 - told in the exit record, after the harness was killed
        import traceback

        tree.kill_all(launched.pid)
        ending = record.Ending("shim failed", error="".join(traceback.format_exception(error)))
    record.write_exit(ending, launched.started, time.time_ns() // 1_000_000)
    os.close(launched.control)  # before the bell: whoever hears it is not taken for heard any more
    bell.ring_now()
