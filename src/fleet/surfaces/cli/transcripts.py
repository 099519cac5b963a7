"""Reading a session's transcript from where one is, and going on as soon as there is more."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator
from typing import Self

from fleet.masking import masked_reader, open_secrets
from fleet.model import events
from fleet.model.state import Run
from fleet.surfaces.cli.project import Project
from fleet.views.run_page import is_about
from fleet.views.transcript import Entry, Transcript
from fleet.wiring import Place, harness, open_sessions

_LOOK_ANYWAY_MS = 1000
"""The watcher tells of what a run does. Where none runs, nobody rings, and this is how often one looks."""


class OpenTranscript:
    """A run's transcript with a place in it. Wakes of the sessions are left to the watcher."""

    def __init__(self, place: Place, run: Run) -> None:
        self.run = run
        self.sessions = open_sessions(place)
        self._offset = 0
        self._transcript = Transcript(masked_reader(open_secrets(), harness(run.harness).reader()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sessions.close()

    def news(self) -> Iterator[Entry]:
        """The entries since the last call."""
        while True:
            records, offset = self.sessions.read(self.run.id, self._offset)
            if offset == self._offset:
                return
            self._offset = offset
            yield from self._transcript.feed(records)


def follow_transcript(project: Project, transcript: OpenTranscript) -> Iterator[Entry]:
    """The entries from the beginning on, until the session has ended and everything was read."""
    name = transcript.run.id
    with project.log.follow(project.state.seq) as following:
        ended = transcript.sessions.watch(name)
        poll = select.poll()
        poll.register(following.fileno(), select.POLLIN)
        if ended is not None:
            poll.register(ended, select.POLLIN)
        try:
            over = transcript.run.state == "ended"
            while True:
                over = over or transcript.sessions.exit(name) is not None
                yield from transcript.news()
                sys.stdout.flush()
                if over:
                    return
                ready = {fd for fd, _ in poll.poll(_LOOK_ANYWAY_MS)}
                over = any(
                    event.type in (events.RUN_ENDED, events.RUN_CANCELLED) and is_about(event, name)
                    for event in following.poll()
                )
                if ended is not None and ended in ready:
                    poll.unregister(ended)
                    os.close(ended)
                    ended = None
        finally:
            if ended is not None:
                os.close(ended)
