"""One request of `fleet agent` over the gateway's socket, with patience for a watcher that restarts."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any

from fleet.gateway.client import ask
from fleet.model.errors import FleetError, UsageError, WatcherDown

_WAIT_SECONDS = 60.0
_ANSWER_SECONDS = 30.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0


def call(verb: str, args: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Send the request and return the answer.

    A socket that is missing or closed, an answer that breaks off and status 503 are tried again, under the
    same key, for FLEET_WAIT seconds (60). Raises `UsageError` outside a session, `FleetError` when refused
    and `WatcherDown` when there was no answer in time.
    """
    socket_path, token = _session(environment)
    wait = _wait_seconds(environment)
    body = json.dumps(args).encode()
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Idempotency-Key": os.urandom(12).hex(),
    }
    until = time.monotonic() + wait
    pause = _FIRST_PAUSE
    while True:
        patience = min(_ANSWER_SECONDS, max(1.0, until - time.monotonic()))
        try:
            status, answer = ask(socket_path, "POST", f"/agent/{verb}", body, headers, patience)
        except (OSError, HTTPException) as error:
            problem = (
                f"{socket_path}: {getattr(error, 'strerror', None) or str(error) or type(error).__name__}"
            )
        else:
            if status != 503:
                return _judged(status, answer)
            problem = str(answer.get("why") or answer.get("message") or "it is busy")
        if time.monotonic() + pause > until:
            raise WatcherDown(
                "The watcher does not answer",
                why=f"{problem}, for {wait:g} seconds",
                do="Go on with your work and try again later; a person can run: fleet watcher status",
            )
        time.sleep(
            pause
        )  # nothing tells a client that a socket is served again, so it looks, ever less often
        pause = min(pause * 2, _LONGEST_PAUSE)


def _judged(status: int, answer: dict[str, Any]) -> dict[str, Any]:
    if status == 200 and answer.get("ok"):
        return answer
    what, why, do = (str(answer.get(name) or "") for name in ("message", "why", "do"))
    raise FleetError(what or f"The watcher answered with status {status}", why=why, do=do)


def _session(environment: Mapping[str, str]) -> tuple[str, str]:
    socket_path, token = environment.get("FLEET_SOCKET", ""), environment.get("FLEET_TOKEN", "")
    if not socket_path or not token:
        raise UsageError(
            "This is no agent's session",
            why="FLEET_SOCKET and FLEET_TOKEN are not set, as they are where Fleet starts an agent",
            do="People use fleet approve, fleet issue, fleet emit and so on; see fleet --help.",
        )
    return socket_path, token


def _wait_seconds(environment: Mapping[str, str]) -> float:
    text = environment.get("FLEET_WAIT", "")
    try:
        seconds = float(text) if text else _WAIT_SECONDS
    except ValueError as error:
        raise UsageError(f"FLEET_WAIT is {text!r}", do="Give a number of seconds.") from error
    return seconds if 0 <= seconds < 86_400 else _WAIT_SECONDS
