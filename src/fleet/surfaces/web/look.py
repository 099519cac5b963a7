"""What a page is drawn from, and what it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fleet.model.errors import FleetError
from fleet.model.fleet import Fleet
from fleet.model.state import State
from fleet.surfaces.person import Person
from fleet.surfaces.web.canvas import Canvas
from fleet.surfaces.web.html import Html
from fleet.surfaces.web.patches import Patches
from fleet.surfaces.web.projection import Projection
from fleet.surfaces.web.transcripts import Transcripts
from fleet.views.why import explain

ALWAYS = frozenset({"approvals", "watcher"})
"""What is around every page speaks of these."""


class Missing(FleetError):
    """There is no such thing; the page for it is not found."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the project: where, with which words in the address, and what it may ask."""

    projection: Projection
    patches: Patches
    transcripts: Transcripts
    token: str
    words: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    who: Person = field(default_factory=lambda: Person("user/unknown", "viewer"))

    @property
    def may_answer(self) -> bool:
        """Whether who looks may answer what is asked."""
        return self.who.may("answer")

    @property
    def may_operate(self) -> bool:
        """Whether who looks may tell runs and items something."""
        return self.who.may("operate")

    @property
    def may_govern(self) -> bool:
        """Whether who looks may release agents."""
        return self.who.may("govern")

    def why(self, thing: str) -> Mapping[str, Any]:
        """What led to this: the document of `fleet why THING --json`."""
        it = self.projection
        return explain(it.fleet, it.state, it, thing, self.now, watched=it.watched)

    @property
    def state(self) -> State:
        """What is true by the log."""
        return self.projection.state

    @property
    def fleet(self) -> Fleet:
        """The operator's fleet.yaml."""
        return self.projection.fleet

    @property
    def watched(self) -> bool:
        """Whether the watcher runs."""
        return self.projection.watched

    @property
    def now(self) -> int:
        """The time, in ms since the epoch."""
        return self.projection.clock()


@dataclass(frozen=True, slots=True)
class Page:
    """A page that was drawn. `here` is the way to it, `about` what it speaks of (None: everything), `tick`
    how often it changes though nothing is told, in seconds.
    """

    title: str
    here: str
    main: Html
    canvas: Canvas
    about: frozenset[str] | None = None
    tick: float = 15.0
