"""The one place that starts gh: one process a request, the user's own login, bounded time and output.

Fleet has no token. gh finds it as it does for the user: GH_TOKEN, its configuration, or the keyring. What
could make it ask somebody, colour its output or say more than the answer is switched off.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from fleet.adapters.forges.github.reply import Reply, read_reply
from fleet.model.errors import Permanent, Temporary

TIMEOUT_S = 30.0
MOST_BYTES = 32 * 1024 * 1024
_HEAD = 64 * 1024
_CHUNK = 64 * 1024
_WORDS = 600

_QUIET = {
    "GH_PROMPT_DISABLED": "1",
    "GH_NO_UPDATE_NOTIFIER": "1",
    "GH_NO_EXTENSION_UPDATE_NOTIFIER": "1",
    "GH_SPINNER_DISABLED": "1",
    "NO_COLOR": "1",
    "LC_ALL": "C.UTF-8",
    # A program that asks every few seconds is no user whose habits are worth a second process each time.
    "GH_TELEMETRY": "false",
    "DO_NOT_TRACK": "1",
    # It lives for a fraction of a second: collecting garbage on all cores costs more than it gains.
    "GOMAXPROCS": "1",
    "GOGC": "off",
}
_NOISE = ("GH_DEBUG", "DEBUG", "GH_FORCE_TTY", "CLICOLOR_FORCE", "GH_PAGER", "PAGER", "GH_REPO")
_LOG_IN = "gh auth login"
_HEADERS = ("Accept: application/vnd.github+json", "X-GitHub-Api-Version: 2022-11-28")


class NoGh(Permanent):
    """There is no gh to be started, or it is not logged in: a person has to see to it."""


@dataclass(frozen=True, slots=True)
class Gh:
    """How to call gh. `host` "" is gh's own choice (GH_HOST, else github.com).

    `environment` replaces that of this process, for tests and for a second login. `timeout` is in seconds,
    for a whole request.
    """

    program: str = "gh"
    host: str = ""
    environment: Mapping[str, str] | None = None
    timeout: float = TIMEOUT_S

    def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        headers: Sequence[str] = (),
        tail: int = 0,
    ) -> Reply:
        """One request. The reply may be an error of the forge: that is for the caller to judge.

        `path` has no leading slash and no host. The body goes in by stdin. With `tail`, so many bytes of the
        end of a long answer are kept, and the reply is `cut`. Raises NoGh, and Temporary when no whole answer
        came (no connection, too slow, cut short).
        """
        argv = [self.program, "api", "-i", "--method", method]
        if self.host:
            argv += ["--hostname", self.host]
        for header in (*_HEADERS, *headers):
            argv += ["-H", header]
        data = None
        if body is not None:
            argv += ["--input", "-"]
            data = json.dumps(body).encode()
        # gh would put the names of the directory's repository in place of braces.
        ended = self._run([*argv, path.replace("{", "%7B").replace("}", "%7D")], data, tail)
        reply = read_reply(ended.out, cut=ended.cut)
        if reply is None:
            raise _unreached(method, path, ended)
        if ended.code != 0 and reply.ok:
            raise Temporary(
                "GitHub's answer was cut short",
                why=f"{ended.words} ({method} {_short(path)})",
                do="try again",
            )
        return reply

    def say(self, *args: str) -> str:
        """What gh prints for these arguments, without a request. Raises as `request`."""
        ended = self._run([self.program, *args], None, 0)
        return ended.out.decode("utf-8", "replace").strip()

    def _run(self, argv: list[str], data: bytes | None, tail: int) -> _Ended:
        with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as source:
            source.write(data or b"")
            source.seek(0)
            try:
                process = subprocess.Popen(
                    argv,
                    stdin=source,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    env=self._environment(),
                    cwd="/",
                    start_new_session=True,
                )
            except FileNotFoundError as error:
                raise NoGh(
                    "gh, the GitHub CLI, was not found",
                    why=f"there is no {self.program} on PATH",
                    do="install it (apt-get install gh, or cli.github.com), then: gh auth login",
                ) from error
            assert process.stdout is not None
            with process.stdout as stream:
                try:
                    out, cut = _read(stream, self.timeout, tail)
                    code = process.wait(self.timeout)
                except (TimeoutError, subprocess.TimeoutExpired) as error:
                    raise Temporary(
                        "GitHub did not answer in time", why=f"gh was ended after {self.timeout:g} s"
                    ) from error
                finally:
                    _end(process)
            errors.seek(0)
            words = errors.read(4096).decode("utf-8", "replace")
        return _Ended(code, out, " ".join(words.split())[:_WORDS], cut)

    def _environment(self) -> dict[str, str]:
        given = os.environ if self.environment is None else self.environment
        return {name: value for name, value in given.items() if name not in _NOISE} | _QUIET


@dataclass(frozen=True, slots=True)
class _Ended:
    code: int
    out: bytes
    words: str
    cut: bool


def _read(stream: IO[bytes], seconds: float, tail: int) -> tuple[bytes, bool]:
    """All that comes until its end; with `tail`, only the beginning (the headers) and the end of it."""
    deadline = time.monotonic() + seconds
    poll = select.poll()
    poll.register(stream, select.POLLIN | select.POLLHUP)
    head, rest, total = bytearray(), bytearray(), 0
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise TimeoutError
        chunk = os.read(stream.fileno(), _CHUNK)
        if not chunk:
            break
        total += len(chunk)
        if total > MOST_BYTES:
            raise Permanent("GitHub's answer is too long", why=f"it has more than {MOST_BYTES >> 20} MiB")
        if not tail or len(head) < _HEAD:
            head += chunk
            continue
        rest += chunk
        if len(rest) > 2 * tail + _CHUNK:
            del rest[:-tail]
    if not tail:
        return bytes(head), False
    kept = len(head) + len(rest)
    return bytes(head + rest[-tail:]), kept != total or len(rest) > tail


def _unreached(method: str, path: str, ended: _Ended) -> Permanent | Temporary:
    """No answer was printed: nobody is logged in, or the forge could not be reached."""
    words = ended.words or f"it ended with {ended.code} and no word"
    if ended.code == 4 or _LOG_IN in words:
        return NoGh("gh is not logged in", why=words, do=f"log in with: {_LOG_IN}")
    return Temporary("GitHub could not be reached", why=f"{words} ({method} {_short(path)})")


def _short(path: str) -> str:
    return path.partition("?")[0]


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill gh and what it started, if it still runs: it leads a session of its own."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
