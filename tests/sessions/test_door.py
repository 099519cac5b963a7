"""A run's own way to the gateway: its address stays, and a watcher that restarts is waited for."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from fleet.ports.session import Command

BODY = json.dumps({"method": "tools/call"}).encode()
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone"


class Gateway:
    """Stands where the watcher's socket is: gives each request an answer, or breaks off in the middle."""

    def __init__(self, path: Path) -> None:
        self.asked: list[bytes] = []
        self._side = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        path.unlink(missing_ok=True)
        self._side.bind(str(path))
        self._side.listen(8)

    def serve(self, *answers: bytes) -> None:
        def work() -> None:
            for answer in answers:
                client, _ = self._side.accept()
                said = b""
                while not said.endswith(BODY):
                    said += client.recv(65536)
                self.asked.append(said)
                client.sendall(answer)
                client.close()

        self._thread = threading.Thread(target=work, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._thread.join(30)
        self._side.close()

    def names(self) -> list[bytes]:
        """Under which names it was asked."""
        lines = [line for said in self.asked for line in said.split(b"\r\n")]
        return [line.partition(b": ")[2] for line in lines if line.startswith(b"idempotency-key")]


@pytest.fixture
def call(runs, tmp_path: Path) -> Iterator[Callable[[], Future[bytes]]]:
    """Makes a call by the door of a run that lives; the gateway's socket is `g` in the test's folder."""
    with socket.create_server(("127.0.0.1", 0)) as door, ThreadPoolExecutor(4) as threads:
        command = Command(
            ("/bin/sleep", "60"), {}, "/", grace_seconds=0.1, gateway=str(tmp_path / "g"), door=door.fileno()
        )
        runs.sessions.start("r1", command)
        port = door.getsockname()[1]
        door.close()

        def ask() -> bytes:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("POST", "/mcp", BODY, {"Idempotency-Key": "mine"})
            return connection.getresponse().read()

        yield lambda: threads.submit(ask)
        runs.sessions.stop("r1", "the test is over")
        runs.end("r1")


def test_a_call_while_no_watcher_serves_is_answered_by_the_next_one(call, tmp_path: Path):
    waiting = call()
    gateway = Gateway(tmp_path / "g")
    gateway.serve(OK)
    assert waiting.result(60) == b"done"
    gateway.close()


def test_a_call_whose_answer_breaks_off_is_asked_again_under_the_same_name(call, tmp_path: Path):
    first = Gateway(tmp_path / "g")
    first.serve(OK[:-2])
    waiting = call()
    first.close()
    second = Gateway(tmp_path / "g")
    second.serve(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n", OK)
    assert waiting.result(60) == b"done"
    second.close()
    names = first.names() + second.names()
    assert len(names) == 3
    assert len(set(names)) == 1
    assert names[0].startswith(b"door-")


def test_one_that_calls_and_goes_holds_up_nobody(call, tmp_path: Path):
    waiting = [call(), call(), call()]
    gateway = Gateway(tmp_path / "g")
    gateway.serve(OK, OK, OK)
    assert [each.result(60) for each in waiting] == [b"done"] * 3
    gateway.close()
