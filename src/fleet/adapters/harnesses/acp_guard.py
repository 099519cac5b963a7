"""Holds an agent that speaks the Agent Client Protocol to its rules, as far as it tells what it does.

What it asks for goes by the rules, and waits for a person where they say so. What it did without asking is
looked at as soon as it is told; where that is not allowed the agent is ended, since it can't be undone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fleet.adapters.harnesses.acp_rules import call_of, paths_of
from fleet.adapters.harnesses.hooked import Hook, Word, call_name

_UNCLEAR = "the agent does not tell what this call is about, so no rule can allow it"
_TOUCHED = 5000
_ENDED = "it used a tool without asking, and that is not allowed: {title} ({why})"


class Guard:
    """The rules of one run. `broken` is set, with the reason, when the agent has to be ended."""

    def __init__(self, hook: Sequence[str], seconds: int, workspace: Path) -> None:
        self._hook = Hook(hook, seconds)
        self._workspace = workspace
        self._said: dict[str, dict[str, Any]] = {}
        self._refused: set[str] = set()
        self._granted: set[tuple[str, str]] = set()
        self._kept_from: set[tuple[str, str]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._touches = 0
        self._held = 0
        self._news = asyncio.Event()
        self.broken: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    @property
    def holding(self) -> bool:
        """Whether a call waits for an answer."""
        return self._held > 0

    def decided(self) -> asyncio.Task[Any]:
        """Done once no call waits any more."""
        return asyncio.create_task(self._news.wait())

    async def asked(
        self, identity: str, kind: str, title: str, given: Mapping[str, Any], places: Sequence[str]
    ) -> Word:
        """Whether the agent may do what it asks for."""
        said = call_of(kind, title, given, places, self._workspace)
        if said is None:
            self._refused.add(identity)
            return Word(False, _UNCLEAR)
        word = await self._before(identity, said)
        if word.allowed:
            self._grant(kind, paths_of(given, places, self._workspace))
        return word

    def refuse(self, identity: str) -> None:
        """It was refused this call for another reason than its rules."""
        self._refused.add(identity)

    async def touches(self, kind: str, place: Path) -> Word:
        """Whether it may read or write this file by the protocol; once is enough for a file."""
        if (kind, str(place)) in self._granted:
            return Word(True, "")
        self._touches += 1
        said = call_of(kind, "", {}, [str(place)], self._workspace) or {}
        word = await self._before(f"file-{self._touches}", said)
        if word.allowed:
            self._grant(kind, [str(place)])
        elif len(self._kept_from) < _TOUCHED:
            self._kept_from.add((kind, str(place)))
        return word

    def back(self, identity: str, call: Mapping[str, Any], ok: bool) -> None:
        """A call came back: note that, and look at one that was never asked for."""
        if identity not in self._refused:
            task = asyncio.create_task(self._came_back(identity, call, ok))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def settled(self) -> None:
        """Until all that came back has been looked at."""
        while self._tasks and not self.broken.done():
            waits: list[asyncio.Future[Any]] = [*self._tasks, self.broken]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if self.broken.done():
            await asyncio.Event().wait()  # whoever waits for `broken` ends this

    async def _came_back(self, identity: str, call: Mapping[str, Any], ok: bool) -> None:
        kind, title, given, places = call["kind"], call["title"], call["input"] or {}, call["places"]
        if identity not in self._said:
            paths = paths_of(given, places, self._workspace)
            looked_at = self._granted if ok else self._granted | self._kept_from
            if paths and all((kind, self._real(path)) in looked_at for path in paths):
                return  # it went by us
            said = call_of(kind, title, given, places, self._workspace)
            word = await self._before(identity, said) if said is not None else Word(False, _UNCLEAR)
            if not word.allowed:
                if not self.broken.done():
                    self.broken.set_result(_ENDED.format(title=title or kind, why=word.why)[:500])
                return
        await self._hook.after(self._said[identity], ok)

    async def _before(self, identity: str, said: dict[str, Any]) -> Word:
        said = {**said, "tool_use_id": call_name(identity)}
        self._held += 1
        self._news.clear()
        try:
            word = await self._hook.before(said)
        finally:
            self._held -= 1
            if not self._held:
                self._news.set()
        if word.allowed:
            self._said[identity] = said
        else:
            self._refused.add(identity)
        return word

    def _grant(self, kind: str, paths: Sequence[str]) -> None:
        if len(self._granted) < _TOUCHED:
            self._granted |= {(kind, self._real(path)) for path in paths}

    def _real(self, path: str) -> str:
        return str(Path(path).resolve())
