"""Merge a change: exactly the head that the gate was open for, into the base that it was checked on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial

from fleet.engine.effects.asked import as_of_now
from fleet.engine.parts import Ground, Parts
from fleet.model import events
from fleet.model.errors import Temporary
from fleet.model.event import Event
from fleet.model.state import Change, State, Wish
from fleet.policy.fact import fact
from fleet.policy.gate import requirements
from fleet.policy.show import OPEN, STATUS
from fleet.ports.repository import Author, Blocked, Merged

FLEET = Author("Fleet", "fleet@fleet.invalid")
_HELD_PAUSE_MS = 5_000
_SOON_MS = 1_000


@dataclass(frozen=True, slots=True)
class _Pushed:
    """Somebody has pushed to the branch: it has this head now."""

    head: str


@dataclass(frozen=True, slots=True)
class _Protected:
    """The forge's own rules do not allow the merge; why, in its words."""

    reason: str


async def merge(parts: Parts, state: State, wish: Wish) -> list[Event]:
    """The merge, or why it is held. Raises `Temporary` while it waits for the user's checkout."""
    change, head = state.changes[wish.args["change"]], str(wish.args["head"])
    ground = parts.ground(change.repo)
    gate = requirements(parts.fleet, as_of_now(parts, state), change)
    if change.head != head or not change.open or not all(each["met"] for each in gate):
        return []  # it was answered otherwise meanwhile: the rules decide anew
    work = partial(
        _merge_there if change.ref else _merge_here, parts, ground, change, wish, message_of(change)
    )
    found = await asyncio.get_running_loop().run_in_executor(parts.threads, work)
    if isinstance(found, Merged):
        data = {"change": change.id, "item": change.item, "head": head, "sha": found.sha, "base": found.sha}
        return [fact(events.CHANGE_MERGED, data, cause=wish.cause, story=change.instance)]
    return await _blocked(parts, ground, change, wish, found)


def _merge_here(parts: Parts, ground: Ground, change: Change, wish: Wish, message: str) -> Merged | Blocked:
    """Merge in the repository itself."""
    del parts
    return ground.repository.merge(
        change.head,
        expected_base=str(wish.args["base"]) or ground.base_sha(),
        message=message,
        author=FLEET,
        when_ms=wish.wanted,
    )


def _merge_there(
    parts: Parts, ground: Ground, change: Change, wish: Wish, message: str
) -> Merged | Blocked | _Pushed | _Protected:
    """Merge on the forge, which takes the head that it has to be. That the base is the one that was checked
    is looked at just before: a forge has no way to ask for that.
    """
    assert parts.forge is not None
    base = str(wish.args["base"])
    number = int(change.ref.rpartition("#")[2])
    if base and ground.base_sha() != base:
        there = parts.forge.pull_request(change.repo, number)
        if there.merged and there.head == change.head:  # the base moved by this very merge, before a crash
            return Merged(there.merged, already=True)
        return Blocked("moved", f"{change.base} has moved on")
    if STATUS in change.guard.get("checks", ()):
        parts.forge.status(change.repo, change.head, name=STATUS, state="success", text=OPEN)
    title, _, text = message.partition("\n")
    found = parts.forge.merge(
        change.repo,
        number,
        head=change.head,
        method=parts.fleet.merge_method,
        title=title,
        message=text.strip(),
    )
    if isinstance(found, str):
        ground.base_sha()
        return Merged(found)
    if found.kind == "moved":
        head = parts.forge.pull_request(change.repo, number).head
        return _Pushed(head) if head != change.head else Blocked("busy", found.reason)
    if found.kind in ("conflict", "behind"):
        paths = ground.repository.merge_tree(ground.base_sha(), change.head).conflicts
        return Blocked("conflict", f"{found.reason} Merge {change.base} into it.", paths)
    if found.kind == "protected" and STATUS in found.reason:  # an older one came in between
        raise Temporary("The forge does not merge yet", why=found.reason, delay_ms=_SOON_MS)
    return _Protected(found.reason) if found.kind == "protected" else Blocked("busy", found.reason)


async def _blocked(
    parts: Parts, ground: Ground, change: Change, wish: Wish, found: Blocked | _Pushed | _Protected
) -> list[Event]:
    if isinstance(found, _Pushed):
        seen = {"change": change.id, "head": found.head, "was": change.head}
        return [fact(events.CHANGE_HEAD_SEEN, seen, cause=wish.cause, story=change.instance)]
    if isinstance(found, _Protected):
        times = int(change.held.get("times", 0)) + 1 if change.held.get("kind") == "protected" else 1
        told = {"change": change.id, "head": change.head, "kind": "protected", "times": times}
        reason = f"the forge does not merge it yet: {found.reason}"
        told |= {"reason": reason, "paths": []}
        return [fact(events.CHANGE_HELD, told, cause=wish.cause, story=change.instance)]
    if found.kind == "moved":
        sha = await asyncio.get_running_loop().run_in_executor(parts.threads, ground.base_sha)
        return [
            fact(events.BASE_SEEN, {"sha": sha, "repo": change.repo}, cause=wish.cause, story=change.instance)
        ]
    data = {
        "change": change.id,
        "head": change.head,
        "kind": found.kind,
        "reason": found.reason,
        "paths": list(found.paths),
    }
    held = fact(events.CHANGE_HELD, data, cause=wish.cause, story=change.instance)
    if found.kind == "conflict":
        return [held]
    known = change.held.get("kind") == found.kind and change.held.get("reason") == found.reason
    raise Held(found.reason, [] if known else [held])


class Held(Temporary):
    """The merge waits for a person's checkout. `events` tell of it, where nothing has told yet."""

    def __init__(self, reason: str, told: list[Event]) -> None:
        super().__init__("The merge waits", why=reason, delay_ms=_HELD_PAUSE_MS)
        self.events = told


def message_of(change: Change) -> str:
    """The merge commit's text, with trailers that lead back into the log."""
    latest = {each["by"]: each for each in change.reviews if each["head"] == change.head}
    lines = [f"Merge #{change.id}: {_line(change.title)}", ""]
    if change.body.strip():
        lines += [change.body.strip(), ""]
    lines += [f"Fleet-Change: {change.id}", f"Fleet-Item: {change.item}", f"Fleet-Head: {change.head}"]
    lines += [f"Fleet-Author: {change.author}"]
    lines += [f"Fleet-Reviewed-by: {by}" for by, each in latest.items() if each["verdict"] == "approve"]
    lines += [f"Fleet-Approved-by: {by}" for by in dict.fromkeys(change.approved_by)]
    return "\n".join(lines) + "\n"


def _line(text: str) -> str:
    return " ".join(text.split())[:120]
