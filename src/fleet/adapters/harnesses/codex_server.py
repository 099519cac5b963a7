"""Talking to Codex's app server: JSON-RPC, one message a line, over its stdin and stdout."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Params: TypeAlias = Mapping[str, Any]

LONGEST = 64 << 20
"""Bytes of one message."""


class ServerError(Exception):
    """The server refused a request, or what it says is no answer. The text says why."""


class CodexServer:
    """One server process. `told` gets each notification, `asked` each request, whose result it gives."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        told: Callable[[str, Params], None],
        asked: Callable[[str, Params], Params],
    ) -> None:
        self._process = process
        self._told, self._asked = told, asked
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._count = 0

    async def listen(self) -> None:
        """Read what it says until it is gone. Whoever still waits for an answer is told so."""
        out = self._process.stdout
        assert out is not None
        try:
            while line := await out.readline():
                self._heard(line)
        except ValueError:  # a line that is too long
            pass
        finally:
            for each in self._waiting.values():
                if not each.done():
                    each.set_exception(ConnectionError("Codex is gone"))

    async def ask(self, method: str, params: Params) -> dict[str, Any]:
        """Its answer. Raises `ServerError` when it refuses, `ConnectionError` when it is gone."""
        self._count += 1
        number = self._count
        self._waiting[number] = asyncio.get_running_loop().create_future()
        self.say({"id": number, "method": method, "params": params})
        try:
            found = await self._waiting[number]
        finally:
            del self._waiting[number]
        return found if isinstance(found, dict) else {}

    def say(self, message: Params) -> None:
        """Send a message that needs no answer."""
        pipe = self._process.stdin
        assert pipe is not None
        pipe.write(json.dumps(message).encode() + b"\n")

    def _heard(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            return
        if not isinstance(message, dict):
            return
        method, params = message.get("method"), message.get("params")
        params = params if isinstance(params, dict) else {}
        if isinstance(method, str) and "id" in message:
            self.say({"id": message["id"], "result": self._asked(method, params)})
        elif isinstance(method, str):
            self._told(method, params)
        elif (found := self._waiting.get(message.get("id", 0))) and not found.done():
            error = message.get("error")
            if isinstance(error, dict):
                found.set_exception(ServerError(str(error.get("message", "it gave no reason"))))
            else:
                found.set_result(message.get("result"))
