"""The program that a harness starts before and after each call of a tool: it asks the watcher, and refuses
wherever it gets no clear answer.

It is started for every single call, so it imports builtin modules alone: `python -I -S hook.py before`. What
the harness says goes to the gateway as it is, and the gateway's answer to the harness. Exit code 2 refuses
the call in every harness that has such hooks. With `json` as one more word a refusal is printed as an answer,
too, for a harness that looks at this first.
"""

from __future__ import annotations

import _socket  # what `socket` and `os` wrap; they and their like take half of the time that there is
import posix
import sys
import time

_BYTES = 900_000  # of a call: more than fits into an answer of a model
_PATH_BYTES = 100
_GONE_SECONDS = 20.0
_ANSWER_SECONDS = 3600.0
_PAUSE = 0.1


def main(phase: str) -> int:
    """Ask, print the answer, and return the exit code. `phase` is before or after."""
    began = time.monotonic()
    deadline = began + _GONE_SECONDS
    once = b"%d-%d" % (
        posix.getpid(),
        int(began * 1_000_000),
    )  # tells this asking from others
    try:
        said = _read()
        path, token = posix.environ[b"FLEET_SOCKET"], posix.environ[b"FLEET_TOKEN"]
    except (KeyError, OSError, ValueError) as error:
        return _refuse(f"this is no session of Fleet's ({type(error).__name__})")
    while True:
        try:
            status, body = _ask(path, token, phase, once, said)
        except (OSError, ValueError) as error:
            status, body = 503, str(error).encode()
        if len(said) > _BYTES and status != 503:
            return _refuse("the call is too large")  # whatever was said of its begin; but it is an event
        if status == 200 and body.startswith(b"{") and body.endswith(b"}"):
            posix.write(1, body)
            return 0
        if status != 503 or phase == "after":
            return _refuse(body.decode("utf-8", "replace")[:500] or f"it answered with status {status}")
        if time.monotonic() > deadline:
            return _refuse("the watcher does not answer")
        time.sleep(_PAUSE)  # it may be starting again


def _read() -> bytes:
    """What the harness says; of a call that is too large a bit more than may be."""
    parts, size = [], 0
    while part := posix.read(0, 65536):
        if size <= _BYTES:
            parts.append(part)
        size += len(part)
    return b"".join(parts)


def _ask(path: bytes, token: bytes, phase: str, once: bytes, said: bytes) -> tuple[int, bytes]:
    side = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        side.settimeout(_ANSWER_SECONDS)
        side.connect(_short(path))
        head = (
            f"POST /hook/{phase} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(said)}\r\nAuthorization: Bearer "
        )
        side.sendall(head.encode() + token + b"\r\nX-Hook: " + once + b"\r\n\r\n" + said)
        parts = []
        while part := side.recv(65536):
            parts.append(part)
    finally:
        side.close()
    top, separator, body = b"".join(parts).partition(b"\r\n\r\n")
    words = top.split(b" ", 2)
    if not separator or len(words) < 2 or not words[1].isdigit():
        raise ValueError("the watcher's answer broke off")
    length = next((each for each in top.lower().split(b"\r\n") if each.startswith(b"content-length:")), b"")
    if length and int(length.split(b":")[1]) != len(body):
        raise ValueError("the watcher's answer broke off")
    return int(words[1]), body


def _short(path: bytes) -> bytes:
    """A path that the kernel takes: a long one goes by way of its folder's descriptor."""
    if len(path) <= _PATH_BYTES:
        return path
    folder, _, name = path.rpartition(b"/")
    descriptor = posix.open(folder, posix.O_RDONLY | getattr(posix, "O_DIRECTORY", 0))
    return b"/proc/self/fd/%d/%s" % (descriptor, name)


def _refuse(why: str) -> int:
    text = f"Fleet could not look at this call, so it is refused: {why}"
    if sys.argv[2:] == ["json"]:
        plain = "".join(sign if sign >= " " and sign not in '"\\' else " " for sign in text)
        posix.write(1, f'{{"decision":"deny","reason":"{plain}"}}'.encode())
    else:
        posix.write(2, f"{text}\n".encode())
    return 2


if __name__ == "__main__":
    try:
        code = main(sys.argv[1])
    except BaseException:  # noqa: BLE001  # whatever it is, the call was not looked at
        code = 2
    posix._exit(code)  # nothing has to be put away, and that takes time
