"""Serving the gateway: on a unix socket that only its owner may open, and on a loopback port."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from fleet.gateway.strangers import Telling
from fleet.gateway.unix_path import short_path
from fleet.model.errors import Permanent, Temporary

_BACKLOG = 256
_GRACE_SECONDS = 2


class Serving:
    """Two servers that run. `port` is the one of the HTTP side."""

    def __init__(self, port: int, socket_path: Path, inode: int, servers: Sequence[_Server]) -> None:
        self.port = port
        self._path = socket_path
        self._inode = inode
        self._servers = servers

    async def stop(self) -> None:
        """Answer what was asked, close both sides and take the socket away. May be repeated."""
        await asyncio.gather(*(server.end() for server in self._servers))
        with contextlib.suppress(FileNotFoundError):
            if self._path.stat().st_ino == self._inode:  # a successor's socket is not ours to remove
                self._path.unlink()


async def serve(
    app_unix: ASGIApp,
    app_http: ASGIApp,
    socket_path: str | os.PathLike[str],
    host: str = "127.0.0.1",
    port: int = 0,
    sock: socket.socket | None = None,
) -> Serving:
    """Serve both applications until `Serving.stop`; returns when they answer.

    `port` is the one that was used before, so that live MCP clients keep their URL; any free one is taken
    when it is gone or 0. `sock` is a socket that is bound already and is used as it is. The caller owns the
    signals and holds the lock that makes it the only one to serve here: a socket that was left is replaced.
    Raises `Temporary` or `Permanent` when it can't listen.
    """
    path = Path(socket_path)
    unix_side = _bind_unix(path)
    tcp_side: socket.socket | None = None
    servers: list[_Server] = []
    try:
        tcp_side = sock if sock is not None else _bind_tcp(host, port)
        for app, side in ((app_unix, unix_side), (app_http, tcp_side)):
            server = _Server(app)
            servers.append(server)
            await server.begin(side)
    except BaseException:
        await asyncio.gather(*(server.end() for server in servers))
        unix_side.close()
        if tcp_side is not None:
            tcp_side.close()
        raise
    return Serving(tcp_side.getsockname()[1], path, path.stat().st_ino, servers)


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers and without its clock: it sleeps until it is told to end."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Telling,
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,
                ws="none",
                lifespan="on",
                timeout_keep_alive=30,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        self._up = asyncio.Event()
        self._end = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def begin(self, listener: socket.socket) -> None:
        self._task = asyncio.create_task(self._guarded(listener), name="gateway")
        up = asyncio.create_task(self._up.wait())
        try:
            await asyncio.wait((self._task, up), return_when=asyncio.FIRST_COMPLETED)
        finally:
            up.cancel()
        if self._task.done():
            await self._task  # raises what went wrong
            raise Temporary("The gateway ended while it started", do="See the watcher's log.")

    async def end(self) -> None:
        self._end.set()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _guarded(self, listener: socket.socket) -> None:
        try:
            await self.serve(sockets=[listener])
        except SystemExit as error:  # how uvicorn says that the application's start failed
            raise Permanent("The gateway can't start", why="its application failed at its start") from error

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._up.set()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self._end.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _bind_unix(path: Path) -> socket.socket:
    side = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _make_private(path.parent)
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        with short_path(str(path)) as name:
            side.bind(name)
        path.chmod(0o600)
        side.listen(_BACKLOG)
        side.setblocking(False)
    except OSError as error:
        side.close()
        raise Permanent(
            f"The gateway can't listen on {path}",
            why=str(error.strerror or error),
            do="Make its folder writable for you, or use a shorter path.",
        ) from error
    return side


def _make_private(folder: Path) -> None:
    """Let nobody else into the socket's folder; a shared one (it has the sticky bit) is left alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid == os.getuid() and not found.st_mode & stat.S_ISVTX:
        folder.chmod(0o700)


def _bind_tcp(host: str, port: int) -> socket.socket:
    wanted = (port, 0) if port else (0,)
    problem: OSError | None = None
    for each in wanted:
        side = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        # A port whose old connections linger may be bound again; one that is served by another may not.
        side.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            side.bind((host, each))
            side.listen(_BACKLOG)
            side.setblocking(False)
        except OSError as error:
            side.close()
            problem = error
        else:
            return side
    raise Temporary(
        f"The gateway can't listen on {host}", why=str(problem), do="Free a port of the loopback."
    )
