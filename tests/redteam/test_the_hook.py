"""The program that asks about each call: quick, and a refusal wherever it gets no clear answer."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleet.gateway.hooks import command

CALL = json.dumps({"tool_name": "Bash", "tool_input": {"command": "ls"}, "tool_use_id": "t1"}).encode()
YES = b'{"hookSpecificOutput": {"permissionDecision": "allow"}}'


class Gateway:
    """Answers every request with these bytes, whatever they are."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "g.sock"
        self.answer = b""
        self.heard = b""
        self._side = socket.socket(socket.AF_UNIX)
        self._side.bind(str(self.path))
        self._side.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                side, _ = self._side.accept()
            except OSError:
                return
            with side:
                self.heard = _whole(side)
                side.sendall(self.answer)

    def close(self) -> None:
        self._side.shutdown(socket.SHUT_RDWR)
        self._side.close()
        self._thread.join(5)

    def ask(
        self, said: bytes = CALL, phase: str = "before", **env: str
    ) -> subprocess.CompletedProcess[bytes]:
        given = {"FLEET_SOCKET": str(self.path), "FLEET_TOKEN": "r1.x", **env}
        return subprocess.run([*command(), phase], input=said, env=given, capture_output=True, check=False)


def _whole(side: socket.socket) -> bytes:
    """All of a request: who is still sending would not hear the answer."""
    heard = b""
    while part := side.recv(65536):
        heard += part
        head, end, body = heard.partition(b"\r\n\r\n")
        if end and len(body) >= int(head.lower().partition(b"content-length: ")[2].split()[0]):
            break
    return heard


@pytest.fixture
def gateway(tmp_path) -> Iterator[Gateway]:
    made = Gateway(tmp_path)
    yield made
    made.close()


def http(body: bytes, status: str = "200 OK", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\n\r\n".encode() + body


def test_it_hands_the_call_over_and_the_answer_back(gateway):
    gateway.answer = http(YES)
    done = gateway.ask()
    assert (done.returncode, done.stdout) == (0, YES)
    assert gateway.heard.endswith(CALL)
    assert b"Authorization: Bearer r1.x\r\n" in gateway.heard


@pytest.mark.parametrize(
    "answer",
    [
        http(b"no", "403 Forbidden"),
        http(b"no", "401 Unauthorized"),
        http(b"", "500 Broken"),
        http(b"yes"),
        http(b""),
        http(b"[]"),
        http(YES, "302 Found"),
    ],
)
def test_an_answer_that_is_none_refuses(gateway, answer):
    gateway.answer = answer
    done = gateway.ask()
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"refused" in done.stderr


def test_no_session_and_too_much_are_refused(gateway):
    gateway.answer = http(YES)
    done = subprocess.run([*command(), "before"], input=CALL, env={}, capture_output=True, check=False)
    assert done.returncode == 2
    assert gateway.ask(b" " * 1_000_000).returncode == 2
    assert subprocess.run(command(), input=CALL, env={}, capture_output=True, check=False).returncode == 2


@pytest.mark.parametrize("answer", [b"", http(YES, length=500), b"HTTP/1.1 nonsense", YES])
def test_an_answer_that_breaks_off_is_asked_for_again_and_never_believed(gateway, answer):
    gateway.answer = answer
    given = {"FLEET_SOCKET": str(gateway.path), "FLEET_TOKEN": "r1.x"}
    hook = subprocess.Popen([*command(), "before"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=given)
    assert hook.stdin is not None
    hook.stdin.write(CALL)
    hook.stdin.close()
    with pytest.raises(subprocess.TimeoutExpired):
        hook.wait(0.5)
    gateway.answer = http(YES)
    assert hook.wait(20) == 0
    hook.stdout.close()  # type: ignore[union-attr]


def test_it_loads_next_to_nothing(tmp_path):
    """Each call of a tool waits for it, so nothing may creep in."""
    script = "import sys, runpy; sys.argv = ['hook', 'before']; before = set(sys.modules)\n"
    script += f"try: runpy.run_path({command()[-1]!r}, run_name='hook')\nexcept SystemExit: pass\n"
    script += "print(sorted(set(sys.modules) - before - {'runpy'}))"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-X", "frozen_modules", "-c", script],
        capture_output=True,
        text=True,
        check=True,
    )
    new = set(json.loads(done.stdout.replace("'", '"')))
    assert new & {"socket", "json", "os", "http", "urllib", "asyncio", "selectors"} <= {"os"}
