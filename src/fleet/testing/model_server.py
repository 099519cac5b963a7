"""A scripted model on loopback, behind the Messages API, the Responses API and Gemini's API: real harnesses
run against it without an account.

    with ModelServer(lambda ask: Answer(text="Hello.")) as server:
        environment["ANTHROPIC_BASE_URL"] = server.url  # for OpenAI's clients the base is f"{server.url}/v1"
        environment["GOOGLE_GEMINI_BASE_URL"] = server.url

It keeps the last requests it got, so that a test can look at what reached the model. From a shell:
`python -m fleet.testing.model_server --script FILE --port N`
(the form of a script stands in `fleet.testing.model_script`).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Condition, Event, Thread
from typing import Any, Self

from fleet.model.errors import FleetError
from fleet.testing import model_gemini, model_responses, model_wire
from fleet.testing.model_script import Answer, Ask, Fault, Script, side_answer

_KEPT_REQUESTS = 1000
_COUNT = "/v1/messages/count_tokens"


@dataclass(frozen=True, slots=True)
class _Wire:
    """How one protocol says things: a request as a script sees it, an answer in both its forms, an error."""

    ask: Callable[[str, Mapping[str, str], Mapping[str, Any]], Ask]
    stream: Callable[[Answer, Ask, int], list[bytes]]
    document: Callable[[Answer, Ask, int], dict[str, Any]]
    error: Callable[[int, str], dict[str, Any]]


_MESSAGES = _Wire(
    Ask,
    lambda answer, ask, number: model_wire.stream(answer, ask.model, number),
    lambda answer, ask, number: model_wire.message(answer, ask.model, number),
    model_wire.error,
)
_WIRES: Mapping[str, _Wire] = {
    "/v1/messages": _MESSAGES,
    "/v1/responses": _Wire(
        model_responses.ask_of, model_responses.stream, model_responses.document, model_responses.error
    ),
}
_GEMINI = _Wire(model_gemini.ask_of, model_gemini.stream, model_gemini.document, model_gemini.error)


def _wire_of(path: str) -> _Wire | None:
    """The protocol that is spoken at this path; None where none is."""
    return _GEMINI if model_gemini.told_by(path) else _WIRES.get(path)


class ModelServer:
    """The server. `port` 0 takes a free one. It listens from construction on, until `close`.

    `script` plays the conversations; `side` answers what a harness asks beside them (titles and such), so
    that a script need not know of it.
    """

    def __init__(self, script: Script, *, side: Script = side_answer, port: int = 0) -> None:
        self._script = script
        self._side = side
        self._asks: deque[Ask] = deque(maxlen=_KEPT_REQUESTS)
        self._count = 0
        self._changed = Condition()
        self._closing = Event()
        self._http = _Server(("127.0.0.1", port), self)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = Thread(target=self._http.serve_forever, name="model-server", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        """The server itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Stop listening and let go of every request that hangs. Safe to call twice."""
        self._closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def asks(self) -> list[Ask]:
        """The last requests of conversations, oldest first; those beside them are left out."""
        with self._changed:
            return [ask for ask in self._asks if not ask.side]

    @property
    def side_asks(self) -> list[Ask]:
        """The last requests beside conversations (titles and such)."""
        with self._changed:
            return [ask for ask in self._asks if ask.side]

    def wait_for(self, wanted: Callable[[Ask], bool], seconds: float = 30) -> Ask:
        """The first kept request that is wanted, waiting for it; `TimeoutError` when none comes."""
        with self._changed:
            found: Ask | None = None

            def seen() -> bool:
                nonlocal found
                found = next((ask for ask in self._asks if wanted(ask)), None)
                return found is not None

            if not self._changed.wait_for(seen, seconds) or found is None:
                raise TimeoutError(f"no such request came within {seconds} s")
            return found

    def reply(self, ask: Ask) -> tuple[Answer | Fault, int]:
        """Record the request; what the script says to it, and the request's number. For the handler."""
        with self._changed:
            self._count += 1
            number = self._count
            self._asks.append(ask)
            self._changed.notify_all()
        return (self._side if ask.side else self._script)(ask), number

    def pause(self, seconds: float | None) -> None:
        """Wait so long (None: until closed), or less when the server closes. For the handler."""
        self._closing.wait(seconds)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], model: ModelServer) -> None:
        self.model = model
        super().__init__(address, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in mid-answer is everyday life here; all else is worth a trace."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    _wire = _MESSAGES

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: the requests are kept instead."""

    def do_HEAD(self) -> None:
        """The harness asks whether anyone is there."""
        self._send(200, b"")

    def do_GET(self) -> None:
        """No list holds anything; of other things there are none."""
        if self.path.startswith("/v1/models"):
            self._document(200, {"data": [], "has_more": False, "first_id": None, "last_id": None})
        else:
            self._error(404, "not found")

    def do_POST(self) -> None:
        """A question to the model, or for a count of its tokens. All else (telemetry, say) is refused."""
        raw = self._read()
        path = self.path.partition("?")[0]
        wire = _MESSAGES if path == _COUNT else _wire_of(path)
        if wire is None:
            self._error(404, f"no such endpoint: {path}")
            return
        self._wire = wire
        try:
            body = json.loads(raw)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            self._error(400, "the body is no JSON object")
        elif path == _COUNT:
            self._document(200, {"input_tokens": len(raw) // 4})
        elif path.endswith(":countTokens"):
            self._document(200, {"totalTokens": len(raw) // 4})
        else:
            headers = {name.lower(): value for name, value in self.headers.items()}
            self._answer(self._wire.ask(path, headers, body))

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

    def _answer(self, ask: Ask) -> None:
        said, number = self.server.model.reply(ask)
        if isinstance(said, Fault):
            self._fault(said, ask)
            return
        if said.delay_ms:
            self.server.model.pause(said.delay_ms / 1000)
        if ask.body.get("stream"):
            self._stream(self._wire.stream(said, ask, number))
        else:
            self._document(200, self._wire.document(said, ask, number))

    def _fault(self, fault: Fault, ask: Ask) -> None:
        if fault.status:
            more = {"retry-after": str(fault.retry_after)} if fault.retry_after >= 0 else {}
            self._error(fault.status, fault.message, more)
        elif fault.hang:
            self.close_connection = True
            self.server.model.pause(None)
        elif fault.cut:
            half = self._wire.stream(Answer(text="Half a thought and then"), ask, 0)[:3]
            self._stream(half, whole=False)
        else:
            self._send(200, b"<html>502 Bad Gateway", {"content-type": "text/html"})

    def _stream(self, events: list[bytes], *, whole: bool = True) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for event in events:
            self.wfile.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")
        if whole:
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.close_connection = True

    def _error(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        self._document(status, self._wire.error(status, text), headers)

    def _document(self, status: int, document: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        body = json.dumps(document).encode()
        self._send(status, body, {"content-type": "application/json"} | (headers or {}))

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main(arguments: list[str] | None = None) -> int:
    """Serve a script file until interrupted; prints the address first."""
    from fleet.testing.model_script_file import load_script

    parser = argparse.ArgumentParser(prog="python -m fleet.testing.model_server", description=__doc__)
    parser.add_argument("--script", type=Path, required=True, help="a YAML or JSON file of rules")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    asked = parser.parse_args(arguments)
    try:
        server = ModelServer(load_script(asked.script), port=asked.port)
    except (FleetError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    with server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        try:
            Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
