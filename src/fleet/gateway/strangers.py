"""Requests with a token that is not known: which process they came from, so that the log can say whose it is.

What such a token names proves nothing, as anybody could write another's run there. On the socket the kernel
tells the process at the other end.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import HTTPConnection
from uvicorn.protocols.http.auto import AutoHTTPProtocol

Refused = Callable[[int, str], Awaitable[None]]
"""Tells of a request by this process (0: not known) with this token, which is not known."""

_MARK = "process:"
_CREDENTIALS = struct.Struct("3i")


class Telling(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """uvicorn's protocol, which also says which process is at the other end of a unix socket."""

    def connection_made(self, transport: Any) -> None:
        """Remember it as the client."""
        super().connection_made(transport)
        side = transport.get_extra_info("socket")
        if side is not None and side.family == socket.AF_UNIX and hasattr(socket, "SO_PEERCRED"):
            found = side.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
            self.client = (f"{_MARK}{_CREDENTIALS.unpack(found)[0]}", 0)


def process_of(connection: HTTPConnection) -> int:
    """The process that sent this, 0 where that is not known."""
    host = connection.client.host if connection.client is not None else ""
    return int(host.removeprefix(_MARK)) if host.startswith(_MARK) else 0
