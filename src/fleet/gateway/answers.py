"""What the gateway gives back: an answer with the events it stands for, or a refusal that says what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fleet.model.errors import FleetError
from fleet.model.event import Event


@dataclass(frozen=True, slots=True)
class Answer:
    """The events that a request becomes, and what the agent is told once they are in the log.

    `data` is the same as the message in a form for programs; empty where there is nothing more to say.
    """

    events: tuple[Event, ...]
    message: str
    data: Mapping[str, Any] = field(default_factory=dict)


class Refused(FleetError):
    """The agent may not have what it asked for. `events` are what the log should know about that."""

    def __init__(self, what: str, *, why: str = "", do: str = "", events: Sequence[Event] = ()) -> None:
        super().__init__(what, why=why, do=do)
        self.events = tuple(events)
