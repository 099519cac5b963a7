"""After a start: what the log says is compared with what is there, and the difference is mended."""

from __future__ import annotations

import asyncio
import logging
import os
import re
from importlib.metadata import PackageNotFoundError, version

from fleet.engine.journal import Journal
from fleet.engine.observe import Observer
from fleet.engine.parts import Parts
from fleet.model import events
from fleet.model.errors import FleetError
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import State

_CHECK = re.compile(r"c([0-9]+)-")

logger = logging.getLogger("fleet.engine")


async def recover(parts: Parts, journal: Journal, observer: Observer, *, step: bool) -> None:
    """Say that this watcher begins and with which configuration, finish a merge that was cut off, adopt live
    sessions, and end those that nobody wants.
    """
    loop = asyncio.get_running_loop()
    await journal.write([*_configured(parts.fleet, journal), _started(parts, step=step)])
    for ground in parts.grounds.values():
        if ground.mirror is None:  # a mirror has no checkout that could be half-way through a merge
            await loop.run_in_executor(parts.threads, ground.repository.recover)
    alive = await alive_sessions(parts)
    await clear_terminals(parts, alive)
    for name in list(journal.state.moving):
        observer.follow(name)
    for key in alive:
        if not _is_wanted(journal.state, key):
            await loop.run_in_executor(parts.threads, parts.sessions.stop, key, "not wanted")


def _is_wanted(state: State, key: str) -> bool:
    """Whether anybody waits for this session: a run that lives, or a check that is wanted."""
    check = _CHECK.match(key)
    if check is not None:
        return any(
            wish.kind == "check" and str(wish.args.get("change")) == check[1]
            for wish in state.wishes.values()
        )
    run = state.runs.get(key)
    return run is None or run.live


async def clear_terminals(parts: Parts, alive: list[str]) -> None:
    """Leave no terminal but those of live sessions."""
    try:
        await asyncio.get_running_loop().run_in_executor(parts.threads, parts.terminal.clear, alive)
    except (FleetError, OSError) as error:  # it harms no run
        logger.warning("terminals can't be cleared: %s", error)


async def alive_sessions(parts: Parts) -> list[str]:
    """The keys of sessions that run. What is left of others whose supervisor was killed is ended."""
    return await asyncio.get_running_loop().run_in_executor(parts.threads, _alive, parts)


def _alive(parts: Parts) -> list[str]:
    sessions = parts.sessions
    return [key for key in sessions.keys() if sessions.exit(key) is None and sessions.alive(key)]  # noqa: SIM118


def _configured(fleet: Fleet, journal: Journal) -> list[Event]:
    """The configuration, when it is another one than the log knows."""
    if journal.state.config == fleet.digest:
        return []
    triggers = {
        trigger.event
        for workflow in fleet.workflows
        for trigger in workflow.triggers
        if trigger.kind == "event"
    }
    schedules = [
        workflow.name
        for workflow in fleet.workflows
        if any(trigger.kind == "schedule" for trigger in workflow.triggers)
    ]
    data = {"digest": fleet.digest, "triggers": sorted(triggers), "schedules": schedules}
    return [Event(events.CONFIG_LOADED, data, source="fleet/watcher")]


def _started(parts: Parts, *, step: bool) -> Event:
    try:
        running = version("fleet")
    except PackageNotFoundError:
        running = "(not installed)"
    data: dict[str, object] = {"pid": os.getpid(), "version": running, "step": step}
    if parts.seals is not None:
        data["key"] = parts.seals.key
    return Event(events.WATCHER_STARTED, data, source="fleet/watcher")
