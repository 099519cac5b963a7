"""Traces of a real story, sent to a collector of the test's own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Sent
from tests.surfaces.conftest import Cli, cli, repository

__all__ = ["cli", "repository"]  # fixtures


class Collector(HTTPServer):
    """Takes spans; or answers with this status and takes nothing."""

    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.spans: list[Sent] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/traces"

    def named(self, beginning: str) -> list[Sent]:
        return [each for each in self.spans if each.name.startswith(beginning)]


class Answer(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.status == 200:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    self.server.spans += scope.spans
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def tell_a_story(cli: Cli) -> None:
    """An issue, of which a run has ended."""
    cli.story.issue("Add a zebra", "fleet:ready")
    cli.story.start("r1")
    cli.story.deliver("r1")


def test_a_run_is_a_span_below_its_workflow_in_the_trace_of_its_item(cli: Cli, collector: Collector):
    tell_a_story(cli)
    assert cli("telemetry", "--otlp", collector.url, "--once").code == 0
    (run,) = collector.named("invoke_agent developer")
    assert run.parent_span_id
    assert {each.trace_id for each in collector.spans} == {run.trace_id}


def test_what_was_sent_is_not_sent_again(cli: Cli, collector: Collector):
    tell_a_story(cli)
    cli("telemetry", "--otlp", collector.url, "--once")
    sent = len(collector.spans)
    assert cli("telemetry", "--otlp", collector.url, "--once").code == 0
    assert len(collector.spans) == sent > 0


def test_what_a_collector_refuses_is_sent_the_next_time(cli: Cli, collector: Collector):
    tell_a_story(cli)
    collector.status = 400
    assert cli("telemetry", "--otlp", collector.url, "--once").code != 0
    collector.status = 200
    assert cli("telemetry", "--otlp", collector.url, "--once").code == 0
    assert len(collector.named("invoke_agent")) == 1


def test_no_text_of_an_issue_leaves(cli: Cli, collector: Collector):
    tell_a_story(cli)
    cli("telemetry", "--otlp", collector.url, "--once")
    assert all("zebra" not in str(each) for each in collector.spans)


def test_without_anywhere_to_send_it_says_so(cli: Cli, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    assert cli("telemetry").code == 2
