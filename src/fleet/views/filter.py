"""Which events are asked for: by type, agent, item, run, actor and time. For the verbs that list events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from fleet.model import events
from fleet.model.event import Event


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for; what is empty (or 0) is not asked. Times are ms since the epoch, `until` is not
    within.
    """

    kind: str = ""
    agent: str = ""
    item: int = 0
    run: str = ""
    actor: str = ""
    since: int = 0
    until: int = 0

    @property
    def needs_story(self) -> bool:
        """Whether earlier events say what an event belongs to."""
        return bool(self.agent or self.item)


@dataclass(slots=True)
class Who:
    """Who is behind a run. `digests` are those of its prompt, system prompt and template."""

    agent: str = ""
    harness: str = ""
    version: str = ""
    model: str = ""
    item: int = 0
    digests: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Filter:
    """Lets those events pass that are asked for. It is shown every event from the first one on, and keeps a
    few words for each run and change, nothing for each event.
    """

    asked: Asked
    runs: dict[str, Who] = field(default_factory=dict)
    _items: dict[str, int] = field(default_factory=dict)  # instance → item
    _changes: dict[int, int] = field(default_factory=dict)  # change → item

    def over(self, found: Iterable[Event]) -> Iterator[Event]:
        """Those of the events that are asked for."""
        for event in found:
            if self.asked.until and event.time >= self.asked.until:
                return
            self.learn(event)
            if self.fits(event):
                yield event

    def learn(self, event: Event) -> None:
        """Take in what the event says of runs and changes."""
        data = event.data
        if event.type in (events.RUN_QUEUED, events.RUN_ADMITTED, events.RUN_CONVERSED):
            who = self.runs.setdefault(str(data.get("run", "")), Who())
            for name in ("agent", "harness", "version", "model"):
                if data.get(name):
                    setattr(who, name, str(data[name]))
            who.item = _whole(data.get("item")) or who.item
        elif event.type == events.RUN_STARTED and isinstance(data.get("digests"), Mapping):
            self.runs.setdefault(str(data.get("run", "")), Who()).digests = data["digests"]
        elif event.type == events.CHANGE_OPENED:
            self._changes[_whole(data.get("change"))] = _whole(data.get("item"))
        elif event.type == events.INSTANCE_STARTED:
            self._items[str(data.get("instance", ""))] = _whole(data.get("item"))

    def fits(self, event: Event) -> bool:
        """Whether the event is asked for."""
        asked = self.asked
        return (
            (not asked.kind or fnmatchcase(event.type, asked.kind) or _short(event.type, asked.kind))
            and (not asked.since or event.time >= asked.since)
            and (not asked.until or event.time < asked.until)
            and (not asked.run or event.data.get("run") == asked.run or event.subject == f"run/{asked.run}")
            and (not asked.agent or asked.agent == self.agent_of(event))
            and (not asked.item or asked.item == self.item_of(event))
            and (not asked.actor or asked.actor in _actors(event))
        )

    def who(self, event: Event) -> Who:
        """Who is behind the run that the event is about."""
        return self.runs.get(str(event.data.get("run", "")), Who())

    def agent_of(self, event: Event) -> str:
        """The agent that the event is about, "" for none."""
        named = event.data.get("agent")
        if isinstance(named, str) and named:
            return named
        return self.who(event).agent or event.source.partition("agent/")[2]

    def item_of(self, event: Event) -> int:
        """The item that the event is about, 0 for none."""
        data = event.data
        return (
            _whole(data.get("item"))
            or self.who(event).item
            or self._changes.get(_whole(data.get("change")), 0)
            or self._items.get(event.correlation_id, 0)
        )


def _short(kind: str, glob: str) -> bool:
    """`run.*` stands for `fleet.run.*`, as on the web page."""
    return fnmatchcase(kind, f"fleet.{glob}")


def _actors(event: Event) -> set[str]:
    named = {event.source, *(str(event.data.get(name) or "") for name in ("actor", "author", "by"))}
    return named | {each.partition("/")[2] for each in named}


def _whole(value: object) -> int:
    return value if type(value) is int else 0
