"""Serving the page, on the loopback or by TLS, until a signal says otherwise."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from fleet.model.errors import FleetError, UsageError
from fleet.surfaces.web.app import build_app
from fleet.surfaces.web.site import Site

DEFAULT_PORT = 8717
_LOOPBACK = {"127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1"}
_BACKLOG = 128
_GRACE_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Tls:
    """The files of a certificate (with its chain) and of its key, in PEM."""

    cert: Path
    key: Path


def listen(host: str, port: int | None, *, open_: bool = False) -> socket.socket:
    """A socket that listens there; without a port of one's own the usual one, or any free one.

    `open_`: others may reach it, since what is said is kept from whoever is on the way. Raises `UsageError`
    for a host that others can reach without it, and `FleetError` where it can't be served.
    """
    if host not in _LOOPBACK and not open_:
        tunnel = f"{port or DEFAULT_PORT}:127.0.0.1:{port or DEFAULT_PORT}"
        raise UsageError(
            f"fleet web does not serve on {host}",
            why="without TLS whoever is on the way could read and answer what only you may",
            do=f"Give it --cert and --key, or --behind-proxy; or reach it by: ssh -L {tunnel} HOST",
        )
    problem: OSError | None = None
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for each in (port,) if port is not None else (DEFAULT_PORT, 0):
        side = socket.socket(family, socket.SOCK_STREAM)
        side.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            side.bind((_LOOPBACK.get(host, host), each))
            side.listen(_BACKLOG)
            side.setblocking(False)
        except OSError as error:
            side.close()
            problem = error
        else:
            return side
    where = "" if host in _LOOPBACK else f" of {host}"
    raise FleetError(
        f"Nothing can be served on port {port}{where}", why=str(problem), do="Name another one: --port N."
    )


async def serve(
    site: Site, listener: socket.socket, ready: Callable[[], None], tls: Tls | None = None
) -> None:
    """Serve the site until SIGTERM or SIGINT; `ready` is called once it answers. Raises `FleetError` where
    the certificate can't be used.
    """
    site.projection.open()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = _Server(build_app(site), stop, ready, tls)
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

    def __init__(self, app: object, stop: asyncio.Event, ready: Callable[[], None], tls: Tls | None) -> None:
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
                proxy_headers=False,
                ssl_certfile=tls.cert if tls else None,
                ssl_keyfile=tls.key if tls else None,
            )
        )
        try:
            self.config.load()
        except OSError as error:  # what is wrong with a certificate is one too
            do = "Look at --cert and --key."
            raise FleetError("The certificate can't be used", why=str(error), do=do) from error
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
