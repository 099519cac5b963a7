"""`fleet demo` as it runs: the watcher works in a process of its own, and this follows the log."""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from fleet.model.errors import FleetError
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import State
from fleet.policy.due import rest
from fleet.policy.fold import fold
from fleet.surfaces.cli.demo_answers import Answers
from fleet.surfaces.cli.demo_backstage import complaint, watcher
from fleet.surfaces.cli.demo_stage import Stage
from fleet.views.waiting import asked
from fleet.wiring import open_log


class Show(Protocol):
    """What people see while it runs. `beat`: how old a picture may get, in seconds (None: any age)."""

    beat: float | None

    def show(self, news: Sequence[Event], state: State) -> None:
        """Take in what has happened, and show how things stand."""
        ...

    def pause(self) -> AbstractContextManager[None]:
        """Leave the terminal to somebody else for a while."""
        ...


def play(stage: Stage, fleet: Fleet, show: Show, *, person: bool, seconds: float) -> State:
    """Let the fleet work until nothing is left to do, and answer what it asks. Returns what is true then.

    Raises `FleetError` when the watcher ends early, or when the story takes longer than `seconds` (the time
    that a person takes to answer does not count).
    """
    state, answers = State(), Answers(stage, person=person, pause=show.pause)
    log = open_log(stage.place)
    try:
        with watcher(stage.place) as process, log.follow(0) as following, _end_of(process) as end:
            left = seconds
            while True:
                began = time.monotonic()
                select.select([following.fileno(), end], [], [], min(max(left, 0.0), show.beat or 5.0))
                if process.poll() is not None:
                    raise complaint(stage.place)
                news = following.poll()
                for event in news:
                    fold(state, event)
                show.show(news, state)
                left -= time.monotonic() - began
                for approval in asked(state):
                    answered = answers.to(approval, state)
                    if answered is not None:
                        log.append([answered])
                if _is_over(fleet, state, news):
                    return state
                if left <= 0:
                    raise FleetError(
                        f"The story has not come to its end within {seconds:g} s",
                        why=_unfinished(state),
                        do="Look at it: fleet demo --keep, then fleet status there.",
                    )
    finally:
        log.close()


def _is_over(fleet: Fleet, state: State, news: Sequence[Event]) -> bool:
    """Whether all was taken up and nothing is left. A batch that is full may have more behind it."""
    return bool(state.items) and len(news) < 1000 and rest(fleet, state) == "idle"


def _unfinished(state: State) -> str:
    found = [
        f"{run.id} ({run.agent or run.job}) is {run.state}"
        for run in map(state.runs.get, state.moving)
        if run
    ]
    return "; ".join(found) or "nothing runs, and something is left"


@contextmanager
def _end_of(process: subprocess.Popen[bytes]) -> Iterator[int]:
    """A descriptor that becomes readable when the process ends; where there is no such thing, one that does
    not.
    """
    if hasattr(os, "pidfd_open"):
        held = [os.pidfd_open(process.pid)]
    else:
        held = list(os.pipe())
    try:
        yield held[0]
    finally:
        for descriptor in held:
            os.close(descriptor)
