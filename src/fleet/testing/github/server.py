"""The stand-in's ears: HTTP on a Unix socket, and on a port of loopback if wanted."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from fleet.testing.github.door import Incoming, Reply

Answerer = Callable[[Incoming], Reply]

_BACKLOG = 128


class Server:
    """Listens from construction on, until `close`. `path` and `port` say where; port 0 takes a free one."""

    def __init__(self, answer: Answerer, *, path: Path, port: int | None) -> None:
        self.answer = answer
        self.closing = Event()
        self._lock = Lock()
        self._open: set[socket.socket] = set()
        self._ears: list[socket.socket] = []
        self._threads: list[Thread] = []
        path.unlink(missing_ok=True)
        self._listen(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), str(path))
        self.port = 0
        if port is not None:
            ear = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._listen(ear, ("127.0.0.1", port))
            self.port = ear.getsockname()[1]

    def close(self) -> None:
        """Stop listening, and let go of every connection. Safe to call twice."""
        if self.closing.is_set():
            return
        self.closing.set()
        for ear in self._ears:
            self._wake(ear)
        for thread in self._threads:
            thread.join()
        for ear in self._ears:
            ear.close()
        with self._lock:
            for connection in self._open:
                _shut(connection)

    def _listen(self, ear: socket.socket, at: Any) -> None:
        ear.bind(at)
        ear.listen(_BACKLOG)
        self._ears.append(ear)
        thread = Thread(target=self._accept, args=(ear,), name="github-stand-in", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, ear: socket.socket) -> None:
        while True:
            connection, _ = ear.accept()
            if self.closing.is_set():
                connection.close()
                return
            Thread(target=self._serve, args=(connection,), name="github-request", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)
        try:
            if connection.family == socket.AF_INET:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _Handler(connection, ("", 0), self)
        except OSError:
            pass  # a client that goes away in mid-answer is everyday life here
        finally:
            with self._lock:
                self._open.discard(connection)
            _shut(connection)
            connection.close()

    @staticmethod
    def _wake(ear: socket.socket) -> None:
        """One last connection, so that `accept` returns."""
        with socket.socket(ear.family, socket.SOCK_STREAM) as last:
            try:
                last.connect(ear.getsockname())
            except OSError:
                pass


class _Handler(BaseHTTPRequestHandler):
    """One connection. The answer goes out in one piece."""

    protocol_version = "HTTP/1.1"
    timeout = 600

    def __init__(self, connection: socket.socket, address: tuple[str, int], server: Server) -> None:
        self.ears = server
        super().__init__(connection, address, server)  # type: ignore[arg-type]

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: the requests are kept instead."""

    def _any(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        secure = self.connection.family == socket.AF_UNIX
        incoming = Incoming(self.command, self.path, headers, self._read(), secure)
        self._send(self.ears.answer(incoming))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _any

    def _read(self) -> bytes:
        """The body, in one piece or in chunks."""
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        parts = []
        while size := int(self.rfile.readline(100).partition(b";")[0] or b"0", 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline(100)
        self.rfile.readline(100)
        return b"".join(parts)

    def _send(self, reply: Reply) -> None:
        if reply.hang:
            self.close_connection = True
            self._wait_for_the_end()
            return
        if reply.reset:
            self.close_connection = True
            # Closing with unsent time left makes TCP send a reset; a Unix socket just ends.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        lines = [f"HTTP/1.1 {reply.status} {self.responses.get(reply.status, ('',))[0]}"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        if reply.status not in (204, 304) and self.command != "HEAD":
            lines.append(f"Content-Length: {len(reply.body)}")
        whole = "\r\n".join([*lines, "", ""]).encode() + reply.body
        if reply.cut:
            self.close_connection = True
            self.wfile.write(whole[: len(whole) - (len(reply.body) + 1) // 2])
        elif reply.twice:
            self.close_connection = True
            self.wfile.write(whole + whole)
        else:
            self.wfile.write(whole)

    def _wait_for_the_end(self) -> None:
        """Until the client goes away; closing the stand-in shuts the connection too."""
        while self.connection.recv(4096):
            pass


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
