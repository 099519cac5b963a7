"""The two sides of the program that drives an agent by the Agent Client Protocol: lines in, records out."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any, Self

_LONGEST = 16 << 20  # bytes of a line of stdin
_MOST_SAID = 64


def tell(record: str, /, **more: Any) -> None:
    """Print one record. Its kind stands first, so that the last one is known by how it begins."""
    sys.stdout.write(json.dumps({"type": record, **more}) + "\n")
    sys.stdout.flush()


class Inbox:
    """What comes in: first what to do, then what a person says meanwhile."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._said: list[str] = []
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def on_stdin(cls) -> Self:
        """One that reads this process's stdin."""
        reader = asyncio.StreamReader(limit=_LONGEST)
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        return cls(reader)

    async def begin(self) -> dict[str, Any]:
        """The first line; from then on it listens."""
        found: dict[str, Any] = json.loads(await self._reader.readline())
        self._task = asyncio.create_task(self._listen())
        return found

    async def wait(self) -> None:
        """Until somebody has said something that was not taken yet."""
        await self._news.wait()

    def take(self) -> str:
        """All that was said since the last time; "" for nothing."""
        said, self._said = "\n".join(self._said), []
        self._news.clear()
        return said

    def put_back(self, text: str) -> None:
        """Say again what was taken and could not be passed on."""
        self._said.insert(0, text)
        self._news.set()

    async def closed(self) -> None:
        """Until nobody can say anything any more."""
        if self._task is not None:
            await asyncio.wait((self._task,))

    async def _listen(self) -> None:
        while line := await self._reader.readline():
            try:
                text = json.loads(line).get("text")
            except (ValueError, AttributeError):
                continue
            if isinstance(text, str) and text.strip() and len(self._said) < _MOST_SAID:
                self._said.append(text.strip())
                self._news.set()
