"""The run's own way to the gateway: an address that stays the same, and a caller that has patience.

What the harness sends to it goes on to the watcher's socket, one request a connection. While no watcher
serves there, or one ends in the middle of an answer, the request is sent again, under the same name, so that
it is not done twice.
"""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Callable
from time import monotonic

_PATIENCE = 45.0  # seconds; clients wait for a minute and more
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
_MOST_BYTES = 1 << 20  # of a request; what the gateway takes is less
_MOST_CALLS = 64  # at once
_CHUNK = 65536
_LONGEST_PATH = 100
_AWAY = b"""HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: 44\r\n\
connection: close\r\n\r\n{"error": "Fleet is away: try again later."}"""

Listen = Callable[[int, Callable[[], None], int], None]
Forget = Callable[[int], None]


class Door:
    """Takes calls on a listening socket. Never blocks; `listen` and `forget` are those of the shim's loop."""

    def __init__(self, listener: int, gateway: str, listen: Listen, forget: Forget) -> None:
        self._listener = socket.socket(fileno=listener)
        self._listener.setblocking(False)
        self.gateway = gateway
        self.listen = listen
        self.forget = forget
        self.calls: set[Call] = set()
        listen(listener, self._take, select.POLLIN)

    @property
    def due(self) -> float | None:
        """When a call is to be tried again (monotonic seconds), None when none is."""
        return min((call.due for call in self.calls if call.due is not None), default=None)

    def keep_time(self, now: float) -> None:
        """Try again what is due."""
        for call in [each for each in self.calls if each.due is not None and each.due <= now]:
            call.send()

    def _take(self) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError:
            return  # it has gone again, or there is no descriptor left for it
        if len(self.calls) >= _MOST_CALLS:
            client.close()
            return
        client.setblocking(False)
        self.calls.add(Call(self, client))


class Call:
    """One request: read from the client, sent on as often as it takes, and its answer given back."""

    def __init__(self, door: Door, client: socket.socket) -> None:
        self._door = door
        self._client = client
        self._request = b""
        self._answer = b""
        self._until = 0.0
        self._pause = _FIRST_PAUSE
        self._upstream: socket.socket | None = None
        self._unsent = b""
        self.due: float | None = None
        door.listen(client.fileno(), self._hear, select.POLLIN)

    def send(self) -> None:
        """Send the request to the gateway, from its begin."""
        self.due = None
        try:
            self._upstream = _connected(self._door.gateway)
        except OSError:
            self._again()
            return
        self._unsent, self._answer = self._request, b""
        self._door.listen(self._upstream.fileno(), self._pump, select.POLLOUT)

    def _hear(self) -> None:
        """Read what the client asks. A client that goes away in the meantime takes its call along."""
        try:
            data = self._client.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data or len(self._request) > _MOST_BYTES:
            self._end()
            return
        if self._until:
            return  # more than one request at once: it is not answered, as the connection is closed then
        self._request += data
        if _is_whole(self._request):
            self._request = _renamed(self._request)
            self._until = monotonic() + _PATIENCE
            self.send()

    def _pump(self) -> None:
        assert self._upstream is not None
        try:
            while self._unsent:
                self._unsent = self._unsent[self._upstream.send(self._unsent) :]
        except BlockingIOError:
            return
        except OSError:
            self._again()
            return
        self._door.forget(self._upstream.fileno())
        self._door.listen(self._upstream.fileno(), self._read, select.POLLIN)

    def _read(self) -> None:
        assert self._upstream is not None
        try:
            data = self._upstream.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._answer += data
        if data:
            return
        if not _is_whole(self._answer) or self._answer.startswith(b"HTTP/1.1 503"):
            self._again()
            return
        self._hang_up()
        self._give()

    def _again(self) -> None:
        self._hang_up()
        now = monotonic()
        if now + self._pause > self._until:
            self._answer = _AWAY
            self._give()
            return
        self.due = now + self._pause
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    def _give(self) -> None:
        """Give the answer to the client, and close."""
        try:
            while self._answer:
                self._answer = self._answer[self._client.send(self._answer) :]
        except BlockingIOError:
            self._door.forget(self._client.fileno())
            self._door.listen(self._client.fileno(), self._give, select.POLLOUT)
            return
        except OSError:
            pass  # it did not wait for its answer
        self._end()

    def _hang_up(self) -> None:
        if self._upstream is not None:
            self._door.forget(self._upstream.fileno())
            self._upstream.close()
            self._upstream = None

    def _end(self) -> None:
        self.due = None
        self._hang_up()
        self._door.forget(self._client.fileno())
        self._client.close()
        self._door.calls.discard(self)


def _is_whole(message: bytes) -> bool:
    """Whether this is all of an HTTP message."""
    head, end, body = message.partition(b"\r\n\r\n")
    if not end:
        return False
    fields = _fields(head)
    if b"chunked" in fields.get(b"transfer-encoding", b"").lower():
        return body.endswith(b"0\r\n\r\n")
    length = fields.get(b"content-length", b"0")
    return length.isdigit() and len(body) >= int(length)


def _fields(head: bytes) -> dict[bytes, bytes]:
    pairs = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _renamed(request: bytes) -> bytes:
    """The request with a name of its own, which asks for the connection to be closed after the answer."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    own = (b"connection", b"keep-alive", b"idempotency-key", b"expect")
    kept = [line for line in lines if line.partition(b":")[0].strip().lower() not in own]
    name = b"idempotency-key: door-" + os.urandom(12).hex().encode()
    return b"\r\n".join([first, *kept, b"connection: close", name]) + b"\r\n\r\n" + body


def _connected(path: str) -> socket.socket:
    """The gateway's socket, connected. A path that is too long for the kernel goes by its folder."""
    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    folder = -1
    try:
        if len(os.fsencode(path)) > _LONGEST_PATH and os.path.isdir("/proc/self/fd"):
            folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
            path = f"/proc/self/fd/{folder}/{os.path.basename(path)}"
        found.setblocking(False)
        found.connect(path)
    except OSError:
        found.close()
        raise
    finally:
        if folder >= 0:
            os.close(folder)
    return found
