"""Spans over OTLP/HTTP, by OpenTelemetry's own exporter, which reads its usual variables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fleet.model.errors import FleetError, Temporary
from fleet.ports.telemetry import Span

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan


class OtlpSpans:
    """Sends spans to `endpoint` ("" leaves it to the variables), as the service `name`.

    Raises FleetError where OpenTelemetry is not installed.
    """

    def __init__(self, name: str, version: str, endpoint: str = "") -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
        except ImportError as error:
            raise FleetError(
                "OpenTelemetry is not installed", why=str(error), do="pip install 'fleet[telemetry]'"
            ) from error
        self._exporter = OTLPSpanExporter(endpoint=endpoint or None)
        about = {"service.name": "fleet", "service.version": version, "service.namespace": name}
        self._resource = Resource.create(about)

    def send(self, spans: Sequence[Span]) -> None:
        """Send them. Raises Temporary when they were not taken."""
        from opentelemetry.sdk.trace.export import SpanExportResult

        if self._exporter.export([self._made(each) for each in spans]) is not SpanExportResult.SUCCESS:
            raise Temporary("The spans were not taken", why="the collector can't be reached, or refuses them")

    def close(self) -> None:
        """Let go of the connection."""
        self._exporter.shutdown()  # type: ignore[no-untyped-call]

    def _made(self, span: Span) -> ReadableSpan:
        from opentelemetry.sdk.trace import ReadableSpan
        from opentelemetry.trace import SpanContext, Status, StatusCode, TraceFlags

        def context(id: int) -> SpanContext:
            return SpanContext(span.trace, id, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))

        return ReadableSpan(
            name=span.name,
            context=context(span.id),
            parent=context(span.parent) if span.parent else None,
            resource=self._resource,
            attributes=dict(span.attributes),
            status=Status(StatusCode.ERROR, span.error) if span.error else Status(StatusCode.OK),
            start_time=span.start * 1_000_000,
            end_time=span.end * 1_000_000,
        )
