"""`fleet telemetry`: what happens, as traces over OTLP and as figures for Prometheus."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Annotated

import typer

from fleet.model.errors import FleetError, Temporary, UsageError
from fleet.surfaces.cli.output import print_note, say
from fleet.surfaces.cli.people_only import people_only
from fleet.surfaces.cli.project import Project, open_project

if TYPE_CHECKING:
    from fleet.model.event import Event
    from fleet.ports.telemetry import Span, SpanSink
    from fleet.views.metrics import Metric

app = typer.Typer()

_KEPT = 20_000  # spans that wait for a collector which can't be reached; older ones go
_BATCH = 500
_AGAIN_SECONDS = 10.0


@app.command()
def telemetry(
    endpoint: Annotated[
        str,
        typer.Option("--otlp", metavar="URL", help="Send traces there: http://127.0.0.1:4318/v1/traces"),
    ] = "",
    metrics: Annotated[
        int,
        typer.Option("--metrics", metavar="PORT", min=0, max=65535, help="Serve /metrics there; 0: don't."),
    ] = 0,
    host: Annotated[
        str, typer.Option("--host", metavar="NAME", help="The address of /metrics.")
    ] = "127.0.0.1",
    once: Annotated[bool, typer.Option("--once", help="Send what is new, and end.")] = False,
) -> None:
    """Send traces to an OpenTelemetry collector, and serve figures to Prometheus, until Ctrl-C.

    Traces go to --otlp, or where OTEL_EXPORTER_OTLP_ENDPOINT says. It goes on where the last one ended.
    """
    from fleet.wiring import open_spans

    people_only("telemetry")
    traced = bool(endpoint) or any(os.environ.get(name) for name in _VARIABLES)
    if not traced and not metrics:
        why = "there is neither --otlp, nor OTEL_EXPORTER_OTLP_ENDPOINT, nor --metrics"
        raise UsageError("There is nothing to do", why=why)
    with open_project() as project, ExitStack() as stack:
        sink = open_spans(project.fleet.name, endpoint) if traced else None
        if sink is not None:
            stack.callback(sink.close)
        teller = Teller(project, sink)
        teller.take(project.log.read())
        if metrics:
            stack.callback(_serve(teller, host, metrics))
            say(f"Figures: http://{host}:{metrics}/metrics")
        if once:
            teller.send()
            if teller.waiting:
                why = "the collector can't be reached, or refuses them"
                raise Temporary("Some spans were not sent", why=why)
            return
        _go_on(project, teller)


_VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class Teller:
    """The state by the log, and the spans that are still to be sent. `sink` None: none are."""

    def __init__(self, project: Project, sink: SpanSink | None) -> None:
        from fleet.model.state import State

        self._project, self._sink = project, sink
        self._state, self._seed = State(), ""
        self._file = project.place.dot / "telemetry.json"
        self._sent = _read(self._file)
        self._lock = Lock()
        self.waiting: deque[tuple[int, Span]] = deque(maxlen=_KEPT)

    @property
    def seq(self) -> int:
        """Up to where the log is known."""
        return self._state.seq

    def take(self, found: Iterable[Event]) -> None:
        """Take up what has happened."""
        from fleet.policy.fold import fold
        from fleet.views.spans import spans_of

        for event in found:
            with self._lock:
                fold(self._state, event)
            self._seed = self._seed or event.id
            if self._sink is not None and event.seq > self._sent:
                self.waiting += [(event.seq, span) for span in spans_of(self._seed, self._state, event)]

    def send(self) -> None:
        """Send what waits. What can't be sent now waits on."""
        while self.waiting and self._sink is not None:
            batch = [self.waiting[at] for at in range(min(_BATCH, len(self.waiting)))]
            try:
                self._sink.send([span for _, span in batch])
            except Temporary as error:
                print_note(f"{error.what}: {error.why}")
                return
            for _ in batch:
                self.waiting.popleft()
            self._sent = batch[-1][0]
            _write(self._file, self._sent)

    def figures(self) -> list[Metric]:
        """The figures of now."""
        from fleet.views.metrics import metrics
        from fleet.wiring import clock, watcher_status

        watched = watcher_status(self._project.place)["running"] is True
        with self._lock:
            return list(metrics(self._project.fleet, self._state, clock(), watched=watched))


def _go_on(project: Project, teller: Teller) -> None:
    with project.log.follow(teller.seq) as following:
        while True:
            teller.send()
            teller.take(following.wait(_AGAIN_SECONDS if teller.waiting else None))


def _serve(teller: Teller, host: str, port: int) -> Callable[[], None]:
    from fleet.surfaces.prometheus import serve

    try:
        return serve(teller.figures, host, port)[1]
    except OSError as error:
        what = f"Figures can't be served at {host}:{port}"
        raise FleetError(what, why=str(error), do="Name another port.") from error


def _read(file: Path) -> int:
    try:
        return int(json.loads(file.read_text())["seq"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _write(file: Path, seq: int) -> None:
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps({"seq": seq}))
    draft.replace(file)
