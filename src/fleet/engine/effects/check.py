"""Run the operator's checks on the merge of a change into the base, in a workspace of its own.

Each check is a session like an agent's: it outlives the watcher, has a ceiling, and leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass
from shutil import which
from typing import Any

from fleet.engine.effects.merge import FLEET
from fleet.engine.ended import ended
from fleet.engine.environment import base_environment
from fleet.engine.parts import Ground, Parts
from fleet.engine.rooms import UNCONFINED, room_of, sandbox_of
from fleet.engine.said import last_words, mask_what_it_said
from fleet.engine.setup import set_up
from fleet.model import events
from fleet.model.errors import Temporary
from fleet.model.event import Event
from fleet.model.fleet import Check
from fleet.model.shell import program_of
from fleet.model.state import Change, State, Wish
from fleet.policy.fact import fact
from fleet.ports.sandbox import SIGNALS_FROM, Sandbox
from fleet.ports.session import Command, Exit

_BRANCH = "fleet/check"
_ATTEMPTS = 3
_NOT_FOUND = 127  # how a shell ends that did not find a program
_NOT_ITS_FAULT = ("shim killed", "shim failed", "host restarted", "disk full", "transcript failed", "stopped")
_FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP)
"""Ends that say nothing about the change (the machine may be out of memory): the check is run again."""


@dataclass(frozen=True, slots=True)
class _Place:
    """The merge result to check: where it lies, and on which base. With `conflicts` there is none."""

    workspace: str
    path: str
    base: str
    commit: str = ""
    conflicts: tuple[str, ...] = ()


async def check(parts: Parts, state: State, wish: Wish) -> list[Event]:
    """The event with every check's result, for this head on the base as it is now."""
    change, head = state.changes[wish.args["change"]], str(wish.args["head"])
    if not change.open or change.head != head:
        await _clear_away(parts, change, head)
        return []
    if any(name.startswith(f"check-{change.id}-") for name in parts.clearing):
        raise Temporary(f"#{change.id} can't be checked yet", why="an old workspace is being cleared away")
    # Two may be wanted, for the base as it was and as it is: each is made for the base of now, so in turn.
    async with parts.checking.setdefault(change.id, asyncio.Lock()):
        return await _checked(parts, state, wish, change)


async def _checked(parts: Parts, state: State, wish: Wish, change: Change) -> list[Event]:
    head, story = change.head, change.instance
    loop, ground = asyncio.get_running_loop(), parts.ground(change.repo)
    sandbox = await loop.run_in_executor(parts.threads, sandbox_of, parts, parts.fleet.sandbox)
    place = await loop.run_in_executor(parts.threads, _prepare, ground, change, head, wish.wanted)
    if place.conflicts:
        names = ", ".join(place.conflicts[:20])
        output = f"It conflicts with {change.base} in: {names}\nMerge {change.base} and resolve them."
        results: list[dict[str, Any]] = [
            {"name": "merge", "ok": False, "output": output, "ms": 0, "conflict": True}
        ]
    else:
        await set_up(parts, ground, place.path, place.commit, parts.fleet.sandbox)
        results = [
            await _run(parts, ground, sandbox, place, each, f"c{change.id}-{head[:12]}-{place.base[:12]}")
            for each in parts.fleet.checks
        ]
        await loop.run_in_executor(
            parts.threads, parts.ground(change.repo).workspaces.discard, place.workspace
        )
    data = {
        "change": change.id,
        "head": head,
        "base": place.base,
        "ok": all(each["ok"] for each in results),
        "error": "; ".join(each.pop("error") for each in results if "error" in each),
        "results": results,
        "sandbox": sandbox.name if sandbox else UNCONFINED,
    }
    facts = [fact(events.CHANGE_CHECKED, data, cause=wish.cause, story=story)]
    if place.base != state.base_of(change.repo):
        facts.insert(
            0, fact(events.BASE_SEEN, {"sha": place.base, "repo": change.repo}, cause=wish.cause, story=story)
        )
    return facts


def _prepare(ground: Ground, change: Change, head: str, when_ms: int) -> _Place:
    base = ground.base_sha()
    ground.bring(change.branch, head)
    made = ground.repository.make_merge_commit(
        base, head, message=f"Check #{change.id}\n", author=FLEET, when_ms=when_ms
    )
    name = f"check-{change.id}-{head[:12]}-{base[:12]}"
    if made.commit is None:
        return _Place(name, "", base, conflicts=made.conflicts or ("(git names no file)",))
    if ground.workspaces.exists(name):  # from before a restart: a check may be at work in it
        return _Place(name, str(ground.workspaces.path(name)), base, made.commit)
    path = ground.workspaces.prepare(
        name,
        start=made.commit,
        branch=_BRANCH,
        base_name=change.base,
        base_sha=base,
        author_name=FLEET.name,
        author_email=FLEET.email,
    )
    return _Place(name, str(path), base, made.commit)


async def _clear_away(parts: Parts, change: Change, head: str) -> None:
    """End what a watcher before this one has left of checks that nobody wants any more."""
    loop, workspaces = asyncio.get_running_loop(), parts.ground(change.repo).workspaces
    for key in await loop.run_in_executor(parts.threads, parts.sessions.keys):
        if key.startswith(f"c{change.id}-{head[:12]}-"):
            await loop.run_in_executor(parts.threads, parts.sessions.stop, key, "not wanted")
            await ended(parts, key)
    for name in await loop.run_in_executor(parts.threads, workspaces.ids):
        if name.startswith(f"check-{change.id}-{head[:12]}-"):
            await loop.run_in_executor(parts.threads, workspaces.discard, name)


async def _run(
    parts: Parts, ground: Ground, sandbox: Sandbox | None, place: _Place, each: Check, prefix: str
) -> dict[str, Any]:
    env = base_environment(parts) | {"CI": "true"}
    argv: tuple[str, ...] = ("sh", "-c", each.command)
    if sandbox is not None:
        argv = sandbox.wrap(argv, room_of(parts, ground, place.path, parts.fleet.sandbox, env["PATH"]))
    command = Command(
        argv=argv,
        env=env,
        cwd=place.path,
        seconds=max(1, each.time_ms // 1000),
        grace_seconds=2.0,
        signals_from=SIGNALS_FROM if sandbox else 0,
    )
    loop = asyncio.get_running_loop()
    attempt = 1
    while True:
        key = f"{prefix}-{each.name}" + (f"-{attempt}" if attempt > 1 else "")
        await loop.run_in_executor(parts.threads, parts.sessions.start, key, command)
        found = await ended(parts, key)
        output = await loop.run_in_executor(parts.threads, last_words, parts, key)
        await loop.run_in_executor(parts.threads, mask_what_it_said, parts, key)
        if not _came_from_outside(found) or attempt == _ATTEMPTS:
            break
        attempt += 1
    ok = found.reason == "exited" and found.code == 0
    note = "" if ok else f"\n[{_how(found, each)}]"
    result: dict[str, Any] = {
        "name": each.name,
        "ok": ok,
        "output": output + note,
        "ms": max(0, found.ended - found.started),
    }
    program = program_of(each.command)
    if found.code == _NOT_FOUND and program and which(program, path=str(command.env.get("PATH", ""))) is None:
        result["error"] = f"{each.name} needs {program}, and there is none on the PATH of the watcher"
    return result


def _came_from_outside(found: Exit) -> bool:
    return found.reason in _NOT_ITS_FAULT or (found.reason == "exited" and found.signal in _FROM_OUTSIDE)


def _how(found: Exit, each: Check) -> str:
    if found.reason == "ceiling":
        return f"it was ended after {each.time_ms / 1000:g} s"
    if found.reason != "exited":
        return f"{found.reason}: {found.error}"
    return (
        f"it was ended by signal {found.signal}" if found.signal else f"it ended with exit code {found.code}"
    )
