"""People are told what waits for them by a real service, once."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from tests.engine.conftest import Stage

from fleet.auditing import verify
from fleet.model import events
from fleet.model.channel import Channel

pytestmark = pytest.mark.slow

ASKS = {"steps": [{"say": "Hm."}, {"ask": "Which colour?"}]}


class Answer(BaseHTTPRequestHandler):
    """Takes every message."""

    def do_POST(self) -> None:
        self.server.taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def service() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), Answer) as made:
        made.taken = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def test_a_question_is_told_once_though_watchers_come_and_go(stage: Stage, service: HTTPServer):
    channel = Channel(f"json://127.0.0.1:{service.server_port}")
    fleet = replace(stage.pair(ASKS), notify=(channel,))
    stage.issue()
    assert [stage.watch(fleet), stage.watch(fleet)] == [3, 3]
    assert [each["title"].partition(":")[0] for each in service.taken] == ["[shop] An agent asks"]  # type: ignore[attr-defined]


def test_an_address_that_is_not_set_is_told_in_the_log_and_stops_nothing(stage: Stage):
    fleet = replace(stage.pair(ASKS), notify=(Channel("$FLEET_NOBODY_HAS_SET"),))
    stage.issue()
    assert stage.watch(fleet) == 3
    (told,) = stage.events(events.PEOPLE_TOLD)
    assert "FLEET_NOBODY_HAS_SET" in told.data["error"]


def test_a_checkpoint_is_told_after_the_merge_that_it_signs(stage: Stage, service: HTTPServer):
    channel = Channel(f"json://127.0.0.1:{service.server_port}", kinds=("checkpoint",))
    stage.issue()
    assert stage.watch(replace(stage.pair(), notify=(channel,))) == 0
    (taken,) = service.taken  # type: ignore[attr-defined]
    assert verify(stage.place, kept=taken["message"]).ok
    (attested,) = stage.events(events.CHANGE_ATTESTED)
    assert int(taken["message"].split()[1]) >= attested.seq
