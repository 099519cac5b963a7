"""Serving the page on the loopback until a signal says otherwise."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn

from fleet.model.errors import FleetError, UsageError
from fleet.surfaces.web.app import build_app
from fleet.surfaces.web.site import Site

DEFAULT_PORT = 8717
_LOOPBACK = {"127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1"}
_BACKLOG = 128
_GRACE_SECONDS = 2


def listen(host: str, port: int | None) -> socket.socket:
    """A socket that listens there; without a port of one's own the usual one, or any free one.

    Raises `UsageError` for a host that others can reach, and `FleetError` where the port is taken.
    """
    if host not in _LOOPBACK:
        tunnel = f"{port or DEFAULT_PORT}:127.0.0.1:{port or DEFAULT_PORT}"
        raise UsageError(
            f"fleet web does not serve on {host}",
            why="without TLS whoever is on the way could read and answer what only you may",
            do=f"Serve it here, and reach it from elsewhere by: ssh -L {tunnel} HOST",
        )
    problem: OSError | None = None
    for each in (port,) if port is not None else (DEFAULT_PORT, 0):
        side = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        side.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            side.bind((_LOOPBACK[host], each))
            side.listen(_BACKLOG)
            side.setblocking(False)
        except OSError as error:
            side.close()
            problem = error
        else:
            return side
    raise FleetError(
        f"Nothing can be served on port {port}", why=str(problem), do="Name another one: --port N."
    )


async def serve(site: Site, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Serve the site until SIGTERM or SIGINT; `ready` is called once it answers."""
    site.projection.open()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = _Server(build_app(site), stop, ready)
    ending = asyncio.create_task(_end(site, stop))
    try:
        await server.serve(sockets=[listener])
    finally:
        ending.cancel()
        site.close()


async def _end(site: Site, stop: asyncio.Event) -> None:
    """End the streams as soon as one is to stop: the server waits for them."""
    await stop.wait()
    site.hub.close()


class _Server(uvicorn.Server):
    """uvicorn without its own signals and without its clock: it sleeps until it is told to end."""

    def __init__(self, app: object, stop: asyncio.Event, ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,  # type: ignore[arg-type]  # any ASGI application
                log_config=None,
                access_log=False,
                server_header=False,
                ws="none",
                lifespan="off",
                timeout_keep_alive=30,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        self._stop = stop
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._ready()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self._stop.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
