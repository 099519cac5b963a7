"""One run's transcript on its way into the log: records → lines → agent events → facts, and the screen beside
it.
"""

from __future__ import annotations

from typing import Any

from fleet.engine.acts import Acts
from fleet.engine.kept import TRANSCRIPT, digest_of
from fleet.engine.parts import Parts
from fleet.engine.said import mask_what_it_said
from fleet.engine.screen import Screen
from fleet.model import events
from fleet.model.event import Event
from fleet.model.state import Run
from fleet.policy.fact import fact
from fleet.policy.reset import reset_at
from fleet.ports.harness import AgentEvent, Finished, Stream
from fleet.ports.secrets import MaskedReader
from fleet.ports.session import Record

_LONGEST_LINE = 1_000_000  # characters: what is beyond is cut off before a harness sees it
_TEXT = 16_000


class Transcript:
    """Reads on from where it was. Blocks, so it is used in a thread; by one at a time."""

    def __init__(self, parts: Parts, run: Run) -> None:
        self._parts = parts
        self._run = run
        harness = parts.harnesses.get(run.harness)
        self._reader: MaskedReader | None = parts.masked(harness.reader()) if harness else None
        self._told_secrets = False
        self._offset = 0
        self._count = 0
        self._pieces: dict[str, str] = {"out": "", "err": ""}
        self._finish: Finished | None = None
        self._acts = Acts(run.id, run.model, parts.fleet.prices)
        self._screen = Screen(parts.run_dir(run.id) / "screen.txt")

    def read(self) -> tuple[list[Event], bool]:
        """The facts that have come since the last call, and whether there may be more already."""
        records, after = self._parts.sessions.read(self._run.id, self._offset)
        facts: list[Event] = []
        lines: list[str] = []
        for record in records:
            for event in self._events(record):
                lines += self._parts.render(event, record.t)
                facts += self._facts(event, record.t)
        self._screen.add(lines)
        more, self._offset = after != self._offset, after
        return facts, more

    def exit(self) -> Event:
        """The fact that the session has ended, and how its harness saw that."""
        found = self._parts.sessions.exit(self._run.id)
        finish = self._finish
        data: dict[str, Any] = {"run": self._run.id, "finish": finish.kind if finish else ""}
        if finish is not None:
            data["text"] = finish.text[:_TEXT]
        if found is not None and self._holds_secrets():
            # Before its digest is in the log, which is that of what is kept.
            mask_what_it_said(self._parts, self._run.id)
        if found is None:
            data |= {"reason": "lost", "error": "its session's folder is gone"}
        else:
            data |= {
                "reason": found.reason,
                "code": found.code,
                "signal": found.signal,
                "error": found.error or (finish.error if finish and not finish.ok else ""),
                "started": found.started,
                "ended": found.ended,
                "max_rss_kb": found.max_rss_kb,
                "cpu_ms": found.cpu_ms,
                "transcript": digest_of(self._parts.run_dir(self._run.id) / TRANSCRIPT),
            }
            if data["finish"] == "overloaded":
                data["retry_at"] = reset_at(str(data["error"]), found.ended)
            if finish is not None and not finish.ok and data["finish"] == "ok":
                data["finish"] = "error"
        return self._named(events.RUN_EXITED, data, "exit")

    def _events(self, record: Record) -> list[AgentEvent]:
        """What this record brings, once its line is complete. A line that is too long is cut, not kept."""
        if record.stream == "in":
            self._told_secrets = self._told_secrets or bool(self._parts.secrets.find(record.text))
        if record.stream not in ("out", "err") or self._reader is None:
            return []
        stream: Stream = "out" if record.stream == "out" else "err"
        held = self._pieces[stream]
        if len(held) < _LONGEST_LINE:
            held += record.text[: _LONGEST_LINE - len(held)]
        if not record.complete:
            self._pieces[stream] = held
            return []
        self._pieces[stream] = ""
        return self._reader.feed(stream, held)

    def _holds_secrets(self) -> bool:
        """Whether the transcript may hold secrets. A line that never ended was not looked at."""
        return self._reader is None or self._reader.found or self._told_secrets or any(self._pieces.values())

    def _facts(self, event: AgentEvent, at: int) -> list[Event]:
        if isinstance(event, Finished):
            self._finish = event
            return []
        return [self._next(kind, data) for kind, data in self._acts.facts(event, at)]

    def _next(self, kind: str, data: dict[str, Any]) -> Event:
        self._count += 1
        return self._named(kind, data, str(self._count))

    def _named(self, kind: str, data: dict[str, Any], name: str) -> Event:
        """A fact whose id comes from its place in the transcript."""
        made = fact(kind, data, cause=self._run.cause, story=self._run.instance)
        return Event(
            type=made.type,
            data=made.data,
            subject=made.subject,
            source=f"agent/{self._run.agent}",
            id=f"{self._run.id}.t.{name}",
            causation_id=made.causation_id,
            correlation_id=made.correlation_id,
        )
