"""Requests with a token that is not known: which process they came from, so that the log can say whose it is.

What such a token names proves nothing, as anybody could write another's run there. On the socket the kernel
tells the process at the other end; on the loopback port that is looked up by the connection.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path
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


async def process_of(connection: HTTPConnection) -> int:
    """The process that sent this, 0 where that is not known."""
    if connection.client is None:
        return 0
    host, port = connection.client.host, connection.client.port
    if host.startswith(_MARK):
        return int(host.removeprefix(_MARK))
    here = connection.scope.get("server")
    return await asyncio.to_thread(_on_the_loopback, port, here[1]) if here else 0


def _on_the_loopback(port: int, here: int) -> int:
    """The process at `port` of a connection to `here` (Linux only): some 10 ms among 500."""
    try:
        inode = _inode(port, here)
        wanted = f"socket:[{inode}]"
        return next((each for each in _processes() if inode and _holds(each, wanted)), 0)
    except OSError:
        return 0


def _inode(port: int, here: int) -> str:
    """The kernel's number of that end of the connection, "" where there is none."""
    for name in ("tcp", "tcp6"):
        for line in Path("/proc/net", name).read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            ends = [int(each.rpartition(":")[2], 16) for each in fields[1:3]]
            if ends == [port, here]:
                return fields[9]
    return ""


def _processes() -> list[int]:
    """The newest first: it is hardly ever the oldest ones."""
    return sorted((int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()), reverse=True)


def _holds(process: int, wanted: str) -> bool:
    try:
        return any(os.readlink(each) == wanted for each in Path(f"/proc/{process}/fd").iterdir())  # noqa: PTH115
    except OSError:
        return False  # it is gone, or another user's
