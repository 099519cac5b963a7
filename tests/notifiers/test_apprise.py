"""Apprise, against a service of the test's own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from fleet.adapters.notifiers.apprise import AppriseNotifier
from fleet.model.errors import Permanent, Temporary


class Service(HTTPServer):
    """Takes messages, or answers with this status."""

    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.taken: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        self.server.taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def test_a_message_arrives_with_its_title_and_text(service: Service):
    AppriseNotifier().send(service.url, "[shop] A merge waits", "Why?\n<b>Not bold</b>")
    (found,) = service.taken
    assert (found["title"], found["message"]) == ("[shop] A merge waits", "Why?\n<b>Not bold</b>")


def test_a_service_that_fails_may_be_asked_again(service: Service):
    service.status = 500
    with pytest.raises(Temporary):
        AppriseNotifier().send(service.url, "t", "x")


def test_an_address_that_is_none_is_refused_and_not_told():
    with pytest.raises(Permanent) as raised:
        AppriseNotifier().send("nosuch://hook-secret", "t", "x")
    assert "hook-secret" not in str(raised.value)
