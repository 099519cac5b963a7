"""Being the watcher in this process: the lease, the signals, and a line for what happens."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from fleet.engine.lease import lease
from fleet.engine.steady import Steady
from fleet.masking import keep_to_itself
from fleet.model.event import Event
from fleet.surfaces.cli.log_lines import log_json, tell_json
from fleet.surfaces.cli.output import clock, print_json, say
from fleet.views.events import headline
from fleet.wiring import clock as machines_clock
from fleet.wiring import load_fleet, running_version, watch

if TYPE_CHECKING:
    from fleet.wiring import Place

_DESCRIPTORS = 16_384  # more than a machine's sessions; programs that close all they might have stay quick


def watch_here(
    place: Place, *, step: bool, until_idle: bool, json: bool, ready_fd: int, lines: bool = False
) -> int:
    """Watch until a signal, or until idle; returns the exit code. Raises `FleetError` for a second one.
    `lines`: what is printed is JSON, one object a line.
    """
    fleet = load_fleet(place, check_harnesses=True)
    place.dot.mkdir(mode=0o700, exist_ok=True)
    if lines:
        log_json()
    else:
        logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s", stream=sys.stderr)
    keep_to_itself()
    _have_descriptors()
    with lease(place.lock):
        code = asyncio.run(
            watch(
                place,
                fleet,
                step=step,
                until_idle=until_idle,
                ready=lambda port: _ready(place, port, ready_fd),
                stopping=_on_signals,
                told=tell_json if lines else None if json else _tell,
                clock=Steady(machines_clock),
            )
        )
    if json:
        print_json({"exit": code, "waits_for_person": code == 3})
    return code


def _have_descriptors() -> None:
    """Have one for each session: the usual 1,024 are for programs that use select(), as this does not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _ready(place: Place, port: int, ready_fd: int) -> None:
    """Say where this watcher is, to those who look for it and to the one who waits for it."""
    about = {
        "pid": os.getpid(),
        "port": port,
        "started": time.time_ns() // 1_000_000,
        "version": running_version(),
    }
    draft = place.watcher.with_suffix(".draft")
    draft.write_text(json.dumps(about), encoding="utf-8")
    draft.replace(place.watcher)
    if ready_fd >= 0:
        os.write(ready_fd, b"+")
        os.close(ready_fd)


def _on_signals(stop: Callable[[str], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, f"it was asked to by {number.name}")


def _tell(event: Event) -> None:
    """One line for an event that people care about."""
    text = headline(event)
    if text:
        say(f"{clock(event.time)}  {text}")
        sys.stdout.flush()
