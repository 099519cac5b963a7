"""Everything that one `fleet web` holds, and appending what its person does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from fleet.model.errors import Conflict, Temporary
from fleet.model.event import Event
from fleet.model.state import State
from fleet.surfaces.person import Person
from fleet.surfaces.web.channels import Hub
from fleet.surfaces.web.keys import Keys
from fleet.surfaces.web.patches import Patches
from fleet.surfaces.web.projection import Projection
from fleet.surfaces.web.transcripts import Transcripts
from fleet.surfaces.web.where import Where
from fleet.wiring import Place, open_sessions

_TRIES = 200


@dataclass(slots=True)
class Site:
    """One project's page. `actor` is who started it (`user/mia`); `entered` is told when a link was used."""

    place: Place
    projection: Projection
    actor: str
    where: Where = field(default_factory=Where)
    keys: Keys = field(init=False)
    entered: Callable[[], None] = lambda: None
    hub: Hub = field(init=False)
    patches: Patches = field(init=False)
    transcripts: Transcripts = field(init=False)

    def __post_init__(self) -> None:
        """Make what only reads."""
        self.keys = Keys(Person(self.actor))
        self.hub = Hub(self.projection)
        self.patches = Patches(self.place)
        self.transcripts = Transcripts(self.place)

    async def act(self, decide: Callable[[State], list[Event]]) -> list[Event]:
        """Append what `decide` makes of the state, exactly for that state; when the log has grown meanwhile
        it is asked again. Raises what `decide` raises.
        """
        projection = self.projection
        for _ in range(_TRIES):
            projection.catch_up()
            decided = decide(projection.state)
            try:
                stored = await asyncio.to_thread(projection.log.append, decided, projection.state.seq)
            except Conflict:
                continue
            while projection.state.seq < stored[-1].seq:
                projection.catch_up()
            return stored
        raise Temporary("Nothing was done", why="the log grows too fast to keep up with it", do="Try again.")

    async def stop_session(self, run: str, why: str = "person") -> None:
        """Tell a run's session to end, where no watcher is there to do so."""
        found = self.projection.state.runs.get(run)
        if self.projection.watched or found is None or not found.live:
            return
        await asyncio.to_thread(self._stop_session, run, why)

    def close(self) -> None:
        """End all streams and let go of what was opened. May be repeated."""
        self.hub.close()
        self.projection.close()
        self.transcripts.close()

    def _stop_session(self, run: str, why: str) -> None:
        sessions = open_sessions(self.place)
        try:
            sessions.stop(run, why)
        finally:
            sessions.close()
