"""Attest a merge: sign what led to it, and put that beside the commit and into the log."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace

from fleet.engine.parts import Parts
from fleet.model import events
from fleet.model.errors import Permanent
from fleet.model.event import Event
from fleet.model.state import Change, State, Wish
from fleet.policy.attest import statement
from fleet.policy.fact import fact
from fleet.ports.log import Log

_EARLIER_MS = 1_000  # what led to an instance was appended a moment before it started


async def attest(parts: Parts, state: State, wish: Wish) -> list[Event]:
    """The event with the signed statement."""
    change = state.changes[wish.args["change"]]
    seals = parts.seals
    if seals is None:
        raise Permanent("This watcher has no key to sign with")
    known, end = replace(change), state.seq
    instance = state.instances.get(change.instance)
    since = instance.started if instance is not None else change.opened

    def read() -> list[Event]:
        return [event for event in _since(parts.log, since - _EARLIER_MS) if event.seq <= end]

    loop = asyncio.get_running_loop()
    story = await loop.run_in_executor(parts.threads, read)
    said = statement(parts.fleet, state, known, story)

    def sign() -> dict[str, object]:
        if parts.ground(known.repo).mirror is not None:
            parts.ground(known.repo).base_sha()  # brings the merge commit here
        envelope = seals.attest(known.repo, known.merged, said)
        text = json.dumps(envelope, sort_keys=True, separators=(",", ":"))
        return {"digest": hashlib.sha256(text.encode()).hexdigest(), "envelope": dict(envelope)}

    found = await loop.run_in_executor(parts.threads, sign)
    data = _about(known) | {"key": seals.key} | found
    return [fact(events.CHANGE_ATTESTED, data, cause=wish.cause, story=known.instance)]


def unattested(change: Change, cause: str, error: str) -> Event:
    """That a merge has no attestation, and why."""
    return fact(events.CHANGE_ATTESTED, _about(change) | {"error": error}, cause=cause, story=change.instance)


def _about(change: Change) -> dict[str, object]:
    return {"change": change.id, "commit": change.merged, "repo": change.repo}


def _since(log: Log, time: int) -> Iterator[Event]:
    """The events from about this time on. Times never go backwards along the log, so it need not be read
    from its beginning.
    """
    low, high = 0, log.head().seq
    while low < high:
        middle = (low + high) // 2
        found = next(iter(log.read(middle, 1)), None)
        if found is None or found.time >= time:
            high = middle
        else:
            low = middle + 1
    return log.read(low)
