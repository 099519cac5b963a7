"""Asking a forge what has happened: one poller for the whole fleet, as seldom as the forge and the work
allow.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fleet.engine.journal import Journal
from fleet.engine.parts import Parts
from fleet.model.errors import FleetError, Temporary
from fleet.ports.forge import Forge

_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 300.0  # seconds, after answers that failed

logger = logging.getLogger("fleet.engine")


class Poller:
    """Polls every repository of the forge, each in a task of its own. `folder` keeps the cursors."""

    def __init__(self, parts: Parts, journal: Journal, forge: Forge, folder: Path) -> None:
        self._parts = parts
        self._journal = journal
        self._forge = forge
        self._folder = folder
        self._tasks: list[asyncio.Task[None]] = []
        self._asked: dict[str, int] = {}  # repository → how often it was asked with success

    def begin(self) -> None:
        """Start polling."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for repo in self._parts.grounds:
            self._tasks.append(asyncio.create_task(self._poll(repo), name=f"poll {repo}"))

    async def end(self) -> None:
        """Ask no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def has_looked(self) -> bool:
        """Whether every repository was asked since the start: before that nobody knows that nothing is to be
        done.
        """
        return all(self._asked.get(repo) for repo in self._parts.grounds)

    async def _poll(self, repo: str) -> None:
        cursor, failures = self._cursor(repo), 0
        loop = asyncio.get_running_loop()
        while True:
            try:
                found = await loop.run_in_executor(
                    self._parts.threads, self._forge.poll, repo, cursor, self._open(repo)
                )
                await self._journal.record(found.facts)
                cursor, failures = found.cursor, 0
                self._keep(repo, cursor)
                self._asked[repo] = self._asked.get(repo, 0) + 1
                self._journal.wake.set()
                pause, problem = max(0.0, (found.next_ms - self._parts.clock()) / 1000), ""
            except FleetError as error:
                failures += 1
                pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(failures - 1, 10))
                if isinstance(error, Temporary) and error.delay_ms:
                    pause = error.delay_ms / 1000
                problem = str(error)
                logger.warning("%s can't be polled: %s", repo, error)
            self._note(repo, self._parts.clock() + int(pause * 1000), problem)
            await asyncio.sleep(pause)

    def _open(self, repo: str) -> list[int]:
        """The numbers there of what the log takes for open: while a cursor was lost it may have ended."""
        state = self._journal.state
        refs = [each.ref for each in state.changes.values() if each.open and each.repo == repo]
        items = (state.items.get(state.instances[name].item) for name in state.active)
        refs += [item.ref for item in items if item is not None and item.repo == repo and item.open]
        return [int(ref.rpartition("#")[2]) for ref in refs if ref]

    def _file(self, repo: str, kind: str) -> Path:
        return self._folder / f"{repo.replace('/', '+')}.{kind}.json"

    def _cursor(self, repo: str) -> Mapping[str, Any]:
        """Where it was; a lost cursor only means that what is known already is told again."""
        try:
            found = json.loads(self._file(repo, "cursor").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _keep(self, repo: str, cursor: Mapping[str, Any]) -> None:
        self._write(self._file(repo, "cursor"), dict(cursor))

    def _note(self, repo: str, next_ms: int, problem: str) -> None:
        """What is left of the quota, and how it went, for those who look."""
        quota = self._forge.quota()
        about = {
            "repo": repo,
            "next": next_ms,
            "error": problem,
            "remaining": quota.remaining,
            "limit": quota.limit,
            "resets": quota.resets_ms,
            "paused_until": quota.paused_until,
            "counted": quota.counted,
            "free": quota.free,
        }
        self._write(self._file(repo, "quota"), about)

    @staticmethod
    def _write(path: Path, data: dict[str, Any]) -> None:
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(data), encoding="utf-8")
        draft.replace(path)
