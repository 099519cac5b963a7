"""Who asks: the run of a token that is known, asked from within that run's own session.

A token is not enough, as without a sandbox one run can read another's; and what an unknown one names proves
nothing. On the socket the kernel tells the process at the other end; on the loopback port that is looked up,
once for each connection.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

from starlette.requests import HTTPConnection
from uvicorn.protocols.http.auto import AutoHTTPProtocol
from uvicorn.protocols.utils import get_remote_addr

Refused = Callable[[int, str], Awaitable[None]]
"""Tells of a request by this process (0: not known) with this token, which is not its own."""

_CREDENTIALS = struct.Struct("3i")


class Doorkeeper(Protocol):
    """What is known of tokens and sessions."""

    def run_of(self, token: str) -> str | None:
        """The run that this token is good for, None when there is none."""
        ...

    def is_at_home(self, process: int, run_id: str) -> bool:
        """Whether a process may use that run's token."""
        ...


class _Client(tuple[str, int]):
    """The other end of a connection, and its process once that is known."""

    process: int | None = None


class Telling(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """uvicorn's protocol, which also says which process is at the other end of a unix socket."""

    def connection_made(self, transport: Any) -> None:
        """Remember it with the client."""
        super().connection_made(transport)
        client = _Client(get_remote_addr(transport) or ("", 0))
        side = transport.get_extra_info("socket")
        if side is not None and side.family == socket.AF_UNIX and hasattr(socket, "SO_PEERCRED"):
            found = side.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
            client.process = _CREDENTIALS.unpack(found)[0]
        self.client = client


async def asking(desk: Doorkeeper, connection: HTTPConnection, token: str, refused: Refused | None) -> str:
    """The run that asks, "" where the token is not known, or not that of the session it is used in."""
    found, process = desk.run_of(token), 0
    if found is not None or refused is not None:
        process = await _process_of(connection)
    if found is not None and desk.is_at_home(process, found):
        return found
    if refused is not None:
        await refused(process, token)
    return ""


async def _process_of(connection: HTTPConnection) -> int:
    """The process that sent this, 0 where that is not known."""
    client, here = connection.scope.get("client"), connection.scope.get("server")
    if not isinstance(client, _Client):
        return 0
    if client.process is None:
        client.process = await asyncio.to_thread(_on_the_loopback, client[1], here[1]) if here else 0
    return client.process


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
