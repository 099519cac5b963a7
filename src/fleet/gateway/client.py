"""One request to the gateway's socket. Quick to load, as `fleet agent` and `fleet status` pay for it."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from typing import Any

from fleet.gateway.unix_path import short_path

BOARD = "/board"
"""Where a watcher tells people the whole board."""
READER = "board"
"""Whose token it takes for that: no run's, but made with the project's secret as theirs are."""


def ask(
    socket_path: str, method: str, path: str, body: bytes, headers: Mapping[str, str], seconds: float
) -> tuple[int, dict[str, Any]]:
    """The status and the JSON object of the answer, {} where it is none.

    Raises OSError where nobody answers within `seconds`, HTTPException for what is no answer.
    """
    connection = _UnixConnection(socket_path, seconds)
    try:
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        answer = json.loads(response.read() or b"{}")
    except ValueError as error:
        raise HTTPException(f"its answer is not JSON: {error}") from error
    finally:
        connection.close()
    return response.status, answer if isinstance(answer, dict) else {}


class _UnixConnection(HTTPConnection):
    """HTTP over a unix socket. The Host it names is what the gateway takes for its own."""

    def __init__(self, socket_path: str, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._socket_path = socket_path

    def connect(self) -> None:
        """Connect to the socket's path."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        with short_path(self._socket_path) as name:
            self.sock.connect(name)
